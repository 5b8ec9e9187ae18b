"""An error as the command line says it: one line for people, one object for scripts.

There is no error class of its own here: commands raise ``ProtocolError`` as the server does, so
that a mistake found before the wire and one found behind it look the same.

    ProtocolError           refused or failed: one line, the code of its type
    Leave                   stop now with this code; everything has been said
    anything else           a bug: a report id, the traceback in the state directory
"""

from typing import Any

from chatty.cli.exit_codes import ExitCode
from chatty.protocol.errors import ProtocolError


class Leave(Exception):
    """End with this code; whatever there was to say has been said."""

    def __init__(self, code: ExitCode) -> None:
        super().__init__(code)
        self.code = code


_NEXT_STEPS = {
    "conflict/name_taken": "choose another name",
    "invalid_params/model_ambiguous": "choose one with: chatty config set model PROVIDER/MODEL",
    "provider/auth": "check the key with: chatty providers test NAME",
    "provider/key_missing": "add one with: chatty providers add NAME",
    "provider/model_unknown": "see what there is with: chatty models list",
    "storage/keyring_unavailable": "that is: chatty providers add NAME --keep-in file",
    "storage/output": "make room, or write elsewhere",
    "connection": "see what is wrong with: chatty doctor",
    "storage": "see what is wrong with: chatty doctor",
}
"""Error type or family -> what to do next, for errors whose own sentence does not say it."""

_LISTINGS = {
    "conversation": "chatty chats list",
    "project": "chatty projects list",
    "prompt": "chatty prompts list",
}
"""Kind of a thing that is not there -> what lists those that are."""


def usage_error(message: str) -> ProtocolError:
    """Return the error of a command that was called wrongly."""
    return ProtocolError("invalid_params/usage", message)


def refuse_empty(option: str, value: str | None) -> None:
    """Refuse an option whose value is empty, as a variable leaves it that is not set.

    Raises:
        ProtocolError: ``invalid_params/usage``.
    """
    if value is not None and not value.strip():
        raise usage_error(f"{option} is empty; is a variable not set?")


def error_object(error: ProtocolError) -> dict[str, Any]:
    """Return ``{type, message, retryable, retry_after_ms?, details?}``."""
    facts = error.to_data()
    return {"type": facts.pop("type"), "message": error.message, **facts}


def error_from_object(value: dict[str, Any]) -> ProtocolError:
    """Read the error kept with a run: ``{type, message, retryable, …}``; unknown members are ignored."""
    return ProtocolError.from_wire({"message": value.get("message", "the run failed"), "data": value})


def error_line(error: ProtocolError, *, safe: str | None = None) -> str:
    """Return the one line: what happened, what is safe, what to do next.

    Args:
        safe: what the error's own sentence does not know of what the command had done.
    """
    # The sentence may quote a provider, a file or a name: foreign text.
    from chatty.rendering.sanitizer import sanitize

    sentence = sanitize(error.message, multiline=False).strip()
    line = f"chatty: {sentence}"
    hints = (None if safe and safe in sentence.lower() else safe, _next_step(error, sentence))
    more = "; ".join(filter(None, hints))
    return f"{line} ({more})" if more else line


def _next_step(error: ProtocolError, sentence: str) -> str | None:
    if "chatty " in sentence:
        return None
    if error.type == "not_found" and error.details.get("kind") in _LISTINGS:
        return f"see: {_LISTINGS[error.details['kind']]}"
    known = _NEXT_STEPS.get(error.type) or _NEXT_STEPS.get(error.family)
    provider = error.details.get("provider")
    if known is not None and isinstance(provider, str):
        from chatty.rendering.sanitizer import sanitize

        known = known.replace("NAME", sanitize(provider, multiline=False))
    if known is None and error.retryable and "again" not in sentence:
        return "trying again may help"
    return known
