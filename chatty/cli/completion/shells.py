"""Which shell is meant, and where its completion script belongs."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from chatty.cli.errors import usage_error


class Shell(StrEnum):
    """The shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


ShellArgument = Annotated[
    Shell | None, typer.Argument(metavar="[bash|zsh|fish]", help="The shell; else the one in SHELL.")
]


def chosen(shell: Shell | None) -> Shell:
    """Return the shell that is named, else the one the environment names.

    Raises:
        ProtocolError: ``invalid_params/usage``, when that is none of ours.
    """
    if shell is not None:
        return shell
    name = os.path.basename(os.environ.get("SHELL", ""))
    try:
        return Shell(name)
    except ValueError:
        raise usage_error("SHELL names no shell known here; give bash, zsh or fish") from None


def script_path(shell: Shell, home: str) -> str:
    """Return the file that shell reads completions from, without changing any start-up file.

    bash: the user directory of bash-completion; fish: its completions directory; zsh: a directory
    that has to be in ``fpath``.
    """
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    match shell:
        case Shell.BASH:
            return os.path.join(data, "bash-completion", "completions", "chatty")
        case Shell.ZSH:
            return os.path.join(data, "zsh", "site-functions", "_chatty")
        case Shell.FISH:
            return os.path.join(config, "fish", "completions", "chatty.fish")
