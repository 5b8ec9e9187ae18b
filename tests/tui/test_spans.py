"""Fitting text into cells."""

import pytest

from chatty.tui.spans import Span, cut, cut_middle, fit_items, plain, width


@pytest.mark.parametrize("limit", range(12))
def test_cut_never_exceeds_its_room(limit: int) -> None:
    assert width(cut([Span("日本語"), Span("abc")], limit)) <= limit


@pytest.mark.parametrize("limit", range(1, 25))
def test_cut_middle_keeps_both_ends_within_its_room(limit: int) -> None:
    assert width([Span(cut_middle("Fix the flaky 日本 test", limit))]) <= limit


def test_cut_middle_keeps_both_ends() -> None:
    assert cut_middle("Fix the flaky test", 11) == "Fix t… test"


def test_items_are_dropped_whole_from_the_right_and_the_last_stays() -> None:
    items = [[Span("esc stop")], [Span("enter queue")], [Span("? keys")]]
    assert plain(fit_items(items, 16, 2, keep_last=True)) == "esc stop  ? keys"
    assert plain(fit_items(items, 16, 2)) == "esc stop"
    assert plain(fit_items(items, 6, 2, keep_last=True)) == "? keys"
