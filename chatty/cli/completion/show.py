"""``chatty completion show``."""

from chatty.cli.completion.scripts import SCRIPTS
from chatty.cli.completion.shells import ShellArgument, chosen
from chatty.cli.output.streams import write_out

EXAMPLE = 'eval "$(chatty completion show bash)"'


def show_script(shell: ShellArgument = None) -> None:
    """Print the completion script of a shell."""
    write_out(SCRIPTS[chosen(shell).value])
