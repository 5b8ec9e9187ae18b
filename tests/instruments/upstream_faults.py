"""The ways an upstream goes wrong, by name: every entry is one `Script`.

`fault-NAME` as a model plays it on every request, `fault-NAMEx2` on the first two and then answers well.
Pure data; `fake_upstream.py` plays it.
"""

import gzip
import json
import re
from collections.abc import Callable, Sequence
from functools import cache

from tests.instruments.upstream_scripts import (
    DONE,
    Cut,
    Hang,
    Script,
    Send,
    Step,
    chunk,
    counted_tokens,
    error_script,
    event,
    reply_script,
    usage_chunk,
)

MODEL = "fault"
ROLE = event(chunk(MODEL, {"role": "assistant", "content": ""}))
FINISH = event(chunk(MODEL, {}, "stop"))
USAGE = event(usage_chunk(MODEL, input_tokens=10, output_tokens=5))
TAIL = FINISH + USAGE + DONE


def text(piece: str) -> bytes:
    """Return the event that carries this piece of text."""
    return event(chunk(MODEL, {"content": piece}))


FIVE = b"".join(text(token) for token in counted_tokens(5))
GOOD = ROLE + FIVE + TAIL


def body(data: bytes, *more: Step, complete: bool = True) -> Script:
    """Return an answer whose body is this."""
    return Script(steps=(Send(data), *more), is_complete=complete)


def pieces(parts: Sequence[bytes], *, complete: bool = True) -> Script:
    """Return an answer that arrives in exactly these pieces, far enough apart to be separate reads."""
    return Script(steps=tuple(Send(part, 0.002) for part in parts), is_complete=complete)


def _raw(data: bytes) -> Script:
    return Script(steps=(Send(data),), framing="none", is_complete=False)


def _too_long_line() -> Script:
    block = Send(b"x" * (1 << 20))
    return Script(
        steps=(Send(ROLE + FIVE + b'data: {"choices":"'), *(block for _ in range(32)), Send(b'"}\n\n' + TAIL))
    )


def _huge_reply() -> Script:
    return Script(steps=(Send(ROLE), *(Send(text("h" * (1 << 20))) for _ in range(32)), Send(TAIL)))


def _head(*lines: str) -> bytes:
    return ("HTTP/1.1 200 OK\r\n" + "".join(f"{line}\r\n" for line in lines) + "\r\n").encode()


@cache
def _bomb() -> bytes:
    """Return 64 kilobytes that would be 64 mebibytes."""
    return gzip.compress(GOOD + bytes(64 << 20), 9)


FAULTS: dict[str, Callable[[], Script]] = {
    # refusals
    "400": lambda: error_script(400, "Invalid value for temperature.", type="invalid_request_error"),
    "400-context": lambda: error_script(
        400, "This model's maximum context length is 8192 tokens.", code="context_length_exceeded"
    ),
    "400-content-filter": lambda: error_script(400, "The response was filtered.", code="content_filter"),
    "401": lambda: error_script(401, "Incorrect API key provided: sk-ab***yz.", code="invalid_api_key"),
    "403": lambda: error_script(403, "Your project may not use this model.", type="permission_error"),
    "404-model": lambda: error_script(404, "The model `fault` does not exist.", code="model_not_found"),
    "404-path": lambda: Script(steps=(Send(b"<h1>Not Found</h1>"),), status=404, content_type="text/html"),
    "413": lambda: error_script(413, "Request too large."),
    "422": lambda: error_script(422, "Unprocessable."),
    "429": lambda: error_script(429, "Rate limit reached.", code="rate_limit_exceeded"),
    "429-quota": lambda: error_script(429, "You exceeded your current quota.", code="insufficient_quota"),
    "500": lambda: error_script(500, "The server had an error.", type="server_error"),
    "500-empty": lambda: Script(steps=(), status=500),
    "502-html": lambda: Script(
        steps=(Send(b"<html>Bad gateway</html>"),), status=502, content_type="text/html"
    ),
    "503": lambda: error_script(503, "Overloaded.", headers=(("Retry-After", "0"),)),
    "503-huge-body": lambda: Script(
        steps=(Send(b"e" * (1 << 20)),) * 32, status=503, content_type="text/plain"
    ),
    "503-gzip": lambda: Script(
        steps=(Send(b"\x1f\x8b" + b"\0" * 64),), status=503, headers=(("Content-Encoding", "gzip"),)
    ),
    "529": lambda: error_script(529, "Overloaded.", type="overloaded_error"),
    "302": lambda: Script(steps=(), status=302, headers=(("Location", "http://127.0.0.1:9/elsewhere"),)),
    # not HTTP, or not the HTTP that was promised
    "hints-first": lambda: _raw(
        b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
        + _head("Content-Type: text/event-stream")
        + GOOD
    ),
    "hints-without-end": lambda: Script(
        steps=tuple(Send(b"HTTP/1.1 102 Processing\r\n\r\n", 0.02) for _ in range(10_000)), framing="none"
    ),
    "no-http": lambda: _raw(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "endless-head": lambda: _raw(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: y\r\n" * 100_000),
    "head-cut": lambda: Script(steps=(Send(b"HTTP/1.1 200 OK\r\nContent-"), Cut()), framing="none"),
    "head-closed": lambda: _raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/ev"),
    "no-answer": lambda: Script(steps=(Cut(),), framing="none"),
    "bad-chunk-size": lambda: _raw(
        _head("Content-Type: text/event-stream", "Transfer-Encoding: chunked") + b"zz\r\nhello\r\n"
    ),
    "chunk-without-end": lambda: _raw(
        _head("Content-Type: text/event-stream", "Transfer-Encoding: chunked") + b"5\r\nhelloXX5\r\nhello"
    ),
    "bad-length": lambda: _raw(_head("Content-Type: text/event-stream", "Content-Length: -5") + GOOD),
    "short-length": lambda: _raw(
        _head("Content-Type: text/event-stream", f"Content-Length: {len(GOOD) + 100}") + ROLE + FIVE
    ),
    "gzip": lambda: Script(steps=(Send(b"\x1f\x8b" + b"\0" * 64),), headers=(("Content-Encoding", "gzip"),)),
    "gzip-bomb": lambda: Script(steps=(Send(_bomb()),), headers=(("Content-Encoding", "gzip"),)),
    "503-gzip-bomb": lambda: Script(
        steps=(Send(_bomb()),), status=503, headers=(("Content-Encoding", "gzip"),)
    ),
    "html": lambda: Script(steps=(Send(b"<html>Sign in to the Wi-Fi</html>"),), content_type="text/html"),
    "json": lambda: Script(
        steps=(Send(json.dumps({"choices": [{"message": {"content": "whole"}}]}).encode()),),
        content_type="application/json",
    ),
    "json-error": lambda: Script(
        steps=(Send(json.dumps({"error": {"message": "no", "code": "invalid_api_key"}}).encode()),),
        content_type="application/json",
    ),
    # silence and cuts
    "stall": lambda: Script(steps=(Hang(),), framing="none"),
    "stall-head": lambda: Script(steps=(Hang(),)),
    "stall-role": lambda: body(ROLE, Hang()),
    "stall-after-5": lambda: body(ROLE + FIVE, Hang()),
    "stall-comments": lambda: Script(
        steps=(Send(ROLE + FIVE), *(Send(b": still here\n\n", 0.02) for _ in range(10_000)))
    ),
    "cut-head": lambda: body(b"", Cut()),
    "cut-role": lambda: body(ROLE, Cut()),
    "cut-after-5": lambda: body(ROLE + FIVE, Cut()),
    "close-after-5": lambda: body(ROLE + FIVE, complete=False),
    "end-after-5": lambda: body(ROLE + FIVE),
    "cut-after-finish": lambda: body(ROLE + FIVE + FINISH, Cut()),
    "hang-after-done": lambda: body(GOOD, Hang()),
    # well-formed HTTP, strange events
    "crlf": lambda: body(GOOD.replace(b"\n", b"\r\n")),
    "cr": lambda: body(GOOD.replace(b"\n", b"\r")),
    "mixed-ends": lambda: body(
        ROLE.replace(b"\n", b"\r\n") + FIVE.replace(b"\n\n", b"\r\n\n", 2) + TAIL.replace(b"\n\n", b"\n\r\n")
    ),
    "crlf-split": lambda: pieces(GOOD.replace(b"\n", b"\r\n").replace(b"\r\n", b"\r|\n").split(b"|")),
    "bom": lambda: body(b"\xef\xbb\xbf" + GOOD),
    "no-blank-line": lambda: body(GOOD.replace(b"\n\n", b"\n")),
    "no-last-newline": lambda: body(GOOD.rstrip(b"\n")),
    "no-space": lambda: body(GOOD.replace(b"data: ", b"data:")),
    "other-fields": lambda: body(b"retry: 5\nid: 7\nevent: message\n" + GOOD + b"unknown\n\n"),
    "comments-only": lambda: body(b": nothing\n\n" * 100),
    "comments-between": lambda: body(b": ping\n\n" + GOOD.replace(b"\n\n", b"\n\n: ping\n\n")),
    "data-on-two-lines": lambda: body(
        ROLE + FIVE + b'data: {"choices":[{"index":0,\ndata: "delta":{"content":"t0006 "}}]}\n\n' + TAIL
    ),
    "byte-by-byte": lambda: pieces(
        [
            ROLE,
            *(bytes([byte]) for byte in 'data: {"choices":[{"delta":{"content":"é😀"}}]}\n\n'.encode()),
            TAIL,
        ]
    ),
    "nul": lambda: body(ROLE + FIVE + b"\0\0\0\n\n" + TAIL),
    "nul-in-json": lambda: body(ROLE + FIVE + b'data: {"choices":\0}\n\n' + TAIL),
    "nul-in-text": lambda: body(ROLE + text("a\0b") + TAIL),
    "broken-json": lambda: body(ROLE + FIVE + b'data: {"choices":[{"del\n\n' + TAIL),
    "json-of-another-kind": lambda: body(ROLE + FIVE + b"data: 42\n\ndata: null\n\ndata: []\n\n" + TAIL),
    "wrong-types": lambda: body(
        ROLE
        + b'data: {"choices":"none"}\n\ndata: {"choices":[{"delta":7}]}\n\ndata: {"choices":[null]}\n\n'
        + FIVE
        + TAIL
    ),
    "content-parts": lambda: body(
        ROLE + b'data: {"choices":[{"delta":{"content":[{"type":"text","text":"t0001 "}]}}]}\n\n' + TAIL
    ),
    "tool-call-cut": lambda: body(
        ROLE
        + FIVE
        + b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":'
        + b'"{\\"path"}}]}}]}\n\n'
        + TAIL
    ),
    "tool-call-twice": lambda: body(
        ROLE
        + FIVE
        + b'data: {"choices":[{"delta":{"tool_calls":[{"index":0},{"index":0},null,7]}}]}\n\n' * 2
        + TAIL
    ),
    "second-choice": lambda: body(
        ROLE + FIVE + b'data: {"choices":[{"index":1,"delta":{"content":"other"}}]}\n\n' + TAIL
    ),
    "invalid-utf8": lambda: body(ROLE + text("before @@ after").replace(b"@@", b"\xff\xc3") + TAIL),
    "split-utf8": lambda: pieces([ROLE, *_split_in_character(), TAIL]),
    "half-character-at-end": lambda: body(
        ROLE + FIVE + 'data: {"choices":[{"delta":{"content":"é'.encode()[:-1]
    ),
    "split-surrogates": lambda: body(
        ROLE
        + b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n'
        + b'data: {"choices":[{"delta":{"content":"\\ude00 x\\ud83d"}}]}\n\n'
        + TAIL
    ),
    "line-32mb": _too_long_line,
    "reply-32mb": _huge_reply,
    # endings
    "error-event": lambda: body(
        ROLE + FIVE + event({"error": {"message": "The server had an error.", "type": "server_error"}}),
        Hang(),
    ),
    "error-event-first": lambda: body(
        event({"error": {"message": "Too many.", "code": "rate_limit_exceeded"}})
    ),
    "error-text": lambda: body(ROLE + FIVE + event({"error": "engine crashed"})),
    "done-missing": lambda: body(ROLE + FIVE + FINISH + USAGE),
    "finish-missing": lambda: body(ROLE + FIVE + USAGE + DONE),
    "usage-missing": lambda: body(ROLE + FIVE + FINISH + DONE),
    "empty": lambda: body(ROLE + TAIL),
    "done-only": lambda: body(DONE),
    "nothing": lambda: body(b""),
    "text-after-finish": lambda: body(ROLE + FIVE + FINISH + text("t0006 ") + USAGE + DONE),
    "after-done": lambda: body(GOOD + text("more")),
    "length": lambda: reply_script(MODEL, counted_tokens(5), finish_reason="length"),
    "content-filter": lambda: reply_script(MODEL, counted_tokens(2), finish_reason="content_filter"),
    "reasoning": lambda: reply_script(MODEL, counted_tokens(5), reasoning=("r1 ", "r2 ")),
    "until-close": lambda: Script(steps=(Send(GOOD),), framing="until_close"),
}
"""Every fault that takes no number, by name."""


def _split_in_character() -> list[bytes]:
    encoded = json.dumps(chunk(MODEL, {"content": "naïve 😀 ok"}), ensure_ascii=False).encode()
    middle = encoded.index("😀".encode()) + 2
    return [b"data: " + encoded[:middle], encoded[middle:] + b"\n\n"]


_TIMES = re.compile(r"(?P<name>.+?)(?:x(?P<times>\d{1,3}))?")
_RETRY_AFTER = re.compile(r"(?P<status>429|503)-retry-after-(?P<seconds>\d{1,6}|date)")
_CUT_AT = re.compile(r"cut-at-byte-(?P<at>\d{1,7})")


def fault_for(name: str, already_seen: int) -> Script | None:
    """Return the script for `fault-{name}`; after its `xN` times, a good reply; None for an unknown name."""
    found = _TIMES.fullmatch(name)
    if found is None:
        return None
    if found["times"] and already_seen >= int(found["times"]):
        return reply_script(MODEL, counted_tokens(5))
    return _named(found["name"])


def _named(name: str) -> Script | None:
    if found := _RETRY_AFTER.fullmatch(name):
        wish = "Wed, 21 Oct 2015 07:28:00 GMT" if found["seconds"] == "date" else found["seconds"]
        return error_script(int(found["status"]), "Slow down.", headers=(("Retry-After", wish),))
    if found := _CUT_AT.fullmatch(name):
        return body(GOOD[: int(found["at"])], complete=False)
    build = FAULTS.get(name)
    return build() if build else None
