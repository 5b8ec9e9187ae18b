"""The request behind a question: which conversation, which model, and the ids of everything made.

It asks the server only for what the words on the command line leave open.
"""

import os
from dataclasses import dataclass
from typing import Any

from chatty.cli import references
from chatty.cli.ask.options import AskOptions
from chatty.cli.preferences import default_model
from chatty.cli.session import Session
from chatty.protocol.ids import new_id

SERVER_GRACE_SECONDS = 5.0
"""The server's own limit is a little later than ours, so that only one of the two speaks."""
_LONGEST_RUN_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Request:
    """A ``message.send`` ready to go, with the ids that were minted for it."""

    conversation_id: str
    message_id: str
    reply_id: str
    run_id: str
    params: dict[str, Any]


def build(session: Session, options: AskOptions, parts: list[dict[str, Any]]) -> Request:
    """Return the request for a question.

    Raises:
        ProtocolError: ``not_found`` when the conversation or project named does not exist.
    """
    goes_on = options.continue_last or options.conversation is not None
    place, run = _going_on(session, options) if goes_on else _starting(session, options)
    run |= {"id": new_id(), "reply_id": new_id(), "params": dict(options.params)}
    if options.model:
        run["model"] = options.model
    if options.timeout_seconds is not None:
        grace = 0.0 if options.is_detached else SERVER_GRACE_SECONDS
        run["timeout_seconds"] = min(options.timeout_seconds + grace, _LONGEST_RUN_SECONDS)
    params: dict[str, Any] = {
        "conversation": place,
        "id": new_id(),
        # What is being answered from elsewhere is waited for.
        "mode": "queue" if goes_on else "append",
        "parts": parts,
        "run": run,
        "subscribe": not options.is_detached,
    }
    return Request(place["id"], params["id"], run["reply_id"], run["id"], params)


def _going_on(session: Session, options: AskOptions) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the conversation to go on with, and what the run needs beyond it."""
    found = references.conversation(session, options.conversation or references.LAST)
    run = {} if found.get("model") else _with_default_model(session, found.get("project_id"))
    if options.system is not None:
        run["system"] = options.system
    return {"id": found["id"]}, run


def _starting(session: Session, options: AskOptions) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the conversation to be made, and what the run needs beyond it."""
    draft: dict[str, Any] = {"origin": options.origin, "ephemeral": options.is_ephemeral}
    if options.project is not None:
        draft["project_id"] = references.project(session, options.project)["id"]
    run = _with_default_model(session, draft.get("project_id"))
    model = options.model or run.get("model")
    if model:
        draft["model"] = model
    if options.system is not None:
        draft["system"] = options.system
    return {"id": options.new_conversation or new_id(), "create": draft}, run


def _with_default_model(session: Session, project_id: str | None) -> dict[str, Any]:
    """Name this user's default model, unless there is none or the project's own goes before it."""
    model = default_model(os.environ)
    if model and project_id:
        project = session.call("project.get", {"project_id": project_id})["project"]
        model = None if project.get("default_model") else model
    return {"model": model} if model else {}
