"""Errors as they cross the wire: a stable type, a coarse number, a sentence, and facts.

    ProtocolError
    └── one class only: callers tell errors apart by ``type``, which is public API; wording is not

It imports nothing: one-shot commands load this module, and the dataclasses of the standard library
alone would cost them 10 ms. It does not translate anybody's exceptions; each seam does that where a
foreign error enters.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final


class ErrorFamily:
    """What all error types with one first word share.

    Attributes:
        code: the JSON-RPC number; coarse on purpose, programs look at ``type``.
        http_status: the status of the same failure over HTTP (RFC 9110).
        retryable: whether trying the same request again may succeed, unless the error itself says
            otherwise.
    """

    __slots__ = ("code", "http_status", "retryable")

    def __init__(self, code: int, http_status: int, retryable: bool) -> None:
        self.code = code
        self.http_status = http_status
        self.retryable = retryable


FAMILIES: Final[Mapping[str, ErrorFamily]] = {
    "parse": ErrorFamily(-32700, 400, False),
    "invalid_request": ErrorFamily(-32600, 400, False),
    "method_not_found": ErrorFamily(-32601, 404, False),
    "invalid_params": ErrorFamily(-32602, 422, False),
    "internal": ErrorFamily(-32603, 500, False),
    "not_initialized": ErrorFamily(-32000, 426, False),
    "protocol_unsupported": ErrorFamily(-32000, 426, False),
    "unauthenticated": ErrorFamily(-32001, 401, False),
    "forbidden": ErrorFamily(-32002, 403, False),
    "not_found": ErrorFamily(-32003, 404, False),
    "conflict": ErrorFamily(-32004, 409, False),
    "rate_limited": ErrorFamily(-32005, 429, True),
    "overloaded": ErrorFamily(-32006, 503, True),
    "unavailable": ErrorFamily(-32006, 503, True),
    "too_large": ErrorFamily(-32007, 413, False),
    "quota_exceeded": ErrorFamily(-32008, 402, False),
    "capability_missing": ErrorFamily(-32009, 501, False),
    "cursor_expired": ErrorFamily(-32010, 410, False),
    "provider": ErrorFamily(-32011, 502, False),
    "storage": ErrorFamily(-32013, 507, False),
    "cancelled": ErrorFamily(-32800, 499, False),
    "connection": ErrorFamily(-32006, 503, True),
    "timeout": ErrorFamily(-32006, 504, True),
}
"""First word of an error type -> its family. ``connection`` and ``timeout`` are made by clients only."""

INTERNAL: Final = ErrorFamily(-32603, 500, False)
"""What an unknown first word is taken for: a newer peer may know more types than we do."""


def family_of(error_type: str) -> ErrorFamily:
    """Return the family of an error type such as ``conflict/parent_moved``; unknown ones are internal."""
    return FAMILIES.get(error_type.partition("/")[0], INTERNAL)


class ProtocolError(Exception):
    """A request that was refused or failed, in the words both sides share.

    Attributes:
        type: stable machine name, ``family`` or ``family/detail``, for example ``conflict/version``.
        message: one sentence for a person: what happened, what is safe, what to do next.
        retryable: whether the same request may succeed later.
        retry_after_ms: how long to wait before that, in milliseconds, when somebody said.
        details: further facts by name; never secrets, never prompt text.
    """

    def __init__(
        self,
        error_type: str,
        message: str,
        *,
        retryable: bool | None = None,
        retry_after_ms: int | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.type = error_type
        self.message = message
        self.retryable = family_of(error_type).retryable if retryable is None else retryable
        self.retry_after_ms = retry_after_ms
        self.details: dict[str, Any] = dict(details or {})

    @property
    def code(self) -> int:
        """The JSON-RPC number of the error's family."""
        return family_of(self.type).code

    @property
    def family(self) -> str:
        """The first word of the type."""
        return self.type.partition("/")[0]

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON-RPC error object: ``{code, message, data: {type, retryable, …}}``."""
        return {"code": self.code, "message": self.message, "data": self.to_data()}

    def to_data(self) -> dict[str, Any]:
        """Return ``{type, retryable, retry_after_ms?, details?}``, as also kept with a failed run."""
        data: dict[str, Any] = {"type": self.type, "retryable": self.retryable}
        if self.retry_after_ms is not None:
            data["retry_after_ms"] = self.retry_after_ms
        if self.details:
            data["details"] = self.details
        return data

    @classmethod
    def from_wire(cls, error: Mapping[str, Any]) -> ProtocolError:
        """Read a JSON-RPC error object; members that are absent or of a newer kind are tolerated."""
        data = error.get("data")
        facts: Mapping[str, Any] = data if isinstance(data, dict) else {}
        pause, details = facts.get("retry_after_ms"), facts.get("details")
        return cls(
            str(facts.get("type", "internal")),
            str(error.get("message", "the server did not say what went wrong")),
            retryable=bool(facts.get("retryable", False)),
            retry_after_ms=pause if isinstance(pause, int) else None,
            details=details if isinstance(details, dict) else None,
        )
