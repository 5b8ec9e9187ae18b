"""What a few letters find."""

from chatty.tui.matching import matching


def test_start_before_word_before_inside_before_letters() -> None:
    names = ["xmodel", "the model", "model", "m-o-d-e-l", "other"]
    assert matching("model", names, str) == ["model", "the model", "xmodel", "m-o-d-e-l"]


def test_all_words_must_be_there() -> None:
    assert matching("a b", ["a", "b a", "b"], str) == ["b a"]


def test_no_words_keep_the_order() -> None:
    assert matching("  ", ["b", "a"], str) == ["b", "a"]
