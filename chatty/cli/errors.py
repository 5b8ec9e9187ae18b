"""An error as the command line says it: one line for people, one object for scripts, one exit code.

There is no error class of its own here: commands raise ``ProtocolError`` as the server does, so
that a mistake found before the wire and one found behind it look the same.

    ProtocolError           refused or failed: one line, the code of its type
    Leave                   stop now with this code; everything has been said
    anything else           a bug: a report id, the traceback in the state directory
"""

from typing import Any

from chatty.cli.exit_codes import ExitCode, exit_code
from chatty.cli.output.streams import write_note
from chatty.protocol.errors import ProtocolError


class Leave(Exception):
    """End with this code; whatever there was to say has been said."""

    def __init__(self, code: ExitCode) -> None:
        super().__init__(code)
        self.code = code


_NEXT_STEPS = {
    "invalid_params/model_ambiguous": "choose one with: chatty config set model PROVIDER/MODEL",
    "provider/auth": "check the key with: chatty providers test NAME",
    "provider/key_missing": "add one with: chatty providers add NAME",
    "provider/model_unknown": "see what there is with: chatty models list",
    "storage/keyring_unavailable": "the file is: chatty providers add NAME --keep-in file",
    "connection": "see what is wrong with: chatty doctor",
    "storage": "see what is wrong with: chatty doctor",
}
"""Error type or family -> what to do next, for errors whose own sentence does not say it."""


def usage_error(message: str) -> ProtocolError:
    """Return the error of a command that was called wrongly."""
    return ProtocolError("invalid_params/usage", message)


def error_object(error: ProtocolError) -> dict[str, Any]:
    """Return ``{type, message, retryable, retry_after_ms?, details?}``."""
    facts = error.to_data()
    return {"type": facts.pop("type"), "message": error.message, **facts}


def error_from_object(value: dict[str, Any]) -> ProtocolError:
    """Read the error kept with a run: ``{type, message, retryable, …}``; unknown members are ignored."""
    return ProtocolError.from_wire({"message": value.get("message", "the run failed"), "data": value})


def error_line(error: ProtocolError) -> str:
    """Return the one line: what happened, what is safe, what to do next."""
    # The sentence may quote a provider, a file or a name: foreign text.
    from chatty.rendering.sanitizer import sanitize

    line = f"chatty: {sanitize(error.message, multiline=False).strip()}"
    next_step = _NEXT_STEPS.get(error.type) or _NEXT_STEPS.get(error.family)
    if next_step and "chatty " not in error.message:
        return f"{line} ({next_step})"
    if error.retryable and "again" not in error.message:
        return f"{line} (trying again may help)"
    return line


def report(error: ProtocolError, *, as_json: bool) -> ExitCode:
    """Say the error, as a line or as the one object, and return its exit code."""
    if as_json:
        from chatty.cli.output.json import print_json

        print_json({"error": error_object(error)})
    else:
        write_note(error_line(error))
    return exit_code(error.type)
