"""``chatty models list``."""

from typing import Annotated, Any

import typer

from chatty.cli.arguments import AsJson, complete_providers
from chatty.cli.errors import error_from_object, error_line
from chatty.cli.models.catalogue import catalogue
from chatty.cli.models.prices import price
from chatty.cli.output.json import print_json
from chatty.cli.output.streams import write_note
from chatty.cli.output.tables import print_table

EXAMPLE = "chatty models list --provider openai"


def list_models(
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider", metavar="NAME", help="Only this provider's.", autocompletion=complete_providers
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also models of providers that have no key here.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List models and their prices.

    Prices are list prices in USD per million tokens.
    """
    params: dict[str, Any] = {"all": everything}
    if provider is not None:
        params["provider"] = provider
    answer = catalogue(params)
    if as_json:
        shown = {"items": answer["items"], "next": None, "default": answer.get("default")}
        print_json({**shown, "unanswered": answer.get("unanswered", [])})
        return
    print_table(
        ("MODEL", "CONTEXT", "IN", "OUT", ""),
        [_row(model) for model in answer["items"]],
        empty=_none(provider, everything),
    )
    for missing in answer.get("unanswered", ()):
        write_note(error_line(error_from_object(missing["error"])))


def _none(provider: str | None, everything: bool) -> str:
    if provider is None:
        return "no models; add a provider with: chatty providers add openai"
    if everything:
        return f"no model of {provider} is known"
    return f"{provider} has no key here, or no models; see: chatty models list --provider {provider} --all"


def _row(model: dict[str, Any]) -> tuple[str, ...]:
    marks = [
        word for word, holds in (("default", model["is_default"]), ("no key", not model["is_ready"])) if holds
    ]
    return (
        model["id"],
        _tokens(model.get("context_tokens")),
        price(model, "input") or "-",
        price(model, "output") or "-",
        ", ".join(marks),
    )


def _tokens(count: int | None) -> str:
    return "-" if count is None else f"{count // 1000}k"
