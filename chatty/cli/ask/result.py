"""The one object that ``chatty ask --json`` prints, in every case. Fields are only added, never renamed."""

from typing import Any

from chatty.cli.ask.reply import Reply
from chatty.cli.ask.request import Request
from chatty.cli.ask.stopwatch import Stopwatch
from chatty.cli.errors import error_object
from chatty.cli.output.usage import whole_usage
from chatty.protocol.errors import ProtocolError


def document(
    request: Request | None,
    reply: Reply | None,
    stopwatch: Stopwatch | None,
    *,
    error: ProtocolError | None = None,
) -> dict[str, Any]:
    """Return the object; what is not known, because it never came to it, is ``null``."""
    answer: dict[str, Any] = {
        "conversation_id": request.conversation_id if request else None,
        "message_id": request.reply_id if request else None,
        "run_id": request.run_id if request else None,
        "model": reply.model if reply else None,
        "provider": reply.provider if reply else None,
        "text": reply.text if reply else "",
        "parts": _parts(reply) if reply else [],
        "finish_reason": reply.finish_reason if reply else None,
        "usage": whole_usage(reply.usage) if reply else None,
        "timing": stopwatch.to_json() if stopwatch else {"first_token_ms": None, "total_ms": None},
    }
    if error is not None:
        answer["error"] = error_object(error)
    return answer


def _parts(reply: Reply) -> list[dict[str, str]]:
    return [{"type": part.type, "text": part.text} for _, part in sorted(reply.parts.items())]
