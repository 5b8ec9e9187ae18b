"""Ids in the order they were made."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chatty.protocol.ids import IdMaker, is_id, new_id


def test_ids_increase_and_are_canonical() -> None:
    made = [new_id() for _ in range(2000)]
    assert made == sorted(set(made))
    assert all(map(is_id, made))


def test_ids_increase_while_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([2_000_000_000_000_000_000, 1_000_000_000_000_000_000, 1_000_000_000_000_000_000])
    monkeypatch.setattr("chatty.protocol.ids.time.time_ns", lambda: next(times))
    maker = IdMaker()
    made = [maker() for _ in range(3)]
    assert made == sorted(set(made))


def test_threads_never_share_an_id() -> None:
    maker = IdMaker()
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: maker(), range(2000)))
    stamps = {text[:18] for text in made}
    assert len(stamps) == len(made)


@pytest.mark.parametrize("end", ["", "g", "G", "00"])
def test_what_is_no_id(end: str) -> None:
    assert not is_id(new_id()[:-1] + end)


@pytest.mark.parametrize("text", ["", "x" * 36])
def test_what_is_nothing_like_an_id(text: str) -> None:
    assert not is_id(text)
