"""``chatty config list``."""

from chatty.cli.arguments import AsJson
from chatty.cli.config.keys import all_settings, shown
from chatty.cli.output.json import print_items
from chatty.cli.output.tables import print_table

EXAMPLE = "chatty config list --json"


def list_settings(as_json: AsJson = False) -> None:
    """List every setting with its value and where that comes from."""
    rows = all_settings()
    if as_json:
        print_items(rows)
        return
    print_table(
        ("SETTING", "VALUE", "FROM", "MEANS"),
        [(row["key"], shown(row["value"]), row["from"], row["means"]) for row in rows],
        empty="no settings",
    )
