"""How one prompt is printed after reading or changing it."""

from typing import Any

from chatty.cli.output.facts import print_facts
from chatty.cli.output.json import print_json
from chatty.cli.output.times import minute


def print_prompt(prompt: dict[str, Any], *, as_json: bool) -> None:
    """Print a prompt and its newest version, for people or for scripts."""
    if as_json:
        print_json({"prompt": prompt})
        return
    latest = prompt["latest"]
    print_facts(
        {
            "name": prompt["name"],
            "id": prompt["id"],
            "title": prompt.get("title"),
            "tags": prompt.get("tags"),
            "version": latest["n"],
            "note": latest.get("note"),
            "variables": latest["variables"],
            "written": minute(latest["created_at"]),
            "text": latest["body"],
        }
    )
