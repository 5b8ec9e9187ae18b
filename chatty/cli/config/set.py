"""``chatty config set``."""

from typing import Annotated

import typer

from chatty.cli.arguments import AsJson
from chatty.cli.config.keys import Key, change, shown
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say

EXAMPLE = "chatty config set model openai/gpt-5"


def set_setting(
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help='The value; "" goes back to the default.')],
    as_json: AsJson = False,
) -> None:
    """Change a setting.

    The rest of the file, comments too, stays as it is.
    """
    now = change(key, value)
    if as_json:
        print_json({"key": key, "value": now})
    else:
        say(f"{key} = {shown(now)}")
