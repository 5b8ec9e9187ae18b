"""What one check found."""

from dataclasses import dataclass
from typing import Any, Literal

from chatty.cli.exit_codes import ExitCode

Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    id: str
    """A stable word: ``python``, ``server``, …"""
    status: Status
    detail: str
    """What is the case."""
    fix: str | None = None
    """What to do; ``None`` when nothing needs doing."""
    code: ExitCode = ExitCode.DONE
    """How the command ends when this failed."""

    def to_json(self) -> dict[str, Any]:
        """Return ``{id, status, detail, fix}``."""
        return {"id": self.id, "status": self.status, "detail": self.detail, "fix": self.fix}


def ok(check: str, detail: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(check, "ok", detail)


def warning(check: str, detail: str, fix: str) -> Finding:
    """Return a finding that is worth knowing and stops nothing."""
    return Finding(check, "warning", detail, fix)


def failed(check: str, detail: str, fix: str, code: ExitCode) -> Finding:
    """Return a finding that keeps chatty from working."""
    return Finding(check, "failed", detail, fix, code)
