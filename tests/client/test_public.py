"""What the package offers to others, and what it may know."""

import chatty.client


def test_public_list() -> None:
    assert sorted(chatty.client.__all__) == [
        "Client",
        "ConversationView",
        "Delta",
        "Event",
        "LinkChanged",
        "LinkState",
        "OneShot",
        "OutboxChanged",
        "ProtocolError",
        "Snapshot",
        "Subscription",
        "connect",
        "new_id",
    ]
    assert chatty.client.new_id() < chatty.client.new_id()
    for name in {*chatty.client.__all__} - {"new_id"}:
        assert getattr(chatty.client, name).__name__ == name
