from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatty.providers._openai_wire import ErrorObject, Failure, ReplyReader, error_object, request_body
from chatty.providers.base import (
    ChatMessage,
    ChatRequest,
    Finished,
    ProviderEvent,
    TextDelta,
    UsageReport,
)
from tests.instruments.upstream_faults import FINISH, GOOD, ROLE, TAIL, text
from tests.instruments.upstream_scripts import DONE, event
from tests.providers.recordings import PAYLOADS, RECORDINGS, joined, payload


def _read(data: bytes, cuts: list[int] | None = None) -> tuple[list[ProviderEvent], ReplyReader]:
    reader = ReplyReader()
    edges = [0, *sorted(cuts or []), len(data)]
    events: list[ProviderEvent] = []
    for start, end in pairwise(edges):
        if start < end and not reader.is_done:
            events += reader.feed(data[start:end])
    if not reader.is_done:
        events += reader.end()
    return events, reader


@pytest.mark.parametrize("name", RECORDINGS)
def test_recordings_mean_what_they_say(name: str) -> None:
    events, reader = _read(payload(name))
    assert joined(events) == RECORDINGS[name].events
    assert (reader.failure is not None) == (RECORDINGS[name].error_type is not None)


@settings(max_examples=60)
@given(st.sampled_from(sorted(RECORDINGS)), st.lists(st.integers(0, 4000), max_size=12))
def test_where_the_reads_fall_makes_no_difference(name: str, cuts: list[int]) -> None:
    data = payload(name)
    events, _ = _read(data, [min(cut, len(data)) for cut in cuts])
    assert joined(events) == RECORDINGS[name].events


def test_deltas_of_one_read_are_one_event() -> None:
    events, _ = _read(ROLE + text("a") + text("b") + TAIL)
    assert events[0] == TextDelta("ab")


@given(st.lists(st.text(min_size=1, max_size=6), max_size=12))
def test_any_text_comes_through(parts: list[str]) -> None:
    events, _ = _read(ROLE + b"".join(map(text, parts)) + TAIL)
    expected = "".join(parts).replace("\0", "\ufffd")
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == expected


def test_a_cut_at_any_byte_ends_in_one_failure_and_keeps_the_text_before() -> None:
    complete = len(GOOD) - len(TAIL)
    for cut in range(complete):
        events, reader = _read(GOOD[:cut])
        assert reader.failure == Failure("cut")
        assert not any(isinstance(event, Finished) for event in events)
        got = "".join(event.text for event in events if isinstance(event, TextDelta))
        assert "t0001 t0002 t0003 t0004 t0005 ".startswith(got)
        assert len(got) >= 6 * GOOD[:cut].count(b'{"content":"t') - 6


def test_end_that_no_database_takes_is_made_one_that_can_be_kept() -> None:
    end = rb'data: {"choices":[{"index":0,"delta":{},"finish_reason":"st\ud800o\u0000p"}]}' + b"\n\n"
    events, reader = _read(ROLE + text("a") + end + b"data: [DONE]\n\n")
    assert events[-1] == Finished("st o p")
    assert reader.failure is None


@pytest.mark.parametrize("count", [10**12 + 1, 2**63, 10**30])
def test_usage_that_cannot_be_true_is_not_believed(count: int) -> None:
    end = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":%d}}'
    events, _ = _read(ROLE + text("a") + end % count + b"\n\ndata: [DONE]\n\n")
    assert events[-1] == Finished("stop")


def test_nothing_is_said_after_a_failure() -> None:
    reader = ReplyReader()
    assert reader.feed(ROLE + text("a") + b"data: {broken\n\n" + text("b")) == [TextDelta("a")]
    assert reader.failure == Failure("not_json")
    assert reader.is_done


def test_the_request_cannot_lose_what_the_reader_needs() -> None:
    request = ChatRequest(
        "m",
        [ChatMessage("system", "s"), ChatMessage("user", "u")],
        {"temperature": 0.2, "stream": False, "model": "x"},
    )
    assert request_body(request) == {
        "temperature": 0.2,
        "model": "m",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": {"message": "m", "code": "c", "type": "t"}}, ErrorObject("m", "c", "t")),
        ({"message": "m", "code": 502}, ErrorObject("m", "502", "")),
        ({"error": "words"}, ErrorObject("words")),
        ("words", ErrorObject("words")),
        (" <html>page</html>", ErrorObject()),
        ({"detail": []}, ErrorObject()),
        ({"detail": "words"}, ErrorObject("words")),
        ([{"error": {"code": 400, "message": "m", "status": "S"}}], ErrorObject("m", "400", "S")),
        ([], ErrorObject()),
        ({"errors": [{"message": "m", "code": 7}]}, ErrorObject("m", "7")),
        ({"error": {"message": "m", "metadata": {"raw": "more"}}}, ErrorObject("more")),
        ({"error": {"message": '{"error": {"message": "inner"}}', "code": 429}}, ErrorObject("inner", "429")),
        ({"message": "{not json"}, ErrorObject("{not json")),
        (None, ErrorObject()),
        ({"error": {"message": ["m"], "code": None, "type": 3}}, ErrorObject()),
    ],
)
def test_error_bodies_of_any_shape_are_read(body: object, error: ErrorObject) -> None:
    assert error_object(body) == error


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_body_that_is_no_stream_is_read_however_it_comes(size: int) -> None:
    data = (PAYLOADS / "gemini-refused.json").read_bytes()
    _, reader = _read(data, list(range(size, len(data), size)))
    assert reader.failure is not None
    assert (reader.failure.kind, reader.failure.error.code) == ("reported", "400")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"choices": [{"message": {"content": "whole"}}]}', "no_stream"),
        (b"[]", "no_stream"),
        (b'{"error": {"mess', "cut"),
        (b": only a comment\n\n", "cut"),
        (b"", "cut"),
        (b'{"error": "' + b"x" * (1 << 17) + b'"}', "cut"),
    ],
)
def test_body_that_is_neither_stream_nor_error_says_so(body: bytes, kind: str) -> None:
    _, reader = _read(body)
    assert reader.failure is not None
    assert reader.failure.kind == kind


def test_deeply_nested_json_is_a_failure_and_not_a_crash() -> None:
    _, reader = _read(b"data: " + b"[" * 100_000 + b"\n\n")
    assert reader.failure == Failure("not_json")


@pytest.mark.parametrize(
    "usage",
    [
        b"{}",
        b'{"total_tokens": 7}',
        b'{"prompt_tokens": "3", "completion_tokens": "4"}',
        b'{"prompt_tokens": -3, "completion_tokens": 4}',
        b'{"prompt_tokens": 3, "completion_tokens": %d}' % 2**63,
        b'{"prompt_tokens": 3, "completion_tokens": %d}' % 10**25,
        b'{"prompt_tokens": null, "completion_tokens": 4}',
    ],
)
def test_usage_that_counts_nothing_is_none_and_not_zero(usage: bytes) -> None:
    events, _ = _read(ROLE + text("a") + FINISH + b'data: {"choices":[],"usage":' + usage + b"}\n\n" + DONE)
    assert events == [TextDelta("a"), Finished("stop")]


def test_details_that_no_database_can_keep_are_left_out() -> None:
    usage = {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "prompt_tokens_details": {"cached_tokens": -1},
        "completion_tokens_details": {"reasoning_tokens": 2**63},
    }
    events, _ = _read(ROLE + FINISH + event({"choices": [], "usage": usage}) + DONE)
    assert events[-1] == UsageReport(3, 0, 4, 0)


def test_an_empty_count_does_not_replace_the_one_before() -> None:
    counted = event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
    events, _ = _read(ROLE + FINISH + counted + event({"choices": [], "usage": {}}) + DONE)
    assert events[-1] == UsageReport(3, 0, 4, 0)


@pytest.mark.parametrize(
    ("reason", "meant"),
    [(b"\\ud800", "stop"), (b"\\u0000", "stop"), (b"a\\u001b[31m", "a [31m"), (b"eos", "eos")],
)
def test_a_finish_reason_is_a_word_that_every_database_takes(reason: bytes, meant: str) -> None:
    chunk = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"%b"}]}\n\n' % reason
    events, _ = _read(ROLE + text("a") + chunk + DONE)
    assert Finished(meant) in events
