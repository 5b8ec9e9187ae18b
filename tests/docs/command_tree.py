"""The command line as a tree of words, read from the application itself."""

from dataclasses import dataclass, field
from typing import Any

from chatty.cli.app import root_command


@dataclass(frozen=True, slots=True)
class Node:
    """A command or a group: the options it takes and the words that may follow."""

    options: frozenset[str]
    below: dict[str, "Node"] = field(default_factory=dict)
    default: str | None = None

    def find(self, words: tuple[str, ...]) -> tuple["Node", tuple[str, ...]]:
        """Follow the words as far as they name commands; return that node and the words left."""
        if words and words[0] in self.below:
            return self.below[words[0]].find(words[1:])
        return self, words

    def all_options(self) -> frozenset[str]:
        """Return its options and those of the verb that goes without saying."""
        return self.options | (self.below[self.default].options if self.default else frozenset())


def command_tree() -> Node:
    """Load every command."""
    return _node(root_command())


def leaves(node: Node, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the words of every command below a node."""
    if not node.below:
        return [words]
    return [leaf for word, below in node.below.items() for leaf in leaves(below, (*words, word))]


def _node(command: Any) -> Node:
    options = frozenset(option for parameter in command.params for option in parameter.opts) | {"--help"}
    names = command.list_commands(None) if hasattr(command, "list_commands") else []
    below = {name: _node(command.get_command(None, name)) for name in names}
    return Node(options, below, getattr(command, "default", None))
