"""``chatty server start``."""

from chatty.cli.arguments import AsJson
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session

EXAMPLE = "chatty server start"


def start_server(as_json: AsJson = False) -> None:
    """Start the local server unless it runs."""
    status = Session().call("server.status", {})
    if as_json:
        print_json(status)
    else:
        say(f"running, process {status['pid']}, version {status['version']}")
