"""The merged catalogue: whose models it names, what they cost at this address, and who did not say."""

import asyncio
from collections.abc import Sequence

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.providers.base import Endpoint, ModelInfo
from chatty.providers.errors import ProviderError
from chatty.server.operations import models
from tests.server.joined import JoinedServer

OPENAI = {"providers": {"openai": {"api_key": "sk-test"}}}
ELSEWHERE = {"providers": {"openai": {"api_key": "sk-test", "base_url": "http://127.0.0.1:1/v1"}}}


async def test_price_is_that_of_the_callers_address_and_not_of_the_name(
    server: JoinedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def serve(endpoint: Endpoint) -> Sequence[ModelInfo]:
        return [ModelInfo("gpt-4o")]

    monkeypatch.setattr(server.keyed, "list_models", serve)
    prices = []
    for own in (OPENAI, ELSEWHERE):
        client = await server.connect(provider_credentials=own)
        (model,) = (await client.call("model.list", provider="openai"))["items"]
        prices.append((model.get("input_usd_per_million"), model.get("context_tokens")))
    assert prices == [(2.5, 128000), (None, None)]


async def test_provider_that_does_not_say_is_named_and_hides_nobody(
    server: JoinedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(endpoint: Endpoint) -> Sequence[ModelInfo]:
        raise ProviderError("openai did not accept the key.", type="provider/auth", provider="openai")

    monkeypatch.setattr(server.keyed, "list_models", refuse)
    client = await server.connect(provider_credentials=OPENAI)
    answer = await client.call("model.list")
    assert [model["provider"] for model in answer["items"]] == ["openai", "guide"]
    (unanswered,) = answer["unanswered"]
    assert unanswered["provider"] == "openai"
    assert unanswered["error"]["type"] == "provider/auth"
    assert unanswered["error"]["message"] == "openai did not accept the key."


async def test_provider_that_hangs_is_named_as_well(
    server: JoinedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(endpoint: Endpoint) -> Sequence[ModelInfo]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(server.keyed, "list_models", hang)
    monkeypatch.setattr(models, "ASK_SECONDS", 0.05)
    client = await server.connect(provider_credentials=OPENAI)
    (unanswered,) = (await client.call("model.list"))["unanswered"]
    assert unanswered["error"]["type"] == "provider/timeout"
    with pytest.raises(ProtocolError, match="did not list its models within"):
        await client.call("model.list", provider="openai")
