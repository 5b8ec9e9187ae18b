"""Which printer shows the answer: by the options, and by what standard output is."""

from chatty.cli.ask.options import AskOptions
from chatty.cli.ask.printers import Gathered, JsonLines, Printer, SanitisedText, Silent, Verbatim
from chatty.cli.output.streams import out_is_terminal


def choose(options: AskOptions) -> Printer:
    """Return the printer for these options and this standard output."""
    if options.output == "json":
        return Silent()
    if options.output == "jsonl":
        return JsonLines()
    shown = _for_terminal(options) if out_is_terminal() else Verbatim()
    return shown if options.streams else Gathered(shown)


def _for_terminal(options: AskOptions) -> Printer:
    if options.is_raw:
        return SanitisedText()
    from chatty.cli.ask.markdown_printer import MarkdownText

    return MarkdownText()
