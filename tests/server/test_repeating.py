"""Whatever makes something under an id of the client's may be asked for again: done once, answered twice."""

from typing import Any

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from tests.server.joined import JoinedClient, sending

MAKING: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("conversation.create", {"title": "one"}, {"title": "two"}),
    ("conversation.fork", {"title": "one"}, {"title": "two"}),
    ("project.create", {"name": "one", "instructions": "Short."}, {"instructions": "Long."}),
    ("prompt.create", {"name": "one", "body": "Look", "tags": ["a"]}, {"body": "Look away"}),
    ("prompt.create", {"name": "one", "body": "Look", "tags": ["a"]}, {"tags": ["b"]}),
]
"""Method, its parameters, and what another request under the same id says otherwise."""


@pytest.mark.parametrize(("method", "params", "otherwise"), MAKING, ids=lambda case: str(case))
async def test_what_is_made_may_be_asked_for_again(
    client: JoinedClient, method: str, params: dict[str, Any], otherwise: dict[str, Any]
) -> None:
    if method == "conversation.fork":
        sent = sending(new_id(), "hello", with_run=False)
        sent["conversation"]["create"] = {}
        await client.call("message.send", sent)
        params = {**params, "conversation_id": sent["conversation"]["id"]}
    params = {**params, "id": new_id()}
    noun = method.partition(".")[0]
    first = await client.call(method, params)
    again = await client.call(method, params)
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    assert again[noun] == first[noun]
    with pytest.raises(ProtocolError) as refused:
        await client.call(method, params, **otherwise)
    assert refused.value.type == "conflict/idempotency_mismatch"
