"""Long pastes stand as one unit."""

from chatty.tui.editing.buffer import EditBuffer
from chatty.tui.editing.chips import Chips, is_long, paste_chip, text_chip, without_marks


def test_label_says_lines_and_size() -> None:
    assert paste_chip("x" * 1842 + "\n" * 41 + "y").label == "[pasted 42 lines, 1.8 KB]"


def test_long_is_over_ten_lines_or_a_thousand_characters() -> None:
    assert not is_long("line\n" * 9)
    assert is_long("line\n" * 10)
    assert not is_long("x" * 1000)
    assert is_long("x" * 1001)


def test_chip_deletes_whole_and_travels_whole() -> None:
    chips = Chips()
    buffer = EditBuffer("see ")
    content = "line\n" * 20
    buffer.insert(chips.add(paste_chip(content)))
    assert chips.expand(buffer.text) == "see " + content
    buffer.delete_left()
    assert chips.expand(buffer.text) == "see "


def test_pasted_private_characters_cannot_pose_as_a_chip() -> None:
    chips = Chips()
    mark = chips.add(paste_chip("secret"))
    assert chips.expand(without_marks(mark)) == "\ufffd"


def test_text_splits_at_its_chips() -> None:
    chips = Chips()
    first, second = paste_chip("one"), text_chip("two\nlines")
    text = f"see {chips.add(first)}{chips.add(second)} and"
    assert chips.split(text) == ("see ", first, second, " and")
    assert chips.split("") == ()
    assert second.label == "[2 lines, 9 B]"
