import asyncio
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.errors import KeyringLocked

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
    own = {"providers": {"openai": {"base_url": "http://me:secret@127.0.0.1:9/v1?key=secret"}}}
    client = await server.connect(provider_credentials=own)
    rows = {row["name"]: row for row in (await client.call("provider.list"))["items"]}
    assert rows["openai"]["base_url"] == "http://…@127.0.0.1:9/v1?…"
    other = await server.connect()
    rows = {row["name"]: row for row in (await other.call("provider.list"))["items"]}
    assert rows["openai"].get("base_url") is None


async def _kept(server: JoinedServer, name: str) -> str:
    rows = (await (await server.connect()).call("provider.list"))["items"]
    source: str = next(row["key_source"] for row in rows if row["name"] == name)
    return source


async def test_key_goes_to_the_address_it_was_given_for_and_to_no_other(server: JoinedServer) -> None:
    client = await server.connect()
    there, elsewhere = "http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"
    await client.call("provider.add", name="lab", base_url=there, api_key="sk-1", keep_in="file")
    assert await _kept(server, "lab") == "file"
    await client.call("provider.add", name="lab", base_url=elsewhere)
    assert await _kept(server, "lab") == "not_needed"
    await client.call("provider.add", name="openai", api_key="sk-2", keep_in="file")
    await client.call("provider.add", name="openai", base_url=elsewhere)
    assert await _kept(server, "openai") == "not_needed"


async def test_key_of_an_endpoint_is_replaced_without_saying_again_where_it_is(server: JoinedServer) -> None:
    client = await server.connect()
    await client.call("provider.add", name="lab", base_url="http://127.0.0.1:1/v1", default_model="m")
    await client.call("provider.add", name="lab", api_key="sk-1", keep_in="file")
    await client.call("provider.add", name="lab", default_model="n")
    added = (await client.call("provider.add", name="lab", kind="groq"))["provider"]
    assert (added["base_url"], added["default_model"], added["kind"], added["key_source"]) == (
        "http://127.0.0.1:1/v1",
        "n",
        "groq",
        "file",
    )


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"base_url": "http://me:secret@h/v1"}, "no name and password"),
        ({"base_url": "http://h/v1?key=secret"}, "without ? and #"),
        ({"base_url": "http://h/v1#x"}, "without ? and #"),
        ({"base_url": "http://h:99999/v1"}, "an address like"),
        ({"base_url": "http://a b/"}, "an address like"),
        ({"base_url": "http://h/\x1b[31m"}, "an address like"),
        ({"base_url": "localhost:11434"}, "an address like"),
        ({"base_url": "http:///v1"}, "an address like"),
        ({}, "lab is new"),
        ({"name": "openai"}, "nothing to keep"),
        ({"name": "guide", "api_key": "sk-secret"}, "needs nothing"),
        ({"name": "My Lab", "base_url": "http://h/v1"}, "name: a provider's name is up to 63 lower-case"),
    ],
)
async def test_what_makes_no_provider_is_refused_and_nothing_is_kept(
    server: JoinedServer, params: dict[str, str], why: str
) -> None:
    client = await server.connect()
    before = await client.call("provider.list")
    with pytest.raises(ProtocolError) as refused:
        await client.call("provider.add", {"name": "lab", **params})
    assert refused.value.type == "invalid_params"
    assert why in refused.value.message
    assert "secret" not in refused.value.message
    assert await client.call("provider.list") == before


async def test_provider_whose_keyring_is_locked_is_not_called_removed(
    server: JoinedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(service: str, name: str) -> str:
        raise KeyringLocked("nobody is there")

    client = await server.connect()
    await client.call("provider.add", name="lab", base_url="http://127.0.0.1:1/v1")
    monkeypatch.setattr(keyring, "get_password", refuse)
    for call in ({"base_url": "http://127.0.0.1:2/v1"}, None):
        method = "provider.remove" if call is None else "provider.add"
        with pytest.raises(ProtocolError) as refused:
            await client.call(method, {"name": "lab", **(call or {})})
        assert refused.value.type == "storage/keyring_locked"
    rows = {row["name"]: row for row in (await client.call("provider.list"))["items"]}
    assert rows["lab"]["base_url"] == "http://127.0.0.1:1/v1"
