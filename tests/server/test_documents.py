"""The generated reference: up to date, complete, and true of what goes over the wire."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chatty.protocol.errors import FAMILIES
from chatty.protocol.ids import new_id
from chatty.server import documents
from chatty.server.operations import ALL
from chatty.server.registry import build_registry
from tests.server.conforming import problems_of_frame

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
REGISTRY = build_registry(ALL)
BUNDLE = documents.schema_bundle(REGISTRY)
EVENT: dict[str, Any] = {
    "conversation_id": "c",
    "seq": 1,
    "type": "run.started",
    "at": "2026-01-01T00:00:00.000Z",
    "data": {"run_id": "r", "message_id": "m", "provider": "guide", "model": "guide"},
}


def test_committed_reference_is_what_the_code_says() -> None:
    assert documents.stale_documents(REFERENCE, documents.documents()) == []


def test_stale_reference_is_noticed(tmp_path: Path) -> None:
    assert documents.main(["--write", str(tmp_path)]) == 0
    assert documents.main(["--check", str(tmp_path)]) == 0
    (tmp_path / "errors.md").write_text("nothing")
    assert documents.main(["--check", str(tmp_path)]) == 1


def test_making_it_twice_gives_the_same_bytes() -> None:
    assert documents.documents() == documents.documents()


def test_bundle_is_a_schema_and_every_reference_in_it_leads_somewhere() -> None:
    Draft202012Validator.check_schema(BUNDLE)
    text = json.dumps(BUNDLE)
    named = {piece.split('"')[0] for piece in text.split("#/$defs/")[1:]}
    assert named <= set(BUNDLE["$defs"])


def test_every_method_is_described() -> None:
    described = {method["name"]: method for method in documents.openrpc(REGISTRY)["methods"]}
    assert set(described) == set(REGISTRY) == set(BUNDLE["x-methods"])
    summaries = [method["summary"] for method in described.values()]
    assert all(summary.endswith(".") for summary in summaries)
    assert len(set(summaries)) == len(summaries), "each method says what it does, not what its parameters are"


def test_docstrings_become_descriptions() -> None:
    properties = BUNDLE["$defs"]["MessageSendParams"]["properties"]
    assert properties["parent_id"]["description"] == "The message it follows; absent: the newest leaf."
    assert BUNDLE["$defs"]["OpenPart"]["properties"]["from"]["description"].startswith("Code points")
    inherited = BUNDLE["$defs"]["Page_Conversation_"]["properties"]["next"]["description"]
    assert inherited == "Cursor of the next page; `null` on the last one."


def test_every_error_family_has_a_meaning_and_every_declared_error_a_family() -> None:
    assert set(documents.MEANINGS) == set(FAMILIES)
    declared = {error for operation in REGISTRY.values() for error in operation.errors}
    assert {error.partition("/")[0] for error in declared} <= set(FAMILIES)


def test_secrets_are_in_no_result() -> None:
    for method, named in BUNDLE["x-methods"].items():
        assert "api_key" not in json.dumps(BUNDLE["$defs"][named["result"]["$ref"].split("/")[-1]]), method


@pytest.mark.parametrize(
    "frame",
    [
        {"jsonrpc": "2.0", "method": "delta", "params": {"c": "c", "m": "m", "p": 0, "d": "text"}},
        {
            "jsonrpc": "2.0",
            "method": "delta",
            "params": {"c": "c", "m": "m", "p": 0, "o": 0, "d": "", "x": 1},
        },
        {"jsonrpc": "2.0", "method": "notice", "params": {}},
        {"jsonrpc": "2.0", "method": "event", "params": {**EVENT, "type": "run.flown"}},
        {"jsonrpc": "2.0", "method": "event", "params": {**EVENT, "data": {"run_id": "r"}}},
        {"jsonrpc": "2.0", "method": "event", "params": {**EVENT, "data": {**EVENT["data"], "x": 1}}},
        {"jsonrpc": "2.0", "id": 1, "result": {}, "error": {}},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 7, "message": "", "data": {}}},
        {"jsonrpc": "2.0", "id": 1, "result": {"time": 7}},
    ],
)
def test_wrong_frames_are_noticed(frame: dict[str, object]) -> None:
    assert problems_of_frame(dict(frame), "ping")


def test_right_event_is_not_noticed() -> None:
    assert problems_of_frame({"jsonrpc": "2.0", "method": "event", "params": EVENT}, None) == []


def test_ids_are_described_as_what_they_are() -> None:
    pattern = BUNDLE["$defs"]["ConversationCreateParams"]["properties"]["id"]["pattern"]
    assert Draft202012Validator({"pattern": pattern}).is_valid(new_id())
    assert not Draft202012Validator({"pattern": pattern}).is_valid(new_id().upper())
