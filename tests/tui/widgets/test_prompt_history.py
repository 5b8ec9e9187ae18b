"""Going back through earlier prompts."""

from chatty.tui.widgets.prompt_history import PromptHistory


def test_earlier_prompts_come_before_those_known_and_the_place_stays() -> None:
    history = PromptHistory()
    history.add("c")
    history.add("d")
    assert [history.step(-1), history.step(-1), history.step(-1)] == ["d", "c", None]
    assert history.is_near_oldest
    history.add_earlier(["a", "b"])
    assert history.is_recalled("c")
    assert [history.step(-1), history.step(-1), history.step(1), history.step(1)] == ["b", "a", "b", "c"]


def test_history_is_bounded_and_then_asks_for_no_more() -> None:
    history = PromptHistory()
    history.add("newest")
    history.add_earlier([str(number) for number in range(1000)])
    assert not history.is_near_oldest
    steps = 0
    while history.step(-1) is not None:
        steps += 1
    assert steps == 500
    assert not history.is_near_oldest
