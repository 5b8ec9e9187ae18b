"""``chatty completion install``: puts the script where the shell looks; start-up files stay as they are."""

import os

from chatty.cli.completion.scripts import SCRIPTS
from chatty.cli.completion.shells import Shell, ShellArgument, chosen, script_path
from chatty.cli.output.files import write_result
from chatty.cli.output.notes import say
from chatty.protocol.errors import ProtocolError

EXAMPLE = "chatty completion install zsh"


def install_script(shell: ShellArgument = None) -> None:
    """Put the script where the shell looks.

    It works in the next shell that is opened; start-up files stay as they are.
    """
    meant = chosen(shell)
    path = script_path(meant, os.path.expanduser("~"))
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    except OSError as error:
        raise ProtocolError("storage/output", f"{error.filename} cannot be made: {error.strerror}") from error
    write_result(SCRIPTS[meant.value], path)
    say(f"installed: {path}")
    if meant is Shell.ZSH:
        say(f"if it is not found, put this before compinit in .zshrc: fpath+=({os.path.dirname(path)})")
    if meant is Shell.BASH:
        say("it is found by the bash-completion package; without that: source the file in .bashrc")
