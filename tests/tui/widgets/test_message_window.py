"""The window on the messages at hand."""

from chatty.tui.state import OpenConversation
from chatty.tui.widgets.message_window import WINDOW_AT_FIRST, WINDOW_AT_MOST, MessageWindow
from chatty.tui.widgets.row_index import Spot


def names(first: int, last: int) -> list[str]:
    return [f"m{number}" for number in range(first, last + 1)]


def conversation(last: int = 500, *, away: list[str] | None = None) -> OpenConversation:
    return OpenConversation("c1", path=names(101, last), has_older=True, away=away or [], has_older_away=True)


def opened(conversation: OpenConversation) -> MessageWindow:
    window = MessageWindow()
    window.open(conversation)
    return window


def test_begins_with_the_newest_and_misses_nothing_behind() -> None:
    window = opened(conversation())
    assert window.ids == names(501 - WINDOW_AT_FIRST, 500)
    assert (window.reaches_newest, window.missing_before, window.missing_behind) == (True, "m101", None)


def test_grows_upward_in_steps_until_its_bound_and_lets_the_end_go() -> None:
    window = opened(conversation())
    while window.extend_up():
        assert len(window.ids) <= WINDOW_AT_MOST
    assert window.ids == names(101, 100 + WINDOW_AT_MOST)
    assert not window.reaches_newest


def test_grows_downward_to_the_newest_again() -> None:
    window = opened(conversation())
    window.to_top()
    while window.extend_down():
        assert len(window.ids) <= WINDOW_AT_MOST
    assert window.ids == names(501 - WINDOW_AT_MOST, 500)
    assert window.reaches_newest


def test_follows_the_newest_message() -> None:
    window = opened(conversation(500))
    assert window.change_path(conversation(503), Spot("m490", 0), is_following=True)
    assert window.ids[-1] == "m503"


def test_a_place_further_up_asks_for_what_is_missing_on_both_sides() -> None:
    away = names(41, 60)
    window = opened(conversation(away=away))
    assert window.go_to("m50")
    assert (window.ids, window.is_away, window.reaches_newest) == (away, True, False)
    assert (window.missing_before, window.missing_behind) == ("m41", "m60")


def test_going_to_what_is_in_the_window_moves_nothing() -> None:
    window = opened(conversation())
    before = window.ids
    assert not window.go_to("m495")
    assert window.ids == before


def test_waits_for_a_stretch_that_was_put_away_and_goes_on_when_it_is_back() -> None:
    away = names(41, 60)
    window = opened(conversation(away=away))
    window.go_to("m50")
    assert not window.change_path(conversation(), Spot("m50", 1), is_following=False)
    assert window.ids == away
    assert window.change_path(conversation(away=names(45, 70)), Spot("m50", 1), is_following=False)
    assert window.ids == names(45, 70)


def test_a_stretch_becomes_a_part_of_the_path_when_the_gap_is_closed() -> None:
    window = opened(conversation(away=names(41, 60)))
    window.go_to("m50")
    closed = OpenConversation("c1", path=names(41, 500))
    assert window.change_path(closed, Spot("m50", 0), is_following=False)
    assert (window.is_away, window.missing_before) == (False, None)


def test_says_nothing_is_missing_behind_once_its_last_message_left_the_path() -> None:
    window = opened(conversation(away=names(41, 60)))
    window.go_to("m50")
    assert not window.change_path(conversation(away=[]), Spot("m50", 0), is_following=False)
    assert (window.missing_behind, window.extend_down()) == (None, False)
