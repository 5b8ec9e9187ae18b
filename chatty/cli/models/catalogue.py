"""The catalogue as this shell sees it: the server knows the models, the settings know the default."""

import os
from typing import Any

from chatty.cli.preferences import default_model
from chatty.cli.session import Session


def catalogue(params: dict[str, Any]) -> dict[str, Any]:
    """Return the result of ``model.list`` with the default that ``chatty ask`` would take.

    Raises:
        ProtocolError: the server's refusal, or the config file cannot be read.
    """
    answer = Session().call("model.list", params)
    chosen = default_model(os.environ)
    if chosen is None:
        return answer
    default = "guide/guide" if chosen == "guide" else chosen
    items = [{**model, "is_default": model["id"] == default} for model in answer["items"]]
    return {**answer, "items": items, "default": default}
