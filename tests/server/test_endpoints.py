import asyncio
from pathlib import Path
from typing import Any

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from tests.server.joined import JoinedServer, joined_server, running, sending


@pytest.mark.parametrize(
    ("model", "error_type", "advice"),
    [
        ("gpt-5", "not_found", "PROVIDER/MODEL"),
        ("nobody/gpt-5", "not_found", "providers add"),
        ("lab", "invalid_params/model_missing", "chatty models list --provider lab"),
    ],
)
async def test_name_that_means_no_model_is_refused_with_the_way_on(
    tmp_path: Path, model: str, error_type: str, advice: str
) -> None:
    async with joined_server(tmp_path) as server:
        client = await server.connect()
        await client.call("provider.add", name="lab", base_url="http://127.0.0.1:1/v1")
        with pytest.raises(ProtocolError) as refused:
            await client.call("message.send", sending(new_id(), "hello", run=running(model=model)))
        assert refused.value.type == error_type
        assert advice in refused.value.message


async def test_provider_added_during_a_look_at_them_is_known_afterwards(
    server: JoinedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = server.services
    scope, read = services.principal.scope, services.stores.durable.read
    has_read, may_go_on = asyncio.Event(), asyncio.Event()

    async def gated(*arguments: Any) -> Any:
        found = await read(*arguments)
        has_read.set()
        await may_go_on.wait()
        return found

    monkeypatch.setattr(services.stores.durable, "read", gated)
    looking = asyncio.create_task(services.endpoints.known(scope))
    await has_read.wait()
    await services.endpoints.put(scope, "lab", "openai", "http://127.0.0.1:9/v1", None)
    may_go_on.set()
    for known in (await looking, await services.endpoints.known(scope)):
        assert "lab" in [provider.name for provider in known]


async def test_address_from_the_callers_shell_is_shown_to_it_without_a_password(server: JoinedServer) -> None:
    own = {"providers": {"openai": {"base_url": "http://me:secret@127.0.0.1:9/v1"}}}
    client = await server.connect(provider_credentials=own)
    rows = {row["name"]: row for row in (await client.call("provider.list"))["items"]}
    assert rows["openai"]["base_url"] == "http://…@127.0.0.1:9/v1"
    other = await server.connect()
    rows = {row["name"]: row for row in (await other.call("provider.list"))["items"]}
    assert rows["openai"].get("base_url") is None
