"""What a model is shown when a conversation outgrows its window."""

import pytest

from chatty.providers import catalog
from tests.server.joined import JoinedServer, begin, sending

KEY = {"providers": {"openai": {"api_key": "sk-test-key"}}, "network": {}}


@pytest.mark.parametrize(("window_tokens", "shown"), [(8_000, ["new "]), (400_000, ["old ", "new "])])
async def test_oldest_messages_are_left_out_where_the_window_is_small(
    server: JoinedServer, monkeypatch: pytest.MonkeyPatch, window_tokens: int, shown: list[str]
) -> None:
    monkeypatch.setattr(catalog, "context_window", lambda *_, **__: window_tokens)
    client = await server.connect(provider_credentials=KEY)
    talk = await begin(client, "old " * 5_000, run={"model": "openai/gpt-test"})
    (await server.keyed.asked()).finish()
    await client.saw_event("run.finished", run_id=talk.run_id)
    await client.call("message.send", sending(talk.id, "new " * 100, run={"model": "openai/gpt-test"}))
    asked = await server.keyed.asked()
    assert [message.text[:4] for message in asked.request.messages if message.role == "user"] == shown
    asked.finish()
