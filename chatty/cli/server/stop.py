"""``chatty server stop``: asks the server to leave; with ``--force`` ends one that does not."""

import os
import time
from typing import Annotated

import typer

from chatty.cli.arguments import AsJson
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session
from chatty.client.locations import Locations
from chatty.protocol.errors import ProtocolError

EXAMPLE = "chatty server stop"

LEAVING_SECONDS = 40.0
"""The server gives its runs 30 s to end before it interrupts them and keeps what they wrote."""
ANSWER_SECONDS = 10.0
"""Longer than it takes to see that a server is stuck, which says more than that time is up."""
_CANNOT_BE_ASKED = ("connection", "timeout", "protocol_unsupported")
_LOOK_AGAIN_SECONDS = 0.05


def stop_server(
    force: Annotated[
        bool, typer.Option("--force", help="Also while answers are being written, and when it is stuck.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Stop the local server.

    Nothing is lost: answers so far are kept, and it starts again when needed.
    """
    session = Session(start=False, timeout_seconds=ANSWER_SECONDS)
    try:
        was_running = _ask_to_leave(session, even_if_busy=force)
    except ProtocolError as error:
        if not force or error.family not in _CANNOT_BE_ASKED:
            raise
        was_running = _end()
    if as_json:
        print_json({"state": "stopped"})
    else:
        say("stopped" if was_running else "was not running")


def _ask_to_leave(session: Session, *, even_if_busy: bool) -> bool:
    """Ask, wait until it is gone, and tell whether there was one.

    Raises:
        ProtocolError: ``conflict/run_active`` when it is busy; ``timeout`` or ``connection/…`` when it
            does not answer or does not leave.
    """
    try:
        answer = session.call("server.stop", {"if_idle": not even_if_busy})
    except ProtocolError as error:
        if error.type != "connection/refused":
            raise
        # Nobody listens; one that is stuck before it listens can only be ended.
        return _end() if even_if_busy else False
    if not answer["stopping"]:
        count = answer["active_runs"]
        raise ProtocolError(
            "conflict/run_active",
            f"{'an answer is' if count == 1 else f'{count} answers are'} being written; "
            "wait until that is done, or: chatty server stop --force",
        )
    pid = session.server_pid
    _wait_until_gone(session)
    if pid is not None:
        _wait_until_ended(pid)
    return True


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
        "timeout",
        f"the server has not left within {LEAVING_SECONDS:.0f} s; end it with: chatty server stop --force",
    )


def _wait_until_ended(pid: int) -> None:
    """Nobody listens any more, but files are still being closed: whoever stops it may want to move them."""
    from chatty.client.force import wait_for_end

    wait_for_end(pid, ANSWER_SECONDS)


def _end() -> bool:
    """End the process itself and tell whether there was one."""
    # Looks processes up, which costs what only a stuck server is worth.
    from chatty.client.force import stop_by_force

    return stop_by_force(Locations.from_environment(os.environ)) is not None
