"""The chat completions protocol as OpenAI streams it: a request out of ours, our events out of its bytes.

Pure: no sockets, no clock, no SDK. The reader trusts nothing: unknown fields are skipped, wrong types are
read as far as they make sense, and what cannot be understood becomes one `failure` beside the text so far.

Source: platform.openai.com/docs/api-reference/chat/streaming, console.groq.com/docs/api-reference and the
deviations of servers that imitate them (November 2026).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from chatty.providers.base import (
    ChatRequest,
    Finished,
    JsonValue,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    UsageReport,
)
from chatty.providers.sse import EventParser, EventTooLong

_MAX_REASON_LENGTH: Final = 64
_MOST_TOKENS: Final = 10**9
"""More than any reply ever took."""
_MAX_PLAIN_BYTES: Final = 64 << 10
"""How much is kept of an answer that is no event stream: enough for the error it may be."""
_NOT_JSON: Final = object()


def request_body(request: ChatRequest, renamed: Mapping[str, str] | None = None) -> dict[str, JsonValue]:
    """Return the JSON object to post. The request's own parameters cannot replace what we depend on.

    `renamed` says which parameters this address knows by another name.
    """
    names = renamed or {}
    return {
        **{names.get(name, name): value for name, value in request.params.items()},
        "model": request.model,
        "messages": [{"role": message.role, "content": message.text} for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def without_usage(body: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the body for a server that refuses to be asked for usage."""
    return {name: value for name, value in body.items() if name != "stream_options"}


@dataclass(frozen=True, slots=True)
class ErrorObject:
    """What a vendor says about a failure, in its own words: hostile text until redacted."""

    message: str = ""
    code: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a reply cannot be read any further."""

    kind: Literal["cut", "not_json", "too_long", "no_stream", "reported"]
    """`no_stream`: one JSON value instead of events. `reported`: the vendor said so itself, see `error`."""
    error: ErrorObject = ErrorObject()


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta | None = None
    finish_reason: str | None = None
    index: int = 0


class _InputDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = None


class _OutputDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None


class _GroqExtra(msgspec.Struct, gc=False):
    usage: _Usage | None = None
    error: object = None


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: object = None
    x_groq: _GroqExtra | None = None
    kind: object = msgspec.field(name="object", default=None)
    message: object = None

    @property
    def is_error(self) -> bool:
        """Whether it carries an error; vLLM and others spread one over the whole piece."""
        if self.error or (self.x_groq is not None and self.x_groq.error):
            return True
        return self.choices is None and (self.kind == "error" or isinstance(self.message, str))


_decode_chunk = msgspec.json.Decoder(_Chunk).decode


class ReplyReader:
    """Reads one streamed reply. Feed it what arrives; it is done, has failed, or wants more.

    `Finished` and usage come last and together: some vendors send text after the finish reason, and
    some repeat a growing usage in every piece.
    """

    __slots__ = (
        "_events",
        "_finish_reason",
        "_has_events",
        "_high_surrogate",
        "_is_reasoning",
        "_parser",
        "_pieces",
        "_plain",
        "_usage",
        "failure",
        "has_content",
        "is_done",
    )

    def __init__(self) -> None:
        self._parser = EventParser()
        self._events: list[ProviderEvent] = []
        self._pieces: list[str] = []
        self._plain = b""
        """What came before the first event, or instead of any."""
        self._has_events = False
        self._is_reasoning = False
        self._high_surrogate = ""
        self._finish_reason: str | None = None
        self._usage: UsageReport | None = None
        self.has_content = False
        """Some text or reasoning was read: from here on the request must not be repeated."""
        self.is_done = False
        """The reply is whole and its closing events were returned; ignore what follows."""
        self.failure: Failure | None = None
        """Set once, together with `is_done`, after everything before it was returned."""

    @property
    def has_finish_reason(self) -> bool:
        """The text is complete; only usage and the end mark may be missing."""
        return self._finish_reason is not None

    def feed(self, data: bytes) -> list[ProviderEvent]:
        """Return the events in these bytes, neighbouring deltas of one kind joined."""
        try:
            payloads = self._parser.feed(data)
        except EventTooLong:
            return self._fail(Failure("too_long"))
        if not self._has_events:
            self._has_events = bool(payloads)
            self._plain = (self._plain + data)[:_MAX_PLAIN_BYTES] if not payloads else b""
        return self._read_all(payloads)

    def end(self) -> list[ProviderEvent]:
        """Return the last events, the upstream having closed; without a finish reason that is a failure."""
        events = self._read_all(self._parser.finish(), at_end=True)
        if self.is_done:
            return events
        if self._finish_reason is not None:
            return events + self._complete()
        return events + self._fail(_plain_failure(self._plain))

    def _read_all(self, payloads: list[bytes], *, at_end: bool = False) -> list[ProviderEvent]:
        for payload in payloads:
            if payload == b"[DONE]":
                return self._complete()
            try:
                chunk = _decode_chunk(payload)
            except ValueError:
                failure = self._read_tolerantly(payload)
                if failure is not None:
                    return self._fail(Failure("cut") if at_end and failure.kind == "not_json" else failure)
                if self.is_done:
                    return self._take_events()
                continue
            if chunk.is_error:
                in_groq = chunk.x_groq.error if chunk.x_groq is not None else None
                return self._fail(_reported(chunk.error or in_groq or _loose_objects(payload)[0]))
            self._read_chunk(chunk)
        self._close_delta()
        return self._take_events()

    def _read_chunk(self, chunk: _Chunk) -> None:
        for choice in chunk.choices or ():
            if choice.index:
                continue  # we ask for one reply; another one is not ours to mix in
            delta = choice.delta
            if delta is not None:
                if reasoning := delta.reasoning_content or delta.reasoning:
                    self._add(reasoning, is_reasoning=True)
                if text := delta.content or delta.refusal:
                    self._add(text, is_reasoning=False)
            if choice.finish_reason:
                self._finish_reason = choice.finish_reason
        usage = chunk.usage or (chunk.x_groq.usage if chunk.x_groq is not None else None)
        if usage is not None:
            self._usage = _report(usage)

    def _read_tolerantly(self, payload: bytes) -> Failure | None:
        """Read a piece that is not exactly the documented shape: slower, field by field."""
        for part in _loose_objects(payload):
            if part == "[DONE]":
                self._events = self._complete()
                return None
            if part is _NOT_JSON:
                return Failure("not_json")
            if isinstance(part, dict):
                if _is_error(part):
                    return _reported(part)
                self._read_chunk(_chunk_from(part))
        return None

    def _add(self, text: str, *, is_reasoning: bool) -> None:
        if is_reasoning is not self._is_reasoning:
            self._close_delta()
            self._is_reasoning = is_reasoning
        self._pieces.append(text)

    def _close_delta(self, *, is_last: bool = False) -> None:
        if not self._pieces and not (is_last and self._high_surrogate):
            return
        text = self._high_surrogate + "".join(self._pieces)
        self._high_surrogate = ""
        self._pieces.clear()
        if not text.isascii() or "\0" in text:
            text = self._mended(text, is_last=is_last)
        if text:
            self.has_content = True
            self._events.append(ReasoningDelta(text) if self._is_reasoning else TextDelta(text))

    def _mended(self, text: str, *, is_last: bool) -> str:
        """Join surrogate halves that came in two pieces, and make the text one that can be kept."""
        if not is_last and "\ud800" <= text[-1] <= "\udbff":
            self._high_surrogate = text[-1]
            text = text[:-1]
        return _keepable(text)

    def _complete(self) -> list[ProviderEvent]:
        self._close_delta(is_last=True)
        self._events.append(Finished(_keepable(self._finish_reason or "stop")[:_MAX_REASON_LENGTH]))
        return self._closed()

    def _fail(self, failure: Failure) -> list[ProviderEvent]:
        self._close_delta(is_last=True)
        self.failure = failure
        return self._closed()

    def _closed(self) -> list[ProviderEvent]:
        if self._usage is not None:
            self._events.append(self._usage)
        self.is_done = True
        return self._take_events()

    def _take_events(self) -> list[ProviderEvent]:
        events = self._events
        self._events = []
        return events


def _keepable(text: str) -> str:
    """Replace what no database and no terminal takes."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def _report(usage: _Usage) -> UsageReport | None:
    """Return the usage as reported; None for figures that cannot be true, which no sum would survive."""
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
    reasoning = usage.completion_tokens_details.reasoning_tokens if usage.completion_tokens_details else None
    if (
        max(usage.prompt_tokens or 0, cached or 0, usage.completion_tokens or 0, reasoning or 0)
        > _MOST_TOKENS
    ):
        return None
    return UsageReport(
        input_tokens=max(usage.prompt_tokens or 0, 0),
        cached_input_tokens=max(cached or 0, 0),
        output_tokens=max(usage.completion_tokens or 0, 0),
        reasoning_tokens=max(reasoning or 0, 0),
    )


def error_object(value: object) -> ErrorObject:
    """Read the error of a body or of a streamed piece, whatever shape it has."""
    if isinstance(value, list):
        return error_object(value[0]) if value else ErrorObject()  # Gemini, Cloudflare
    if not isinstance(value, Mapping):
        is_words = isinstance(value, str) and not value.lstrip().startswith("<")  # a page, not words
        return ErrorObject(message=str(value) if is_words else "")
    inner = value.get("error") or value.get("errors")
    if isinstance(inner, Mapping | list | str):
        return error_object(inner)
    code, kind = value.get("code"), value.get("type") or value.get("status")
    return ErrorObject(
        message=_words(value),
        code=str(code) if isinstance(code, str | int) else "",
        type=kind if isinstance(kind, str) else "",
    )


def _words(error: Mapping[object, object]) -> str:
    """Return the sentence of an error; a vendor that passes another one's error on may hide it in JSON."""
    passed_on = error.get("metadata")
    raw = passed_on.get("raw") if isinstance(passed_on, Mapping) else None  # OpenRouter
    texts = (raw, *(error.get(name) for name in ("message", "detail", "title")))
    text = next((text for text in texts if isinstance(text, str) and text), "")
    inner = _loose_json(text) if text.lstrip().startswith("{") else None
    return (error_object(inner).message if isinstance(inner, Mapping) else "") or text


def _is_error(part: Mapping[object, object]) -> bool:
    """Whether an object is an error and no piece of a reply."""
    if part.get("error"):
        return True
    is_error = (
        part.get("object") == "error" or bool(part.get("errors")) or isinstance(part.get("message"), str)
    )
    return "choices" not in part and is_error


def _plain_failure(body: bytes) -> Failure:
    """Return why a reply without an end failed, given what came instead of its first event."""
    text = body.decode("utf-8", "replace").strip()
    value = _loose_json(text) if text[:1] in ("{", "[") else _NOT_JSON
    if value is _NOT_JSON:
        return Failure("cut")
    one = value[0] if isinstance(value, list) and value else value
    says = isinstance(one, dict) and (_is_error(one) or any(isinstance(one.get(n), str) for n in _PROBLEM))
    return _reported(one) if says else Failure("no_stream")


_PROBLEM: Final = ("detail", "title")
"""Where FastAPI and problem documents (RFC 9457) put their words."""


def _reported(value: object) -> Failure:
    return Failure("reported", error_object(value))


def _loose_objects(payload: bytes) -> list[object]:
    """Return the JSON values of a payload: one, or one for each line when a vendor forgot blank lines.

    `_NOT_JSON` stands for what is none. Bytes that are not UTF-8 become U+FFFD.
    """
    text = payload.decode("utf-8", "replace")
    whole = _loose_json(text)
    if whole is not _NOT_JSON or "\n" not in text:
        return [whole]
    return [line if line == "[DONE]" else _loose_json(line) for line in text.split("\n") if line]


def _loose_json(text: str) -> object:
    try:
        # The standard library's parser, because it lets lone surrogates through for us to join.
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _chunk_from(part: dict[object, object]) -> _Chunk:
    choices = part.get("choices")
    usage = part.get("usage")
    return _Chunk(
        choices=[_choice_from(choice) for choice in choices if isinstance(choice, dict)]
        if isinstance(choices, list)
        else None,
        usage=_usage_from(usage) if isinstance(usage, dict) else None,
    )


def _choice_from(choice: dict[object, object]) -> _Choice:
    delta = choice.get("delta")
    index = choice.get("index")
    finish_reason = choice.get("finish_reason")
    return _Choice(
        delta=_delta_from(delta) if isinstance(delta, dict) else None,
        finish_reason=finish_reason if isinstance(finish_reason, str) else None,
        index=index if isinstance(index, int) else 0,
    )


def _delta_from(delta: dict[object, object]) -> _Delta:
    return _Delta(
        content=_text_from(delta.get("content")),
        reasoning_content=_text_from(delta.get("reasoning_content")),
        reasoning=_text_from(delta.get("reasoning")),
        refusal=_text_from(delta.get("refusal")),
    )


def _text_from(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return None
    texts = (part.get("text") for part in value if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))


def _usage_from(usage: dict[object, object]) -> _Usage:
    def count(source: object, name: str) -> int | None:
        value = source.get(name) if isinstance(source, dict) else None
        return int(value) if isinstance(value, int) else None

    return _Usage(
        prompt_tokens=count(usage, "prompt_tokens"),
        completion_tokens=count(usage, "completion_tokens"),
        prompt_tokens_details=_InputDetails(count(usage.get("prompt_tokens_details"), "cached_tokens")),
        completion_tokens_details=_OutputDetails(
            count(usage.get("completion_tokens_details"), "reasoning_tokens")
        ),
    )
