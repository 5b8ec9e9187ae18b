"""What the package offers to others, and what it may know."""

import chatty.client


def test_public_list() -> None:
    assert sorted(chatty.client.__all__) == [
        "Client",
        "ConversationView",
        "OneShot",
        "ProtocolError",
        "Subscription",
        "connect",
    ]
    for name in chatty.client.__all__:
        assert getattr(chatty.client, name).__name__ == name
