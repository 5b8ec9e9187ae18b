"""What the guide tells people to type exists, and what exists is in the guide."""

from pathlib import Path

import pytest

from tests.docs.command_tree import Node, command_tree, leaves
from tests.docs.pages import GUIDE, ROOT, Command, commands

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(GUIDE.glob("*.md"))]
SHOWN = [command for page in PAGES for command in commands(page)]


@pytest.fixture(scope="module")
def tree() -> Node:
    return command_tree()


def test_the_pages_show_commands() -> None:
    assert len(SHOWN) > 100
    assert Command("README.md", ("ask", "-m", "guide", "TEXT")) in SHOWN


@pytest.mark.parametrize("command", SHOWN, ids=str)
def test_shown_command_exists_with_its_options(tree: Node, command: Command) -> None:
    node, rest = tree.find(command.words)
    if node.below and rest and not rest[0].startswith("-"):
        pytest.fail(f"there is no command {rest[0]!r}")
    given = {word.split("=", 1)[0] for word in rest if word.startswith("-") and word != "-"}
    assert given <= node.all_options() | {"--debug"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('```sh\ngit diff | chatty ask "a | b"   # why\n```', [("ask", "TEXT")]),
        ("```sh\npython -m venv . && .venv/bin/chatty\n```", [()]),
        ("```\nchatty nothing\n```", []),
        ("Say `chatty server backup`, then `chatty chats`.", [("server", "backup"), ("chats",)]),
        ("`chatty ask --prompt x > answer.md`", [("ask", "--prompt", "x", ">", "answer.md")]),
    ],
)
def test_commands_are_found_in_shell_blocks_and_inline_code(
    tmp_path: Path, text: str, words: list[tuple[str, ...]]
) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert [command.words for command in commands(page)] == words


def test_every_command_is_in_the_guide(tree: Node) -> None:
    shown = {command.words[: len(leaf)] for command in SHOWN for leaf in leaves(tree)}
    missing = [leaf for leaf in leaves(tree) if not _is_shown(tree, leaf, shown)]
    assert missing == []


def _is_shown(tree: Node, leaf: tuple[str, ...], shown: set[tuple[str, ...]]) -> bool:
    """A verb that goes without saying is shown by its noun alone."""
    group, _ = tree.find(leaf[:-1])
    return leaf in shown or (group.default == leaf[-1] and leaf[:-1] in shown)
