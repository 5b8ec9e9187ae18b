"""``chatty config path``."""

import os

from chatty.cli.arguments import AsJson
from chatty.cli.output.foreign import write_path
from chatty.cli.output.json import print_json
from chatty.client.locations import Locations

EXAMPLE = "chatty config path"


def show_path(as_json: AsJson = False) -> None:
    """Print where the configuration file is, or would be."""
    path = Locations.from_environment(os.environ).config_file
    if as_json:
        print_json({"path": path, "exists": os.path.exists(path)})
    else:
        write_path(path)
