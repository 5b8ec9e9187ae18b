"""The chat screen: lays out header, side bar, transcript and composer, and hears what they say.

What they show is in `showing.py`, what an action does in `chat_actions.py` and `message_actions.py`. The
screen opens no connection and holds no state of the conversation.
"""

import asyncio
import time
from importlib import import_module

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen

from chatty.tui.actions import Place, is_known_command
from chatty.tui.backend import Backend
from chatty.tui.containing import Contained
from chatty.tui.draft_keeper import DraftKeeper
from chatty.tui.drafts import Drafts
from chatty.tui.editing.kill_ring import KillRing
from chatty.tui.hints import Situation
from chatty.tui.keymap import Keymap, KeyRouter
from chatty.tui.painting import Painter
from chatty.tui.screens.completing import Completing
from chatty.tui.screens.noting import Noting
from chatty.tui.screens.showing import Showing
from chatty.tui.screens.writing import Writing
from chatty.tui.state import Message
from chatty.tui.store import Store
from chatty.tui.widgets.completion_menu import CompletionMenu
from chatty.tui.widgets.composer import Composer
from chatty.tui.widgets.drawn import Keyed
from chatty.tui.widgets.header import Header
from chatty.tui.widgets.hints_row import HintsRow
from chatty.tui.widgets.side_bar import SideBar
from chatty.tui.widgets.status_row import StatusRow
from chatty.tui.widgets.text_field import TextField
from chatty.tui.widgets.transcript import Transcript

_LOAD_AFTER_SECONDS = 0.5
_LOADED_LATER = ("chatty.rendering.markdown", "chatty.rendering.code", "chatty.tui.screens.routes")


class ChatScreen(Contained, Screen[None], inherit_bindings=False):
    """One conversation, and the way to all others."""

    AUTO_FOCUS = "#composer"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-normal"), (100, "-wide")]  # noqa: RUF012  # Textual's
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high")]  # noqa: RUF012  # Textual's

    def __init__(self, store: Store, backend: Backend, keymap: Keymap, drafts: Drafts | None = None) -> None:
        super().__init__()
        self.store, self.backend, self.keymap = store, backend, keymap
        self.router = KeyRouter(keymap, self.run)
        self.side_bar = SideBar(self.router, ring := KillRing())
        self.header = Header()
        self.transcript = Transcript(self.router)
        self.status = StatusRow()
        self.menu = CompletionMenu()
        self.composer = Composer(self.router, ring)
        self.hints = HintsRow()
        self.completing = Completing(self.composer, self.menu, keymap)
        self.composer.completer, self.composer.submitted = self.completing, self._submitted
        self.writing = Writing(self.composer, store, DraftKeeper(drafts, self.say))
        self.noting = Noting(store, self.set_timer)
        self.showing = Showing(self)
        self.painter = Painter(self.showing.changes, self.set_timer, time.monotonic)
        self.editing_id: str | None = None
        """The message the composer holds another version of."""

    def compose(self) -> ComposeResult:
        """Side bar left, everything else right of it."""
        yield self.side_bar
        with Vertical(id="main"):
            yield self.header
            yield self.transcript
            yield self.status
            with Vertical(id="composer-line"):
                yield self.composer
            yield self.hints
            yield self.menu

    def on_mount(self) -> None:
        """Paint from now on whatever the store says has changed."""
        self._take_size_classes()
        self.side_bar.key_shown = self.keymap.shown("chats")
        self.store.on_change = self.painter.request
        # The seconds of the status row; it costs one comparison a second while nothing runs.
        self.set_interval(1.0, self.showing.seconds)
        # A worker: what a timer awaits holds up everything else that this screen is told.
        self.set_timer(_LOAD_AFTER_SECONDS, lambda: self.run_worker(self._load_the_rest(), group="loading"))
        self.showing.everything()
        self.writing.begin()

    def _take_size_classes(self) -> None:
        """Have the classes of this size before the first frame: Textual gives them with the first resize, and
        a small terminal would see the wide layout for a moment."""
        width, height = self.app.size
        for cells, steps in ((width, self.HORIZONTAL_BREAKPOINTS), (height, self.VERTICAL_BREAKPOINTS)):
            self.add_class(max(step for step in steps if step[0] <= cells)[1])

    async def _load_the_rest(self) -> None:
        """Load what the first frame did not need, so that the first answer and the first list do not wait."""
        for module in _LOADED_LATER:
            await asyncio.to_thread(import_module, module)

    async def on_unmount(self) -> None:
        """Keep what is written."""
        await self.writing.save()

    def on_resize(self, event: events.Resize) -> None:
        """What header and hints show depends on the width classes, which are set just after this."""
        self.call_after_refresh(self.header.refresh)
        self.call_after_refresh(self.hints.refresh)

    # What the widgets say.

    def run(self, name: str, argument: str = "") -> None:
        """Do what an action asks for; `argument` is what was typed behind its slash command."""
        # The overlays these lead to are loaded with them: the first frame needs none.
        from chatty.tui.screens.routes import route

        if name != "interrupt":
            self.noting.unsay_read()
        route(self, name, argument)
        self._follow_at_once()

    @on(Keyed.SequenceChanged)
    def _sequence_changed(self, event: Keyed.SequenceChanged) -> None:
        event.stop()
        self.showing.hints()

    def _submitted(self, text: str) -> None:
        from chatty.tui.screens.routes import submit

        submit(self, text)
        self.writing.keep()
        self._follow_at_once()

    def _follow_at_once(self) -> None:
        """Show another conversation before the next key, which is meant for it."""
        if self.showing.is_behind:
            self.showing.changes()

    @on(TextField.Edited, "#composer")
    def _edited(self, event: TextField.Edited) -> None:
        event.stop()
        self.noting.unsay_read()
        self.writing.keep()
        self.showing.hints()

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted while a message is selected is meant for the composer."""
        event.stop()
        self.run("leave")
        self.composer.take_paste(event.text)

    @on(TextField.Edited, "#side-bar")
    def _filtered(self, event: TextField.Edited) -> None:
        event.stop()
        self.showing.hints()

    @on(CompletionMenu.Taken)
    def _menu_taken(self, event: CompletionMenu.Taken) -> None:
        event.stop()
        self.completing.take(event.completion)

    @on(Composer.SearchChanged)
    def _search_changed(self, event: Composer.SearchChanged) -> None:
        event.stop()
        self.say("" if event.words is None else f"earlier: {event.words}", stays=True)

    @on(Composer.EarlierWanted)
    def _earlier_wanted(self, event: Composer.EarlierWanted) -> None:
        event.stop()
        self.backend.want_earlier_prompts()

    @on(SideBar.Chosen)
    def _chat_chosen(self, event: SideBar.Chosen) -> None:
        event.stop()
        self.leave_side_bar()
        self.backend.open_conversation(event.conversation_id)
        self._follow_at_once()

    @on(SideBar.Left)
    def leave_side_bar(self) -> None:
        """Give the keyboard back to the composer."""
        self.remove_class("-side-bar-open")
        self.set_focus(self.composer)

    @on(Transcript.Moved)
    def _moved(self, event: Transcript.Moved) -> None:
        event.stop()
        self.showing.status()

    @on(Transcript.Selected)
    def _selected(self, event: Transcript.Selected) -> None:
        event.stop()
        self.showing.hints()

    @on(Transcript.MoreWanted)
    def _more_wanted(self, event: Transcript.MoreWanted) -> None:
        event.stop()
        self.backend.want_messages(event.message_id, event.where)

    @on(StatusRow.EndPressed)
    def _end_pressed(self, event: StatusRow.EndPressed) -> None:
        event.stop()
        self.transcript.to_end()

    @on(Header.ModelPressed)
    def _model_pressed(self, event: Header.ModelPressed) -> None:
        event.stop()
        self.run("model")

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Keys typed before the first frame go where they belong; the hints follow the keyboard."""
        open_gate = getattr(self.app, "open_gate", None)
        if open_gate is not None:
            open_gate()
        self.showing.hints()

    def begin_edit(self, message: Message) -> None:
        """Let the user write another version of a message; sending it does not append.

        What was being written is an earlier prompt from now on: up brings it back.
        """
        self.editing_id = message.id
        self.composer.clear()
        self.composer.set_text(message.text)
        self.say("editing: enter makes a new version, esc a message of its own", stays=True)

    def end_edit(self) -> bool:
        """What is written is no version of anything any more; says whether it was."""
        was_editing, self.editing_id = self.editing_id is not None, None
        if was_editing:
            self.say("")
        return was_editing

    # Saying.

    def say(self, note: str, *, stays: bool = False) -> None:
        """Put a word on the status row, as `Store.say` does."""
        self.store.say(note, stays=stays)

    # Where we are.

    def situation(self) -> Situation:
        """What the hints speak about."""
        opened = self.store.open
        if self.transcript.has_focus:
            return self._message_situation()
        if self.side_bar.has_focus:
            return "chats" if self.side_bar.has_cursor else "no-chats"
        if self.composer.is_searching:
            return "searching"
        if self.menu.is_open:
            return "completing"
        is_answering = opened is not None and opened.active_run() is not None
        if self.composer.is_empty:
            is_said = opened is not None and opened.path
            return "answering" if is_answering else "idle" if is_said else "empty"
        if is_known_command(self.composer.text):
            return "command"
        if self.composer.is_in_code:
            return "code"
        return "writing-meanwhile" if is_answering else "writing"

    def places(self) -> tuple[Place, ...]:
        """Where the keyboard is, for the help."""
        focused = self.focused
        return focused.places() if isinstance(focused, Keyed) else ("composer",)

    def selected_message(self) -> Message | None:
        """The message under the selection."""
        opened, selected = self.store.open, self.transcript.selected_id
        return opened.messages.get(selected) if opened is not None and selected else None

    def _message_situation(self) -> Situation:
        message = self.selected_message()
        if message is None or message.role == "user":
            return "question"
        if message.is_broken:
            return "broken" if message.has_begun else "broken-early"
        return "answer"
