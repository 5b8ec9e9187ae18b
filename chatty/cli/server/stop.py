"""``chatty server stop``."""

import time
from typing import Annotated

import typer

from chatty.cli.arguments import AsJson
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session
from chatty.protocol.errors import ProtocolError

EXAMPLE = "chatty server stop"

LEAVING_SECONDS = 40.0
"""The server gives its runs 30 s to end before it interrupts them and keeps what they wrote."""
_LOOK_AGAIN_SECONDS = 0.05


def stop_server(
    force: Annotated[bool, typer.Option("--force", help="Also while answers are being written.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop the local server.

    Nothing is lost: answers so far are kept, and it starts again when needed.
    """
    session = Session(start=False)
    try:
        answer = session.call("server.stop", {"if_idle": not force})
    except ProtocolError as error:
        if error.type != "connection/refused":
            raise
        _say_stopped("was not running", as_json=as_json)
        return
    if not answer["stopping"]:
        raise ProtocolError(
            "conflict/run_active",
            f"{answer['active_runs']} answers are being written; "
            "wait for them, or: chatty server stop --force",
        )
    _wait_until_gone(session)
    _say_stopped("stopped", as_json=as_json)


def _wait_until_gone(session: Session) -> None:
    until = time.monotonic() + LEAVING_SECONDS
    while time.monotonic() < until:
        try:
            session.call("ping", {}, timeout_seconds=1.0)
        except ProtocolError as error:
            if error.type == "connection/refused":
                return
        time.sleep(_LOOK_AGAIN_SECONDS)
    raise ProtocolError(
        "timeout", f"the server has not left within {LEAVING_SECONDS:.0f} s; see: chatty server logs"
    )


def _say_stopped(word: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"state": "stopped"})
    else:
        say(word)
