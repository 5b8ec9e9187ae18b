"""The row of air above the composer: what is happening, in words and counted seconds, and what lies below."""

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.reactive import reactive

from chatty.tui.spans import Span, Spans
from chatty.tui.state import Link, OpenConversation
from chatty.tui.store import Store
from chatty.tui.widgets.hints_row import counted_tokens
from chatty.tui.widgets.two_sided_row import TwoSidedRow

_QUIT_NOTE = "press ^c again to quit"
_QUIT_NOTE_WHILE_ANSWERING = f"{_QUIT_NOTE} · the answer goes on"


@dataclass(frozen=True, slots=True)
class StatusContent:
    """What the status row shows."""

    doing: tuple[Span, ...] = ()
    new_lines: int = 0
    is_far_from_end: bool = False
    """Messages lie below that are not even laid out."""


class StatusRow(TwoSidedRow):
    """One row. Its seconds are the sign of life: there is no spinner."""

    content: reactive[StatusContent] = reactive(StatusContent)

    @dataclass
    class EndPressed(Message):
        """The marker of new lines was clicked."""

    def __init__(self) -> None:
        super().__init__(id="status")

    def sides(self, room: int) -> tuple[Spans, Spans]:
        """What is done left; the new lines right."""
        return self.content.doing, self._right()

    def on_click(self, event: events.Click) -> None:
        """A click on the right half goes to the newest line."""
        if self._right() and event.x > self.size.width // 2:
            self.post_message(self.EndPressed())

    def _right(self) -> list[Span]:
        count = self.content.new_lines
        if count:
            noun = "line" if count == 1 else "lines"
            return [Span(f"↓ {count} new {noun}", "primary", bold=True), Span("  end", "muted")]
        if self.content.is_far_from_end:
            return [Span("↓ newest", "muted"), Span("  end", "muted")]
        return []


def doing(store: Store, now_ms: int) -> tuple[Span, ...]:
    """What is happening now, the most pressing first: words that wait, a note, an answer under way."""
    note = (Span(store.note.text, "muted"),) if store.note.text else ()
    if waiting := _waiting(store.link):
        # An answer that is only awaited here does not go on, whatever its clock would say.
        return (*waiting, Span(" · ", "muted"), *note) if note else waiting
    if note:
        return note
    opened = store.open
    if opened is not None and (answering := _answering(opened, now_ms)):
        return answering
    if opened is not None and opened.is_loading:
        return (Span("loading", "primary"),)
    return ()


def quit_note(store: Store) -> str:
    """What the first press of a key that quits says. Only what the server has goes on without this client."""
    is_open_answering = store.open is not None and store.open.active_run() is not None
    is_answering = is_open_answering or any(row.is_answering for row in store.conversations.values())
    return _QUIT_NOTE_WHILE_ANSWERING if is_answering and store.link.kind == "well" else _QUIT_NOTE


def is_quit_note(words: str) -> bool:
    """Whether a note says that the next press quits."""
    return words in (_QUIT_NOTE, _QUIT_NOTE_WHILE_ANSWERING)


def _waiting(link: Link) -> tuple[Span, ...]:
    """That messages wait for the link, if any do."""
    count = link.messages_waiting
    if link.kind == "well" or not count:
        return ()
    noun = "message" if count == 1 else "messages"
    return (Span("offline", "error"), Span(f" · {count} {noun} waiting", "muted"))


def _answering(opened: OpenConversation, now_ms: int) -> tuple[Span, ...]:
    run = opened.active_run()
    if run is None:
        return ()
    seconds = seconds_since(run.started_at_ms, now_ms)
    if run.status == "queued":
        return (Span(f"queued {seconds} s", "primary"),)
    if run.status == "cancelling":
        return (Span(f"stopping {seconds} s", "primary"),)
    reply = opened.messages.get(run.reply_id)
    if run.status == "waiting":
        provider = reply.provider if reply else ""
        ways = (Span(f" · /key {provider}", "muted"),) if provider else ()
        return (Span("waiting for a key", "warning"), *ways)
    tokens = estimated_tokens(reply.text_length()) if reply else 0
    count = (Span(f" · {counted_tokens(tokens)}", "muted"),) if tokens else ()
    return (Span(f"answering {seconds} s", "primary"), *count)


def estimated_tokens(characters: int) -> int:
    """Tokens of a text still under way, four characters each; the true figure comes at its end."""
    return characters // 4


def seconds_since(moment_ms: int, now_ms: int) -> int:
    """Whole seconds; none where the clock was set back meanwhile."""
    return max(0, (now_ms - moment_ms) // 1000)
