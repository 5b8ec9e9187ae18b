"""What each recorded payload means, as our events; `payloads/` holds the bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatty.providers.base import Finished, ProviderEvent, ReasoningDelta, TextDelta, UsageReport
from chatty.providers.errors import ErrorType

PAYLOADS = Path(__file__).parent / "payloads"


@dataclass(frozen=True, slots=True)
class Recording:
    """A payload's meaning; the text of neighbouring deltas is joined."""

    events: Sequence[ProviderEvent]
    error_type: ErrorType | None = None


def payload(name: str) -> bytes:
    """Return the recorded bytes."""
    return (PAYLOADS / f"{name}.sse").read_bytes()


RECORDINGS: Mapping[str, Recording] = {
    "openai-text": Recording(
        (TextDelta("Grüße, 😀!"), Finished("stop"), UsageReport(2006, 1920, 300, 192)),
    ),
    "openai-refusal": Recording((TextDelta("I can't help with that."), Finished("stop"))),
    "azure-filter": Recording((TextDelta("Half an ans"), Finished("content_filter"))),
    "groq-text": Recording((TextDelta("Fast enough."), Finished("stop"), UsageReport(41, 0, 4, 0))),
    "groq-reasoning": Recording(
        (
            ReasoningDelta("The user greets."),
            TextDelta("Hi."),
            Finished("length"),
            UsageReport(70, 0, 12, 7),
        )
    ),
    "groq-failed-in-stream": Recording((TextDelta("So "),), "provider/overloaded"),
    "deepseek-reasoning": Recording(
        (
            ReasoningDelta("Let me think."),
            TextDelta("42"),
            Finished("stop"),
            UsageReport(11, 0, 9, 6),
        )
    ),
    "openrouter-comments": Recording(
        (ReasoningDelta("Hm."), TextDelta("Yes."), Finished("stop"), UsageReport(12, 0, 30, 22))
    ),
    "openrouter-failed-in-stream": Recording((TextDelta("Well"),), "provider/overloaded"),
    "mistral-parts": Recording((TextDelta("Bonjour"), Finished("stop"), UsageReport(8, 0, 2, 0))),
    "llamacpp-minimal": Recording((TextDelta("ok"), Finished("stop"), UsageReport(9, 0, 2, 0))),
    "vllm-growing-usage": Recording((TextDelta("ab"), Finished("stop"), UsageReport(5, 0, 2, 0))),
    "tool-calls": Recording((Finished("tool_calls"),)),
}


def joined(events: Sequence[ProviderEvent]) -> Sequence[ProviderEvent]:
    """Return the events with neighbouring deltas of one kind joined, so that splits do not show."""
    result: list[ProviderEvent] = []
    for event in events:
        last = result[-1] if result else None
        if isinstance(event, TextDelta) and isinstance(last, TextDelta):
            result[-1] = TextDelta(last.text + event.text)
        elif isinstance(event, ReasoningDelta) and isinstance(last, ReasoningDelta):
            result[-1] = ReasoningDelta(last.text + event.text)
        else:
            result.append(event)
    return tuple(result)
