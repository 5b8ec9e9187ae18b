"""``chatty providers list``."""

from chatty.cli.arguments import AsJson
from chatty.cli.output.json import print_items
from chatty.cli.output.tables import print_table
from chatty.cli.session import Session

EXAMPLE = "chatty providers list"


def list_providers(as_json: AsJson = False) -> None:
    """List providers and where their keys come from."""
    rows = Session().call("provider.list", {})["items"]
    if as_json:
        print_items(rows)
        return
    print_table(
        ("NAME", "KEY", "KIND", "MODEL", "ADDRESS"),
        [
            (
                row["name"],
                row["key_source"].replace("_", " "),
                row["kind"],
                row.get("default_model") or "-",
                row.get("base_url") or "-",
            )
            for row in rows
        ],
        empty="no providers; add one with: chatty providers add openai",
    )
