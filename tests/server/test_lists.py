"""Pages of every list: a cursor goes on in the list it came from, and nowhere else."""

from typing import Any

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from tests.server.joined import JoinedClient, sending

CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("conversation.list", {}, {"archived": True}),
    ("conversation.list", {"updated_since": "2026-01-01T00:00:00.000Z"}, {"origin": "script"}),
    ("project.list", {}, {"archived": True}),
    ("prompt.list", {}, {"project_id": "01890000-0000-7000-8000-000000000001"}),
    ("search.query", {"query": "walrus"}, {"query": "walrus -seal"}),
    ("search.query", {"query": "walrus"}, {"role": "user"}),
]
"""Method, its filters, and what another list says otherwise."""


@pytest.fixture
async def filled(client: JoinedClient) -> JoinedClient:
    for number in range(3):
        params = sending(new_id(), f"walrus {number}", with_run=False)
        params["conversation"]["create"] = {}
        await client.call("message.send", params)
        await client.call("project.create", id=new_id(), name=f"{number}")
        await client.call("prompt.create", id=new_id(), name=f"{number}", body="text")
    return client


@pytest.mark.parametrize(("method", "filters", "otherwise"), CASES, ids=lambda case: str(case))
async def test_cursor_is_good_for_its_own_list(
    filled: JoinedClient, method: str, filters: dict[str, Any], otherwise: dict[str, Any]
) -> None:
    first = await filled.call(method, filters, limit=1)
    rest = await filled.call(method, filters, limit=200, cursor=first["next"])
    whole = await filled.call(method, filters, limit=200)
    assert first["items"] + rest["items"] == whole["items"]
    with pytest.raises(ProtocolError) as refused:
        await filled.call(method, {**filters, **otherwise}, limit=1, cursor=first["next"])
    assert refused.value.type == "cursor_expired"
