"""``chatty server status``: how the local server is, without starting it."""

import os
from typing import Any

from chatty.cli.arguments import AsJson
from chatty.cli.output.facts import print_facts
from chatty.cli.output.json import print_json
from chatty.cli.output.times import duration
from chatty.cli.server.stop import ANSWER_SECONDS
from chatty.cli.session import Session
from chatty.client.locations import Locations
from chatty.protocol.errors import ProtocolError

EXAMPLE = "chatty server status --json"

FIELDS = ("state", "pid", "version", "protocol", "connections", "active_runs", "uptime_seconds", "data_path")
"""What scripts may rely on, running or not."""


def show_status(as_json: AsJson = False) -> None:
    """Show whether the local server runs, and how it is."""
    status = read_status()
    if as_json:
        print_json(status)
        return
    uptime = status["uptime_seconds"]
    print_facts(
        {
            "state": status["state"],
            "process": status["pid"],
            "version": status["version"],
            "connections": status["connections"],
            "answering": status["active_runs"],
            "up for": None if uptime is None else duration(uptime),
            "data": status["data_path"],
        }
    )


def read_status() -> dict[str, Any]:
    """Return the status with all fields; those that only a running server knows are ``None`` without one."""
    try:
        answer = Session(start=False).call("server.status", {}, timeout_seconds=ANSWER_SECONDS)
    except ProtocolError as error:
        if error.type != "connection/refused":
            raise
        answer = {"state": "stopped", "data_path": Locations.from_environment(os.environ).data_dir}
    return {field: answer.get(field) for field in FIELDS}
