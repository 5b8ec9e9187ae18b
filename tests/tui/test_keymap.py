"""Keys, remapped keys and sequences."""

import pytest

from chatty.tui.keymap import Keymap, KeymapError, KeyRouter, canonical, shown


def invoked(*keys: str, changes: dict[str, list[str]] | None = None) -> list[str | None]:
    router = KeyRouter(Keymap(changes), lambda name: None)
    answers = [router.feed(("composer",), key) for key in keys]
    return [answer if isinstance(answer, str) or answer is None else answer.name for answer in answers]


def test_usual_keys() -> None:
    assert invoked("enter", "ctrl+n", "ctrl+o") == ["send", "new", "chats"]


def test_remapped_action_has_only_its_new_keys() -> None:
    assert invoked("ctrl+n", "ctrl+e", changes={"new": ["ctrl+e"]}) == [None, "new"]


def test_sequence_waits_for_its_second_key() -> None:
    assert invoked("ctrl+x", "e", "e") == ["taken", "editor", None]


def test_unknown_second_key_only_leaves_the_sequence() -> None:
    assert invoked("ctrl+x", "escape", "escape") == ["taken", "taken", "stop"]


@pytest.mark.parametrize(
    "key", ["ctrl+h", "ctrl+m", "ctrl+i", "ctrl+[", "ctrl+s", "^q", "alt+1", "ctrl+x ctrl+s"]
)
def test_forbidden_key_is_refused(key: str) -> None:
    with pytest.raises(KeymapError):
        Keymap({"new": [key]})


def test_unknown_action_is_refused_with_the_nearest() -> None:
    with pytest.raises(KeymapError, match="chats"):
        Keymap({"chat": ["ctrl+e"]})


def test_one_key_for_two_actions_is_refused() -> None:
    with pytest.raises(KeymapError):
        Keymap({"new": ["ctrl+o"]})


def test_spellings_of_terminals_become_one() -> None:
    assert [canonical(key) for key in ("shift+\r", "question_mark", "^O", "ctrl+underscore")] == [
        "shift+enter",
        "?",
        "ctrl+o",
        "ctrl+_",
    ]


def test_keys_are_written_for_people() -> None:
    assert [shown(key) for key in ("ctrl+x e", "escape", "pageup", "ctrl+home")] == [
        "^x e",
        "esc",
        "pgup",
        "^home",
    ]
