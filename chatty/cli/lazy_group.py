"""A Typer group whose commands are imported when they are named, not before.

It knows nothing of what the commands do. A command is a function with Typer's annotations in a
module of its own; the module's ``EXAMPLE`` is shown at the end of its help.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

HELP_SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "terminal_width": 80}
"""Help has one width everywhere, so that pages rendered beforehand are what would be rendered now."""


@dataclass(frozen=True, slots=True)
class CommandAt:
    """A command by the place of its function."""

    module: str
    function: str

    def load(self, name: str) -> Any:
        """Import the module and return the finished command."""
        module = import_module(self.module)
        app = _plain_typer()
        app.command(name, epilog=f"Example: {module.EXAMPLE}", context_settings=HELP_SETTINGS)(
            getattr(module, self.function)
        )
        return get_command(app)


@dataclass(frozen=True, slots=True)
class GroupOf:
    """A noun with its verbs."""

    help: str
    example: str
    commands: Mapping[str, CommandAt]
    default: str | None = None
    """The verb that is meant when none is given."""

    def load(self, name: str) -> Any:
        """Return the finished group; none of its commands is imported."""
        return build_group(name, self, callback=_nothing)


Entry = CommandAt | GroupOf


class LazyGroup(TyperGroup):
    """A group that finds its commands in a table; ``entries`` and ``default`` are set when built."""

    entries: Mapping[str, Entry] = {}
    default: str | None = None

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the table."""
        return list(self.entries)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and return one command, ``None`` if there is none of that name."""
        if cmd_name not in self.commands and cmd_name in self.entries:
            self.commands[cmd_name] = self.entries[cmd_name].load(cmd_name)
        return self.commands.get(cmd_name)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put in the verb that goes without saying."""
        if self.default and not ctx.resilient_parsing and (not args or _is_option_of_verb(args[0])):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; a word that is nearly one is answered with the one."""
        if args and args[0] not in self.entries:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.entries, n=1)
            ctx.fail(f'there is no command "{args[0]}"' + (f', did you mean "{near[0]}"?' if near else ""))
        return super().resolve_command(ctx, args)


def _is_option_of_verb(word: str) -> bool:
    return word.startswith("-") and word not in ("-h", "--help")


def build_group(
    name: str,
    group: GroupOf,
    *,
    entries: Mapping[str, Entry] | None = None,
    callback: Callable[..., None],
    invoke_without_command: bool = False,
) -> LazyGroup:
    """Build a group from its table.

    Args:
        name: the word it is called by.
        group: its help, example and verbs.
        entries: the table, when it holds groups too (the root).
        callback: declares the group's own options.
        invoke_without_command: whether the callback answers when no command is named.
    """
    app = _plain_typer(cls=LazyGroup)
    app.info.name = name
    app.callback(
        help=group.help,
        epilog=f"Example: {group.example}",
        invoke_without_command=invoke_without_command,
        context_settings=HELP_SETTINGS,
    )(callback)
    built = get_command(app)
    assert isinstance(built, LazyGroup)
    built.entries = entries if entries is not None else group.commands
    built.default = group.default
    return built


def _plain_typer(cls: type[TyperGroup] | None = None) -> typer.Typer:
    # Rich help would double what the import costs.
    return typer.Typer(cls=cls, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def _nothing() -> None:
    """A group without options of its own."""
