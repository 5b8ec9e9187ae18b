"""``chatty config get``."""

from chatty.cli.arguments import AsJson
from chatty.cli.config.keys import Key, current_value, shown
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say

EXAMPLE = "chatty config get model"


def get_setting(key: Key, as_json: AsJson = False) -> None:
    """Print the value that a setting has here."""
    value = current_value(key)
    if as_json:
        print_json({"key": key, "value": value})
    else:
        say(shown(value))
