"""What the client tells beside its subscriptions reaches the person."""

from collections.abc import Callable
from typing import cast

from chatty.client.connection import Client
from chatty.client.updates import News, Signal
from chatty.tui.control.link import LinkWatch
from chatty.tui.store import Store


class Heard:
    """Stands for a client that can be listened to, and nothing more."""

    session = None

    def listen(self, listener: Callable[[News], None]) -> None:
        self.tell = listener


def test_answer_that_cannot_be_kept_yet_is_told_of_with_the_way_out() -> None:
    store, client = Store(), Heard()
    LinkWatch(store, "local", lambda: None).watch(cast(Client, client))
    error = {"type": "storage/full", "message": "the disk is full: /d/chatty.db. Free some space."}
    client.tell(Signal("conversation", "run.not_kept", {"error": error}))
    assert (
        store.note.text == "the answer cannot be kept yet: the disk is full: /d/chatty.db. Free some space."
    )
