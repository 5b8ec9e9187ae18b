"""``chatty models show``."""

from typing import Annotated, Any, Literal

import typer

from chatty.cli.arguments import AsJson, complete_models
from chatty.cli.models.catalogue import catalogue
from chatty.cli.models.prices import UNIT, price
from chatty.cli.output.facts import print_facts
from chatty.cli.output.json import print_json
from chatty.protocol.errors import ProtocolError

EXAMPLE = "chatty models show guide/guide"


def show_model(
    model: Annotated[
        str, typer.Argument(metavar="PROVIDER/MODEL", help="The model.", autocompletion=complete_models)
    ],
    as_json: AsJson = False,
) -> None:
    """Show what is known about a model."""
    wanted = "guide/guide" if model == "guide" else model
    for found in catalogue({"all": True})["items"]:
        if found["id"] == wanted:
            break
    else:
        raise ProtocolError("not_found", f'no model "{model}" is known; see: chatty models list --all')
    if as_json:
        print_json({"model": found})
        return
    print_facts(
        {
            "model": found["id"],
            "provider": found["provider"],
            "context": f"{found['context_tokens']} tokens" if found.get("context_tokens") else None,
            "input": _price(found, "input"),
            "output": _price(found, "output"),
            "ready": found["is_ready"],
            "default": found["is_default"],
        }
    )


def _price(model: dict[str, Any], side: Literal["input", "output"]) -> str | None:
    known = price(model, side)
    return None if known is None else f"{known} {UNIT}"
