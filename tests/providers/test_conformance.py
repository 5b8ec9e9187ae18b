"""What every adapter promises, run over all of them."""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest

from chatty.providers.base import (
    ChatMessage,
    Endpoint,
    Finished,
    ModelInfo,
    Provider,
    ReasoningDelta,
    Started,
    TextDelta,
    UsageReport,
)
from chatty.providers.errors import ProviderError
from chatty.providers.guide import new_provider as new_guide
from tests.instruments.fake_upstream import FakeUpstream
from tests.instruments.upstream_faults import body
from tests.instruments.upstream_scripts import Hang, Script, Send, chunk, counted_text, error_script, event
from tests.providers.asking import (
    KEY,
    PROMPT,
    VENDORS,
    ask,
    endpoint_at,
    new_provider,
    request_for,
)
from tests.providers.recordings import FAILING, PAYLOADS, RECORDINGS, joined, payload

SDK_KINDS = sorted(VENDORS)


@pytest.fixture(params=[*SDK_KINDS, "guide"])
async def asked(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Provider, Endpoint, str]]:
    """Every adapter with an endpoint that works and a model that answers."""
    if request.param == "guide":
        async with aclosing(new_guide()) as guide:
            yield guide, Endpoint("guide", "guide"), "guide"
        return
    provider = new_provider(VENDORS[request.param])
    async with FakeUpstream(key=KEY) as upstream:
        yield provider, endpoint_at(upstream.url, request.param), "tok20-delay1"
        await provider.aclose()


async def test_a_reply_starts_streams_and_finishes(asked: tuple[Provider, Endpoint, str]) -> None:
    provider, endpoint, model = asked
    reply = await ask(provider, endpoint, request_for(model))
    kinds = [type(event) for event in reply.events]
    assert kinds[0] is Started
    assert kinds[-2:] == [Finished, UsageReport]
    assert set(kinds[1:-2]) == {TextDelta}
    assert len(kinds) > 8
    assert reply.ending == "stop"


async def test_two_streams_at_once_do_not_mix(asked: tuple[Provider, Endpoint, str]) -> None:
    provider, endpoint, model = asked
    alone = await ask(provider, endpoint, request_for(model))
    together = await asyncio.gather(*(ask(provider, endpoint, request_for(model)) for _ in range(5)))
    assert {reply.text for reply in together} == {alone.text}


async def test_an_unknown_model_is_named_as_such(asked: tuple[Provider, Endpoint, str]) -> None:
    provider, endpoint, _ = asked
    reply = await ask(provider, endpoint, request_for("no-such-model"))
    assert (reply.ending, reply.events) == ("provider/model_unknown", [])
    assert reply.error is not None
    assert not reply.error.retryable


async def test_models_are_listed_in_order(asked: tuple[Provider, Endpoint, str]) -> None:
    provider, endpoint, _ = asked
    names = [model.id for model in await provider.list_models(endpoint)]
    assert names == sorted(names)
    assert names


async def test_nothing_happens_before_the_first_event_is_asked_for(
    asked: tuple[Provider, Endpoint, str],
) -> None:
    provider, endpoint, model = asked
    stream = provider.stream(endpoint, request_for(model))
    await stream.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


@pytest.mark.parametrize("kind", SDK_KINDS)
@pytest.mark.parametrize("name", RECORDINGS)
async def test_recorded_replies_are_understood(kind: str, name: str) -> None:
    recording = RECORDINGS[name]
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream(body(payload(name))) as upstream:
        reply = await ask(provider, endpoint_at(upstream.url, kind), request_for("m"))
        await provider.aclose()
    assert joined(reply.events[1:]) == recording.events
    assert (reply.error.type if reply.error else None) == recording.error_type


@pytest.mark.parametrize("kind", SDK_KINDS)
@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream", "text/plain"])
@pytest.mark.parametrize("name", FAILING)
async def test_failure_inside_a_good_answer_is_what_the_vendor_says(
    kind: str, content_type: str, name: str
) -> None:
    failing = FAILING[name]
    answer = Script((Send((PAYLOADS / name).read_bytes()),), content_type=content_type)
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream(answer) as upstream:
        reply = await ask(provider, endpoint_at(upstream.url, kind), request_for("m"))
        await provider.aclose()
    assert reply.error is not None
    assert (reply.error.type, reply.error.http_status, reply.text) == (
        failing.type,
        failing.status,
        failing.text,
    )
    assert failing.words in reply.error.message
    was_repeated = reply.error.retryable and not failing.text
    assert len(upstream.requests) == (3 if was_repeated else 1)


@pytest.mark.parametrize("kind", SDK_KINDS)
async def test_closing_a_stream_closes_the_vendors_connection_at_once(kind: str) -> None:
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream(body(event(chunk("m", {"content": "first"})), Hang())) as upstream:
        stream = provider.stream(endpoint_at(upstream.url, kind), request_for("m"))
        assert await anext(stream) == [Started("req-fake", 1), TextDelta("first")]
        assert upstream.open_connections == 1
        await stream.aclose()
        await upstream.wait_for_no_connections()


@pytest.mark.parametrize("kind", SDK_KINDS)
@pytest.mark.parametrize("model", ["fault-stall", "fault-stall-head", "fault-stall-after-5"])
async def test_cancelling_closes_the_vendors_connection_at_once(kind: str, model: str) -> None:
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream() as upstream:
        task = asyncio.create_task(ask(provider, endpoint_at(upstream.url, kind), request_for(model)))
        await upstream.wait_for_requests(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await upstream.wait_for_no_connections()


@pytest.mark.parametrize("kind", SDK_KINDS)
async def test_the_request_carries_the_key_the_prompt_and_the_idempotency_key(kind: str) -> None:
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream() as upstream:
        asked = replace(request_for("tok1"), params={"temperature": 0.25, "reasoning_effort": "low"})
        await ask(provider, endpoint_at(upstream.url, kind), asked)
        await provider.aclose()
    (received,) = upstream.requests
    assert received.target.endswith("/chat/completions")
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert received.headers["idempotency-key"] == "run-1"
    assert received.headers["accept-encoding"] == "identity"
    assert received.json() == {
        "model": "tok1",
        "messages": [{"role": "user", "content": PROMPT}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.25,
        "reasoning_effort": "low",
    }


@pytest.mark.parametrize("kind", SDK_KINDS)
async def test_without_a_key_no_credentials_are_sent_to_a_custom_address(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "GROQ_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "of-the-servers-own-environment")
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream() as upstream:
        reply = await ask(provider, endpoint_at(upstream.url, kind, key=None), request_for("tok1"))
        await provider.aclose()
    assert reply.text == counted_text(1)
    (received,) = upstream.requests
    assert "authorization" not in received.headers
    assert "of-the-servers-own-environment" not in str(received.headers)


@pytest.mark.parametrize("kind", SDK_KINDS)
async def test_the_vendors_own_address_is_not_asked_without_a_key(kind: str) -> None:
    reply = await ask(new_provider(VENDORS[kind]), Endpoint(kind, kind), request_for("m"))
    assert reply.ending == "provider/auth"


@pytest.mark.parametrize("kind", SDK_KINDS)
@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/v1",
        "host/v1",
        "http://",
        "file:///etc/passwd",
        "http://a b/",
        "http://host:PORT/v1",
        "http://[::1/v1",
    ],
)
async def test_base_urls_that_cannot_work_are_refused(kind: str, url: str) -> None:
    reply = await ask(new_provider(VENDORS[kind]), endpoint_at(url, kind), request_for("m"))
    assert reply.error is not None
    assert (reply.error.type, reply.error.retryable) == ("provider/unreachable", False)


@pytest.mark.parametrize("key", ["two words", "line\nend", "ключ", " padded", ""])
async def test_keys_that_cannot_be_sent_are_refused_and_not_shown(key: str) -> None:
    async with FakeUpstream() as upstream:
        reply = await ask(
            new_provider(VENDORS["openai"]), endpoint_at(upstream.url, key=key), request_for("tok1")
        )
    assert reply.ending == "provider/auth"
    assert upstream.requests == []
    assert not key.strip() or key not in str(reply.error)


@pytest.mark.parametrize("kind", SDK_KINDS)
async def test_connections_are_kept_for_the_next_request(kind: str) -> None:
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream() as upstream:
        for _ in range(3):
            await ask(provider, endpoint_at(upstream.url, kind), request_for("tok5"))
        assert (upstream.connections, len(upstream.requests)) == (1, 3)
        await provider.aclose()
        await upstream.wait_for_no_connections()


@pytest.mark.parametrize("kind", SDK_KINDS)
async def test_neither_key_nor_prompt_is_in_an_error(kind: str) -> None:
    said = f"Bad key {KEY} for: {PROMPT}!"
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream(error_script(400, said)) as upstream:
        reply = await ask(provider, endpoint_at(upstream.url, kind), request_for("m"))
        await provider.aclose()
    assert reply.error is not None
    shown = "".join(traceback.format_exception(reply.error)) + repr(vars(reply.error))
    assert KEY not in shown
    assert "heron" not in shown
    assert reply.error.__context__ is None, "the SDK's exception holds the whole request"


@pytest.mark.parametrize("kind", SDK_KINDS)
async def test_a_wrong_key_is_told_when_models_are_listed(kind: str) -> None:
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream(key="another") as upstream:
        with pytest.raises(ProviderError) as refused:
            await provider.list_models(endpoint_at(upstream.url, kind))
        await provider.aclose()
    assert refused.value.type == "provider/auth"


async def test_reasoning_comes_before_the_text() -> None:
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream() as upstream:
        reply = await ask(provider, endpoint_at(upstream.url), request_for("think3-tok2-delay1"))
        await provider.aclose()
    kinds = [type(event) for event in reply.events]
    assert (reply.reasoning, reply.text) == ("r0001 r0002 r0003 ", counted_text(2))
    assert kinds.index(TextDelta) > max(i for i, kind in enumerate(kinds) if kind is ReasoningDelta)
    assert reply.events[-1] == UsageReport(10, 0, 5, 3)


async def test_the_system_message_is_sent_first() -> None:
    provider = new_provider(VENDORS["openai"])
    async with FakeUpstream() as upstream:
        asked = replace(
            request_for("echo"), messages=[ChatMessage("system", "be brief"), ChatMessage("user", "hi")]
        )
        reply = await ask(provider, endpoint_at(upstream.url), asked)
        await provider.aclose()
    assert reply.text == "hi"
    assert upstream.requests[0].json()["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
    ]


async def test_a_server_that_refuses_to_be_asked_for_usage_is_asked_without() -> None:
    provider = new_provider(VENDORS["openai"])
    refusal = error_script(422, "Unrecognized request argument supplied: stream_options")
    async with FakeUpstream(refusal, body(payload("llamacpp-minimal"))) as upstream:
        reply = await ask(provider, endpoint_at(upstream.url), request_for("m"))
        await provider.aclose()
    assert (reply.text, reply.attempt) == ("ok", 1)
    assert "stream_options" not in upstream.requests[1].json()


@pytest.mark.parametrize("kind", SDK_KINDS)
def test_only_the_vendor_itself_wants_the_new_name_of_max_tokens(kind: str) -> None:
    vendor = VENDORS[kind]
    assert vendor.renamed_parameters(Endpoint(kind, kind)) == {"max_tokens": "max_completion_tokens"}
    assert vendor.renamed_parameters(Endpoint("lab", kind, "http://127.0.0.1:8080/v1")) == {}


@pytest.mark.parametrize("kind", SDK_KINDS)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
async def test_options_that_are_not_json_are_refused(kind: str, value: float) -> None:
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream() as upstream:
        asked = replace(request_for("tok1"), params={"temperature": value})
        reply = await ask(provider, endpoint_at(upstream.url, kind), asked)
        await provider.aclose()
    assert (reply.ending, upstream.requests) == ("provider/bad_request", [])


@pytest.mark.parametrize("kind", SDK_KINDS)
async def test_half_a_character_in_a_prompt_is_refused_and_not_shown(kind: str) -> None:
    provider = new_provider(VENDORS[kind])
    async with FakeUpstream() as upstream:
        asked = replace(request_for("tok1"), messages=[ChatMessage("user", "a heron \ud83d in the reeds")])
        reply = await ask(provider, endpoint_at(upstream.url, kind), asked)
        await provider.aclose()
    assert reply.ending == "provider/bad_request"
    assert "heron" not in "".join(traceback.format_exception(reply.error))


async def test_context_windows_are_taken_from_the_list_where_a_server_says_them() -> None:
    models = [
        {"id": "b", "context_window": 131072},
        {"id": "a", "max_model_len": 8192},
        {"id": "c", "context_length": "many"},
        {"id": 7},
        {"id": ""},
        {"id": "\ud800"},
        {"id": "red\x1b[31m"},
        {"id": "x" * 301},
        {"id": "e", "context_window": 1 << 64},
        "d",
    ]
    answer = Script((Send(json.dumps({"data": models}).encode()),), content_type="application/json")
    provider = new_provider(VENDORS["groq"])
    async with FakeUpstream(models=answer) as upstream:
        found = await provider.list_models(endpoint_at(upstream.url, "groq"))
        await provider.aclose()
    assert found == [ModelInfo("a", 8192), ModelInfo("b", 131072), ModelInfo("c"), ModelInfo("e")]


@pytest.mark.parametrize("answer", [b"[]", b"{}", b"null", b"<html>", b'{"data": 7}', b"[" * 200_000])
async def test_what_is_not_a_list_of_models_is_an_error(answer: bytes) -> None:
    provider = new_provider(VENDORS["openai"])
    script = Script((Send(answer),), content_type="application/json")
    async with FakeUpstream(models=script) as upstream:
        with pytest.raises(ProviderError) as refused:
            await provider.list_models(endpoint_at(upstream.url))
        await provider.aclose()
    assert refused.value.type == "provider/stream_broken"
