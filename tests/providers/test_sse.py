import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.providers.sse import EventParser, EventTooLong

STREAM = (
    b"\xef\xbb\xbf: hello\n\ndata: one\n\ndata:two\r\n\r\nevent: x\rdata: three\rdata: more\r\r"
    b"id: 7\n\n\n\ndata\n\ndata: f\xc3\xbcnf\n\ndata: [DONE]\n\n"
)
EVENTS = [b"one", b"two", b"three\nmore", "fünf".encode(), b"[DONE]"]


def test_a_stream_is_cut_into_the_data_of_its_events() -> None:
    assert EventParser().feed(STREAM) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_where_the_reads_fall_makes_no_difference(cuts: list[int]) -> None:
    parser = EventParser()
    edges = [0, *sorted(cuts), len(STREAM)]
    found = [event for start, end in pairwise(edges) for event in parser.feed(STREAM[start:end])]
    assert found + parser.finish() == EVENTS


def test_one_byte_at_a_time() -> None:
    parser = EventParser()
    assert [event for byte in STREAM for event in parser.feed(bytes([byte]))] == EVENTS


def test_an_event_is_handed_over_with_the_read_that_ends_it() -> None:
    parser = EventParser()
    assert parser.feed(b"data: a\n") == []
    assert parser.feed(b"\nda") == [b"a"]


def test_the_last_event_may_lack_its_blank_line() -> None:
    parser = EventParser()
    assert parser.feed(b"data: a\n\ndata: b") == [b"a"]
    assert parser.finish() == [b"b"]
    assert parser.finish() == []


def test_a_mark_is_only_skipped_at_the_start() -> None:
    assert EventParser().feed(b"data: a\n\n\xef\xbb\xbfdata: b\n\n") == [b"a"]


def test_a_long_event_ends_the_stream_and_memory_stays_bounded() -> None:
    parser = EventParser(max_event_bytes=1 << 20)
    blocks = [b"x" * (1 << 16)] * 512
    tracemalloc.start()
    with pytest.raises(EventTooLong):
        list(map(parser.feed, blocks))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 << 20


def test_many_short_events_may_be_longer_together_than_one_may_be() -> None:
    parser = EventParser(max_event_bytes=64)
    assert len(parser.feed(b"data: abcdefgh\n\n" * 1000)) == 1000
