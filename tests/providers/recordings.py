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


@dataclass(frozen=True, slots=True)
class Failing:
    """What a vendor says in an answer of status 200 that is a failure, wholly or in the end."""

    type: ErrorType
    words: str
    """Part of the vendor's own sentence."""
    status: int | None = None
    """As the vendor put it into the error."""
    text: str = ""
    """Of the reply, before it failed."""


FAILING: Mapping[str, Failing] = {
    "openrouter-refused.json": Failing("provider/rate_limited", "temporarily rate-limited upstream", 429),
    "openrouter-nested.json": Failing("provider/bad_request", '"Model supports at most 1 image', 400),
    "gemini-refused.json": Failing("provider/bad_request", "API key not valid", 400),
    "cloudflare-refused.json": Failing("provider/model_unknown", "No such model @cf/m"),
    "kong-refused.json": Failing("provider/rate_limited", "API rate limit exceeded"),
    "fastapi-refused.json": Failing("provider/overloaded", "Model is overloaded"),
    "vllm-failed-in-stream.sse": Failing("provider/overloaded", "EngineCore", 500, "Well"),
    "llamacpp-failed-in-stream.sse": Failing("provider/overloaded", "context shift", 500, "Well"),
    "lmstudio-failed-in-stream.sse": Failing("provider/context_length", "The number of tokens to keep"),
    "litellm-failed-in-stream.sse": Failing("provider/overloaded", "upstream connect error", 503, "Well"),
}


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
