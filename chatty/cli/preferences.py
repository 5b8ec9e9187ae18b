"""The little of the settings that one-shot commands need, without loading the models behind them."""

import os
from collections.abc import Mapping

from chatty.client.locations import Locations

VARIABLES = {"model": "CHATTY_MODEL"}
"""Setting -> the variable that goes before the file."""


def default_model(environ: Mapping[str, str]) -> str | None:
    """Return the model to ask when nothing nearer names one: environment, then config file, then none.

    Raises:
        ProtocolError: the config file cannot be read, or holds what is no setting.
    """
    chosen = environ.get(VARIABLES["model"])
    if chosen:
        return chosen
    path = Locations.from_environment(environ).config_file
    if not os.path.exists(path):
        return None
    # tomllib costs 4 ms: only those who wrote a file pay for it.
    from chatty.client.settings import read_model

    return read_model(path)
