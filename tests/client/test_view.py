"""A view made from a snapshot and what came after equals a view made later."""

from collections.abc import Callable
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatty.client.updates import Delta, Event, Snapshot, Update
from chatty.client.view import ConversationView
from chatty.protocol.ids import new_id
from tests.instruments.fresh import everything_of
from tests.instruments.reference import Conversation, Reference, sending

CONVERSATION = "the-conversation"
TEXTS = st.text(alphabet="ab \n\U0001f468‍\U0001f469é中", min_size=1, max_size=8)


def as_update(method: str, params: dict[str, Any]) -> Update:
    if method == "delta":
        return Delta(
            params["m"], params["p"], params["o"], params["d"], params.get("g", 0), params.get("t", "text")
        )
    return Event(CONVERSATION, params["seq"], params["type"], params["at"], params["actor"], params["data"])


def everything(view: ConversationView) -> dict[str, Any]:
    """All a program can see of a view, as one comparable value."""
    messages = {}
    for message in view.messages.values():
        fields = {name: getattr(message, name) for name in message.__slots__ if name != "parts"}
        messages[message.id] = {**fields, "parts": [everything_of(part) for part in message.parts]}
    return {
        "conversation": view.conversation,
        "messages": messages,
        "siblings": {message_id: view.siblings(message_id) for message_id in view.messages},
        "leaf": view.leaf,
        "runs": view.runs,
        "head": view.head,
        "path": [message.id for message in view.path()],
    }


class Player:
    """Acts on the reference server by small numbers, so that any list of numbers is a valid story."""

    def __init__(self) -> None:
        self.server = Reference()
        self.server.handle("conversation.create", {"id": CONVERSATION, "title": "t"})
        self.heard: list[Update] = []
        self.server.watchers.append(lambda method, params: self.heard.append(as_update(method, params)))
        self.actions: list[Callable[[int, str], None]] = [
            self.send,
            self.edit,
            self.regenerate,
            self.go_on,
            self.begin,
            self.write,
            self.think,
            self.reset,
            self.finish,
            self.rename,
        ]

    @property
    def conversation(self) -> Conversation:
        return self.server.conversations[CONVERSATION]

    def view(self) -> ConversationView:
        """A view as it begins, with the messages of all other paths fetched as well."""
        view = ConversationView()
        view.apply(Snapshot(self.server.snapshot(CONVERSATION, limit=1000)))
        for leaf in self.conversation.messages:
            view.add_older(
                self.server.handle("message.list", {"conversation_id": CONVERSATION, "leaf": leaf})
            )
        return view

    def send(self, pick: int, text: str) -> None:
        if not self.conversation.runs:
            self.server.handle("message.send", sending(CONVERSATION, text, with_run=bool(pick % 4)))

    def edit(self, pick: int, text: str) -> None:
        if message := self.one_of(pick, "user"):
            params = sending(CONVERSATION, text)
            del params["conversation"]
            params |= {"conversation_id": CONVERSATION, "message_id": message}
            self.server.handle("message.edit", params)

    def regenerate(self, pick: int, text: str) -> None:
        if message := self.one_of(pick, "assistant"):
            run = {"id": new_id(), "reply_id": new_id()}
            params = {"conversation_id": CONVERSATION, "message_id": message, "run": run}
            self.server.handle("message.regenerate", params)

    def go_on(self, pick: int, text: str) -> None:
        message = self.one_of(pick, "assistant")
        if message and self.conversation.messages[message]["status"] in ("completed", "cancelled"):
            params = {
                "conversation_id": CONVERSATION,
                "message_id": message,
                "run": {"id": new_id(), "reply_id": message},
            }
            self.server.handle("message.continue", params)

    def begin(self, pick: int, text: str) -> None:
        if (run := self.run(pick)) and self.conversation.runs[run]["status"] == "queued":
            self.server.start(run)

    def write(self, pick: int, text: str) -> None:
        if (run := self.run(pick)) and self.conversation.runs[run]["status"] == "running":
            self.server.write(run, text)

    def think(self, pick: int, text: str) -> None:
        if (run := self.run(pick)) and self.conversation.runs[run]["status"] == "running":
            self.server.write(run, text, part_type="reasoning")

    def reset(self, pick: int, text: str) -> None:
        if run := self.run(pick):
            parts = self.conversation.messages[self.conversation.runs[run]["message_id"]]["parts"]
            if parts and parts[-1]["status"] == "streaming":
                self.server.reset(run, pick % (len(parts[-1]["text"]) + 1))

    def finish(self, pick: int, text: str) -> None:
        if run := self.run(pick):
            self.server.finish(run, ("completed", "cancelled")[pick % 2])

    def rename(self, pick: int, text: str) -> None:
        self.server.handle("conversation.update", {"conversation_id": CONVERSATION, "title": text})

    def one_of(self, pick: int, role: str) -> str | None:
        found = [message["id"] for message in self.conversation.messages.values() if message["role"] == role]
        return found[pick % len(found)] if found else None

    def run(self, pick: int) -> str | None:
        found = list(self.conversation.runs)
        return found[pick % len(found)] if found else None


WHOLE_PATH = {"conversation_id": CONVERSATION, "limit": 1000}
STORIES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 50), TEXTS), max_size=40)


@settings(max_examples=300, deadline=None)
@given(before=STORIES, after=STORIES)
def test_snapshot_and_updates_make_the_later_snapshot(
    before: list[tuple[int, int, str]], after: list[tuple[int, int, str]]
) -> None:
    player = Player()
    for action, pick, text in before:
        player.actions[action](pick, text)
    view = player.view()
    player.heard.clear()
    for action, pick, text in after:
        player.actions[action](pick, text)
    for update in player.heard:
        view.apply(update)
    assert everything(view) == everything(player.view())


def test_unknown_event_advances_the_head_only() -> None:
    player = Player()
    player.send(1, "hello")
    view = player.view()
    before = everything(view)
    view.apply(Event(CONVERSATION, view.head + 1, "weather.changed", "", None, {"sun": True}))
    after = everything(view)
    assert after["head"] == before["head"] + 1
    assert {**after, "head": 0, "conversation": {}} == {**before, "head": 0, "conversation": {}}


def test_others_messages_elsewhere_leave_the_path_alone() -> None:
    player = Player()
    player.send(1, "hello")
    view = ConversationView(user_id="me")
    view.apply(Snapshot(player.server.snapshot(CONVERSATION)))
    path = [message.id for message in view.path()]
    player.heard.clear()
    player.edit(0, "said differently")
    for update in player.heard:
        view.apply(update)
    assert [message.id for message in view.path()] == path
    assert len(view.siblings(path[0])) == 2


@settings(max_examples=300, deadline=None)
@given(before=STORIES, after=STORIES, limit=st.integers(1, 4))
@example(
    before=[(0, 1, "a"), (8, 0, "a"), (0, 0, "a")], after=[(3, 0, "a"), (1, 1, "below what went on")], limit=2
)
@example(before=[(0, 0, "a")] * 3, after=[(1, 0, "said differently, above the window")], limit=2)
def test_small_window_shows_as_much_as_a_later_snapshot(
    before: list[tuple[int, int, str]], after: list[tuple[int, int, str]], limit: int
) -> None:
    player = Player()
    for action, pick, text in before:
        player.actions[action](pick, text)
    view = ConversationView()
    view.apply(Snapshot(player.server.snapshot(CONVERSATION, limit=limit)))
    for action, pick, text in after:
        player.heard.clear()
        player.actions[action](pick, text)
        for update in player.heard:
            view.apply(update)
        if view.wants_snapshot:
            view.apply(Snapshot(player.server.snapshot(CONVERSATION, limit=limit)))
    later = ConversationView()
    later.apply(Snapshot(player.server.snapshot(CONVERSATION, limit=limit)))
    shown, wanted = view.path(), later.path()
    assert (view.leaf, bool(shown)) == (later.leaf, bool(wanted))
    for message, same in zip(reversed(shown), reversed(wanted), strict=False):
        assert (message.id, message.text, message.status) == (same.id, same.text, same.status)
        assert view.siblings(message.id) == later.siblings(message.id)
    assert view.has_older == (len(shown) < len(player.server.handle("message.list", WHOLE_PATH)["messages"]))


def test_older_page_brings_the_versions_beside_it() -> None:
    player = Player()
    for number in range(4):
        player.send(0, str(number))
    player.edit(0, "other beginning")
    player.edit(1, "other second")
    first, second = list(player.conversation.messages)[:2]
    player.conversation.leaf = list(player.conversation.messages)[3]
    view = ConversationView()
    view.apply(Snapshot(player.server.snapshot(CONVERSATION, limit=1)))
    assert (len(view.path()), view.has_older, view.siblings(second)) == (1, True, [])
    params = {"conversation_id": CONVERSATION, "before": view.path()[0].id, "limit": 2}
    view.add_older(player.server.handle("message.list", params))
    assert (len(view.path()), view.has_older, len(view.siblings(second))) == (3, True, 2)
    params["before"] = view.path()[0].id
    view.add_older(player.server.handle("message.list", params))
    assert (len(view.path()), view.has_older, len(view.siblings(first))) == (4, False, 2)


def test_path_is_changed_only_to_one_that_is_at_hand() -> None:
    player = Player()
    for number in range(3):
        player.send(0, str(number))
    player.edit(1, "not at hand")
    first, second, third, elsewhere, _ = player.conversation.messages
    player.conversation.leaf = third
    view = ConversationView()
    view.apply(Snapshot(player.server.snapshot(CONVERSATION)))
    player.heard.clear()
    player.edit(2, "seen to come")
    for update in player.heard:
        view.apply(update)
    came = player.conversation.leaf
    assert view.use_leaf(third)
    assert [message.id for message in view.path()] == [first, second, third]
    assert came is not None
    assert view.use_leaf(came)
    assert [message.id for message in view.path()][:2] == [first, second]
    assert [message.text for message in view.path()][2:] == ["seen to come", ""]
    assert not view.use_leaf(elsewhere)
    assert view.leaf == came


def test_going_on_elsewhere_wants_a_snapshot() -> None:
    player = Player()
    for number in range(3):
        player.send(0, str(number))
    view = ConversationView()
    view.apply(Snapshot(player.server.snapshot(CONVERSATION, limit=1)))
    player.heard.clear()
    player.send(0, "at the end")
    for update in player.heard:
        view.apply(update)
    assert not view.wants_snapshot
    player.heard.clear()
    player.edit(1, "above the window")
    for update in player.heard:
        view.apply(update)
    assert view.wants_snapshot
    view.apply(Snapshot(player.server.snapshot(CONVERSATION, limit=1)))
    assert not view.wants_snapshot


def test_changes_name_what_is_to_be_drawn_again() -> None:
    player = Player()
    player.send(1, "hello")
    view = player.view()
    view.take_changes()
    player.heard.clear()
    player.begin(0, "")
    player.write(0, "text")
    for update in player.heard:
        view.apply(update)
    reply = view.path()[-1]
    changes = view.take_changes()
    assert (changes.messages, changes.shape) == ({reply.id}, False)
    assert reply.text == "text"
    assert view.take_changes().messages == set()
