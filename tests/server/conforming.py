"""Checks what a server wrote against the published schema, more strictly than clients have to.

Clients tolerate members they do not know; here an unknown member is a fault: the reference lacks it.
"""

import functools
from typing import Any

from jsonschema import Draft202012Validator

from chatty.server.documents import schema_bundle
from chatty.server.operations import ALL
from chatty.server.registry import build_registry
from tests.server.joined import Frame, JoinedClient


@functools.cache
def _bundle() -> Any:
    bundle = schema_bundle(build_registry(ALL))
    for definition in bundle["$defs"].values():
        if definition.get("type") == "object":
            definition.setdefault("additionalProperties", False)
    return bundle


@functools.cache
def _validator(reference: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": reference, "$defs": _bundle()["$defs"]})


def _problems(value: Any, reference: str) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in _validator(reference).iter_errors(value)]


def problems_of_frame(frame: Frame, method: str | None) -> list[str]:
    """Return what is wrong with one frame of the server; `method` is what it answers."""
    if "method" in frame:
        kind = {"event": "Event", "delta": "Delta", "signal": "Signal", "notice": "Notice"}[frame["method"]]
        found = _problems(frame, f"#/$defs/{kind}NotificationFrame")
        if kind == "Event" and not found:
            found = _problems_of_event(frame["params"])
        return found
    if "error" in frame:
        return _problems(frame, "#/$defs/ErrorFrame")
    found = _problems(frame, "#/$defs/ResultFrame")
    if method is not None:
        found += _problems(frame["result"], _bundle()["x-methods"][method]["result"]["$ref"])
    return found


def _problems_of_event(event: Frame) -> list[str]:
    described = _bundle()["x-events"].get(event["type"])
    if described is None:
        return [f"no event is called {event['type']}"]
    return _problems(event["data"], described["$ref"])


def assert_conforming(client: JoinedClient) -> None:
    """Fail when the server wrote a frame to this client that the reference does not describe."""
    for frame in client.frames:
        method = client.methods.get(frame["id"]) if isinstance(frame.get("id"), int) else None
        assert problems_of_frame(frame, method) == [], frame
