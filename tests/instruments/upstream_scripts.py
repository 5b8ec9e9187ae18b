"""What a scripted upstream says: replies as plain data, chosen by the model's name.

Pure: no sockets and no clock. `fake_upstream.py` plays these scripts; the broken ones are in
`upstream_faults.py`.
"""

import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

EVENT_STREAM = "text/event-stream; charset=utf-8"
REQUEST_ID = "req-fake"


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes of the body, `after_seconds` later than the step before."""

    data: bytes
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing more until the client goes away."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Reset the connection."""


Step = Send | Hang | Cut
Framing = Literal["chunked", "until_close", "none"]


@dataclass(frozen=True, slots=True)
class Script:
    """One HTTP answer."""

    steps: Sequence[Step]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = EVENT_STREAM
    framing: Framing = "chunked"
    """`none` sends the steps alone: they are the whole answer, head included."""
    is_complete: bool = True
    """False leaves out the end of a chunked body, so that the close which follows is seen as a cut."""

    ready: bytes | None = None
    """The whole answer, made ahead because it is sent again and again; the steps are then not looked at."""

    @property
    def keeps_connection(self) -> bool:
        """The client may send another request on this connection afterwards."""
        return self.is_complete and self.framing != "until_close"


def head_bytes(script: Script) -> bytes:
    """Return the status line and headers."""
    if script.framing == "none":
        return b""
    lines = [
        f"HTTP/1.1 {script.status} Scripted",
        f"Content-Type: {script.content_type}",
        f"x-request-id: {REQUEST_ID}",
        *(f"{name}: {value}" for name, value in script.headers),
        "Transfer-Encoding: chunked" if script.framing == "chunked" else "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def body_bytes(script: Script, data: bytes) -> bytes:
    """Return one step's bytes as they go on the wire."""
    if script.framing != "chunked" or not data:
        return data
    return b"%x\r\n%b\r\n" % (len(data), data)


def tail_bytes(script: Script) -> bytes:
    """Return what ends the body."""
    return b"0\r\n\r\n" if script.framing == "chunked" and script.is_complete else b""


def made_ready(script: Script) -> Script:
    """Return a script without pauses with its answer made ahead: the benchmarks' upstream must be cheap."""
    sends = [step for step in script.steps if isinstance(step, Send) and not step.after_seconds]
    assert len(sends) == len(script.steps)
    body = b"".join(body_bytes(script, step.data) for step in sends)
    return replace(script, ready=head_bytes(script) + body + tail_bytes(script))


def event(payload: object) -> bytes:
    """Return one server-sent event."""
    return b"data: " + json.dumps(payload, separators=(",", ":")).encode() + b"\n\n"


def chunk(model: str, delta: dict[str, object], finish_reason: str | None = None) -> dict[str, object]:
    """Return one streamed piece in the shape that OpenAI's chat completions send."""
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_fake",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
        "usage": None,
        "obfuscation": "n4UmU9",
    }


def usage_chunk(
    model: str, *, input_tokens: int, output_tokens: int, reasoning: int = 0
) -> dict[str, object]:
    """Return the last piece, which carries usage and no choice."""
    return chunk(model, {}) | {
        "choices": [],
        "usage": {
            "prompt_tokens": input_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": reasoning, "audio_tokens": 0},
        },
    }


DONE = b"data: [DONE]\n\n"


def counted_tokens(count: int) -> Iterator[str]:
    """Yield `t0001 `, `t0002 `, …: a lost or doubled piece shows in the text."""
    return (f"t{number:04d} " for number in range(1, count + 1))


def counted_text(count: int) -> str:
    """Return the whole reply of a `tok{count}` model."""
    return "".join(counted_tokens(count))


def error_script(
    status: int,
    message: str,
    *,
    code: str | None = None,
    type: str = "",
    headers: Iterable[tuple[str, str]] = (),
) -> Script:
    """Return a refusal in OpenAI's shape."""
    body = json.dumps({"error": {"message": message, "type": type or "error", "param": None, "code": code}})
    return Script(
        steps=(Send(body.encode()),), status=status, headers=tuple(headers), content_type="application/json"
    )


def reply_script(
    model: str,
    texts: Iterable[str],
    *,
    delay_seconds: float = 0.0,
    reasoning: Iterable[str] = (),
    finish_reason: str = "stop",
    include_usage: bool = True,
    input_tokens: int = 10,
) -> Script:
    """Return a whole, well-formed reply: role, reasoning, text, finish, usage, `[DONE]`."""
    steps = [Send(event(chunk(model, {"role": "assistant", "content": "", "refusal": None})))]
    thoughts = list(reasoning)
    pieces = list(texts)
    steps += [Send(event(chunk(model, {"reasoning_content": text})), delay_seconds) for text in thoughts]
    steps += [Send(event(chunk(model, {"content": text})), delay_seconds) for text in pieces]
    if steps[1:]:
        steps[1] = replace(steps[1], after_seconds=0.0)
    steps.append(Send(event(chunk(model, {}, finish_reason))))
    if include_usage:
        total = len(thoughts) + len(pieces)
        usage = usage_chunk(model, input_tokens=input_tokens, output_tokens=total, reasoning=len(thoughts))
        steps.append(Send(event(usage)))
    steps.append(Send(DONE))
    return Script(steps=tuple(steps))


_REPLY = re.compile(
    r"(?:think(?P<think>\d{1,5})-)?(?P<mode>tok|md)(?P<count>\d{1,6})(?:-delay(?P<delay>\d{1,5}))?"
)
_ECHO = re.compile(r"echo(?:-delay(?P<delay>\d{1,5}))?")


def script_for(model: str, prompt: str, *, include_usage: bool = True, seed: int = 0) -> Script | None:
    """Return the reply that the model's name asks for, or None for a name that means nothing.

    `tok200-delay5` counts to 200 with 5 ms between tokens; `md5000-delay2` is Markdown with code;
    `think20-tok50` reasons first; `echo` says the last user message again in pieces of eight characters.
    """
    if found := _REPLY.fullmatch(model):
        return _cached_reply(model, found["mode"], int(found["count"]), int(found["delay"] or 0),
                             int(found["think"] or 0), include_usage, seed)  # fmt: skip
    if found := _ECHO.fullmatch(model):
        pieces = [prompt[start : start + 8] for start in range(0, len(prompt), 8)]
        delay_seconds = int(found["delay"] or 0) / 1000
        return reply_script(model, pieces, delay_seconds=delay_seconds, include_usage=include_usage)
    return None


@lru_cache(maxsize=64)
def _cached_reply(
    model: str, mode: str, count: int, delay_ms: int, think: int, include_usage: bool, seed: int
) -> Script:
    texts = markdown_tokens(count, seed) if mode == "md" else counted_tokens(count)
    script = reply_script(
        model,
        texts,
        delay_seconds=delay_ms / 1000,
        reasoning=(f"r{number:04d} " for number in range(1, think + 1)),
        include_usage=include_usage,
    )
    return script if delay_ms else made_ready(script)


_WORDS = (
    "the",
    "a",
    "model",
    "answer",
    "stream",
    "token",
    "window",
    "server",
    "client",
    "retry",
    "cache",
    "value",
    "parser",
    "error",
    "state",
    "frame",
    "message",
    "reply",
    "branch",
    "reads",
    "writes",
    "keeps",
    "drops",
    "waits",
    "closes",
    "when",
    "while",
    "after",
    "before",
    "because",
    "so",
    "that",
)

_CODE = (
    "def read(source: bytes) -> str:",
    "    # one pass, no copies",
    '    return source.decode("utf-8", "replace")',
    "for number in range(10):",
    "    total += number",
    'print(f"total: {total}")',
)


def markdown_tokens(count: int, seed: int = 0) -> Iterator[str]:
    """Yield exactly `count` tokens of Markdown: headings, prose, lists, a table, links and fenced code.

    The same seed gives the same text. The last token is `END.`, so that a screen can be searched for it.
    """
    source = _markdown_words(random.Random(seed))
    yield from (next(source) for _ in range(count - 1))
    yield "\n\n```\n\nEND." if count > 1 and _fence_is_open(count, seed) else "\n\nEND."


@lru_cache(maxsize=64)
def _fence_is_open(count: int, seed: int) -> bool:
    source = _markdown_words(random.Random(seed))
    return "".join(next(source) for _ in range(count - 1)).count("```") % 2 == 1


def _markdown_words(chance: random.Random) -> Iterator[str]:
    section = 0
    while True:
        section += 1
        yield from _split(f"## Section {section}\n\n")
        for _ in range(chance.randint(1, 3)):
            yield from _split(_sentence(chance, 40) + "\n\n")
        yield from _split(_block(chance) + "\n\n")


def _block(chance: random.Random) -> str:
    kind = chance.choice(("code", "list", "table", "quote"))
    if kind == "code":
        return "```python\n" + "\n".join(chance.choice(_CODE) for _ in range(chance.randint(4, 14))) + "\n```"
    if kind == "list":
        return "\n".join(f"- {_sentence(chance, 8)}" for _ in range(chance.randint(3, 6)))
    if kind == "table":
        rows = "\n".join(f"| {chance.choice(_WORDS)} | {chance.randint(1, 999)} |" for _ in range(4))
        return f"| name | count |\n| --- | ---: |\n{rows}"
    return f"> {_sentence(chance, 12)} See [the page](https://example.com/{chance.choice(_WORDS)})."


def _sentence(chance: random.Random, length: int) -> str:
    words = [chance.choice(_WORDS) for _ in range(length)]
    words[length // 2] = f"**{words[length // 2]}**"
    words[-1] = f"`{words[-1]}`"
    return " ".join(words).capitalize() + "."


def _split(text: str) -> list[str]:
    return re.findall(r"\s*\S+(?:\n+)?|\s+", text)
