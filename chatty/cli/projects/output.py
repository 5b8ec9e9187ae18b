"""How one project is printed after reading or changing it."""

from typing import Any

from chatty.cli.output.facts import print_facts
from chatty.cli.output.json import print_json
from chatty.cli.output.times import minute


def print_project(project: dict[str, Any], *, as_json: bool) -> None:
    """Print a project, for people or for scripts."""
    if as_json:
        print_json({"project": project})
        return
    print_facts(
        {
            "name": project["name"],
            "id": project["id"],
            "default model": project.get("default_model"),
            "instructions": project.get("instructions"),
            "created": minute(project["created_at"]),
            "archived": minute(project["archived_at"]) if project.get("archived_at") else None,
        }
    )
