"""A view fed with the server's side of a transcript ends where the snapshot at its end says."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatty.client.updates import Delta, Event, Snapshot
from chatty.client.view import ConversationView
from tests.client.test_view import everything

FOLDER = Path(__file__).parents[1] / "transcripts"
LAST = "z"
"""The connection that takes a snapshot at the end of every scenario."""
IN_SNAPSHOTS_ONLY = ("last_message_at", "updated_at", "ephemeral")
"""Members of a conversation that no event repeats whenever they change."""


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.jsonl")), ids=lambda path: path.stem)
def test_view_ends_where_the_last_snapshot_is(path: Path) -> None:
    views: dict[str, ConversationView] = {}
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        if line.get("server") == "crashes":
            views.clear()
        if "receives" in line:
            take(views, line["connection"], line["receives"])
    last = views.pop(LAST)
    assert views
    for name, view in views.items():
        assert comparable(view, last) == comparable(last, last), name


def take(views: dict[str, ConversationView], connection: str, frame: dict[str, Any]) -> None:
    """Give a frame to the view of its connection; a client that made the conversation begins with none."""
    result, params = frame.get("result", {}), frame.get("params", {})
    if result.get("mode") == "snapshot":
        view = views[connection] = ConversationView()
        view.apply(Snapshot(result))
    elif result.get("mode") == "tail":
        catch_up(views[connection], result)
    elif frame.get("method") == "event":
        view = views.setdefault(connection, ConversationView())
        if params["seq"] == view.head + 1:
            view.apply(as_event(params))
    elif frame.get("method") == "delta" and connection in views:
        place = params["m"], params["p"]
        views[connection].apply(
            Delta(*place, params["o"], params["d"], params.get("g", 0), params.get("t", "text"))
        )


def catch_up(view: ConversationView, tail: dict[str, Any]) -> None:
    for event in tail["events"]:
        view.apply(as_event(event))
    for part in tail["open_parts"]:
        view.apply(Delta(part["message_id"], part["part"], 0, part["text"], part["g"], part["type"]))


def as_event(params: dict[str, Any]) -> Event:
    return Event(
        params["conversation_id"],
        params["seq"],
        params["type"],
        params["at"],
        params.get("actor"),
        params["data"],
    )


def comparable(view: ConversationView, last: ConversationView) -> dict[str, Any]:
    """Return what a view shows of the messages that the last snapshot holds."""
    shown = everything(view)
    for by_message in ("messages", "siblings"):
        shown[by_message] = {name: shown[by_message][name] for name in last.messages}
    for message in shown["messages"].values():
        message["usage"] = {k: v for k, v in (message["usage"] or {}).items() if v is not None}
    for member in IN_SNAPSHOTS_ONLY:
        shown["conversation"].pop(member, None)
    return shown
