"""``chatty providers remove``."""

from chatty.cli.arguments import AsJson, ProviderArgument
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session

EXAMPLE = "chatty providers remove openai"


def remove_provider(name: ProviderArgument, as_json: AsJson = False) -> None:
    """Forget an endpoint of your own, or the key of a built-in provider."""
    Session().call("provider.remove", {"name": name})
    if as_json:
        print_json({"name": name, "status": "removed"})
    else:
        say(f"removed {name}")
