"""What happens to an unexpected error: an id on the screen, the traceback in a file of the owner.

The file holds file names, line numbers and exception types. Messages are left out: they may quote a
prompt or a key.
"""

import os
import secrets
import traceback

from chatty.cli.exit_codes import ExitCode
from chatty.cli.failures import ErrorForm, say_failure
from chatty.protocol.errors import ProtocolError


def report_bug(error: Exception, form: ErrorForm) -> ExitCode:
    """Save the traceback, say where it is, and return the exit code of a bug."""
    report_id = secrets.token_hex(4)
    path = _save(report_id, describe(error))
    place = f"the traceback is in {path}" if path else "the traceback could not be saved"
    said = ProtocolError(
        "internal/bug",
        f"unexpected error {type(error).__name__}, report {report_id}; "
        f"conversations are not affected; {place}; --debug prints it",
        details={"report_id": report_id},
    )
    return say_failure(said, form)


def describe(error: BaseException) -> str:
    """Return the chain of tracebacks without the messages of the exceptions."""
    chain: list[str] = []
    link: BaseException | None = error
    while link is not None:
        chain.append("".join(traceback.format_tb(link.__traceback__)) + type(link).__qualname__ + "\n")
        link = link.__cause__ or link.__context__
    return "\ncaused:\n\n".join(reversed(chain))


def _save(report_id: str, text: str) -> str | None:
    from chatty.client.locations import Locations
    from chatty.client.private import ensure_private_directory

    try:
        directory = os.path.join(Locations.from_environment(os.environ).state_dir, "reports")
        ensure_private_directory(directory)
        path = os.path.join(directory, f"{report_id}.txt")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except (OSError, ProtocolError):
        return None
    return path
