"""The registry holds together: every action can be typed, is done somewhere, and has usable keys."""

import pytest

from chatty.tui.actions import (
    ACTIONS,
    BY_NAME,
    KEYS_ON_EMPTY_COMPOSER,
    KEYS_ON_MESSAGE,
    is_mistyped_command,
    typed_command,
)
from chatty.tui.editing_keys import CHANGES, MOVES
from chatty.tui.keymap import FORBIDDEN, canonical
from chatty.tui.screens.routes import DEEDS


def test_every_action_has_a_typed_twin_of_its_own() -> None:
    twins = [action.slash for action in ACTIONS]
    assert all(twins)
    assert len(set(twins)) == len(twins)


def test_every_action_has_a_deed_and_every_deed_an_action() -> None:
    assert set(DEEDS) == set(BY_NAME)


def test_no_action_has_a_forbidden_key() -> None:
    keys = {canonical(key) for action in ACTIONS for keys in action.keys for key in keys.split(" ")}
    assert keys.isdisjoint(FORBIDDEN)


def test_no_editing_key_is_forbidden() -> None:
    assert set(CHANGES).union(MOVES).isdisjoint(FORBIDDEN)


def test_borrowed_keys_name_actions() -> None:
    assert set(KEYS_ON_EMPTY_COMPOSER.values()) | set(KEYS_ON_MESSAGE.values()) <= set(BY_NAME)


def test_nothing_is_reachable_by_alt_or_a_function_key_alone() -> None:
    for action in ACTIONS:
        assert not action.keys or action.slash, action.name


def test_each_group_stands_together() -> None:
    groups = [action.group for action in ACTIONS]
    assert len(set(groups)) == sum(
        1 for group, after in zip(groups, [*groups[1:], None], strict=True) if group != after
    )


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/rename  A title", ("rename", "A title")),
        ("/frob", ("frob", "")),
        ("hello /new", None),
        ("//new", None),
        ("/etc/hosts ?", None),
        ("/frob\nmore", None),
    ],
)
def test_what_is_meant_as_a_command(text: str, command: tuple[str, str] | None) -> None:
    assert typed_command(text) == command


@pytest.mark.parametrize(
    ("text", "is_mistyped"),
    [("/frob", True), ("/frob ", True), ("/new", False), ("/tmp is full", False), ("/etc/hosts", False)],
)
def test_only_a_name_that_means_nothing_is_a_mistyped_command(text: str, is_mistyped: bool) -> None:
    assert is_mistyped_command(text) is is_mistyped
