"""Where the user writes: grows with the text, keeps pastes as units, recalls earlier prompts.

It sends nothing itself: it hands the text to `submitted`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from textual import events
from textual.geometry import Size
from textual.message import Message

from chatty.rendering.sanitizer import sanitize
from chatty.tui.actions import Place
from chatty.tui.drafts import Draft
from chatty.tui.editing.chips import EDITABLE_CHARACTERS, text_chip, without_marks
from chatty.tui.editing.fences import is_inside_fence
from chatty.tui.editing.kill_ring import KillRing
from chatty.tui.editing.wrapping import Wrapping
from chatty.tui.keymap import KeyRouter, canonical
from chatty.tui.widgets.prompt_history import PromptHistory
from chatty.tui.widgets.text_field import TextField, letter_of

_ROWS_AT_MOST = 10
_NEWLINE_KEYS = ("ctrl+j", "shift+enter", "alt+enter")
_MENU_KEYS = ("up", "down", "tab", "enter", "escape")


class Completer(Protocol):
    """A menu of completions of what is being written."""

    @property
    def is_open(self) -> bool:
        """Whether it is on the screen, and has the keys of menus."""

    def update(self) -> None:
        """The text changed."""

    def key(self, key: str) -> None:
        """Take a key of menus."""


class Composer(TextField):
    """The text the user writes, with history and a completion menu it steers but does not draw."""

    DEFAULT_CSS = """
    Composer {
        height: auto;
        max-height: 50vh;
        border: round $border-blurred;
        padding: 0 1;

        &:focus {
            border: round $border;
        }
    }
    """

    class EarlierWanted(Message):
        """One goes back through the prompts, and nearly all that are known were seen."""

    @dataclass
    class SearchChanged(Message):
        """The reverse search looks for other words, or ended (None)."""

        words: str | None

    def __init__(self, router: KeyRouter, ring: KillRing | None = None) -> None:
        super().__init__(router, id="composer", placeholder="Ask anything   / command", ring=ring)
        self.history = PromptHistory()
        self.submitted: Callable[[str], None] = _nobody
        """Takes the text the user sent, chips in full. Called at once, not posted: what is typed behind an
        enter must find the keyboard, and the conversation, where that enter put them."""
        self.completer: Completer | None = None
        """The completion menu, kept in step with every key for the same reason."""
        self._search: str | None = None
        self._before_search = ""
        self._is_in_vain = False
        """The search found nothing among the prompts that are known."""

    # What is written.

    @property
    def draft(self) -> Draft:
        """What is written, chips kept apart, and the cursor."""
        return Draft(self.chips.split(self.buffer.text), self.buffer.cursor)

    @draft.setter
    def draft(self, draft: Draft) -> None:
        text = "".join(piece if isinstance(piece, str) else self.chips.add(piece) for piece in draft.pieces)
        self.buffer.reset(text, draft.cursor)
        self.history.leave()
        self.edited()

    def set_text(self, text: str, cursor: int | None = None) -> None:
        """Replace the text, as if typed; one too long to be edited here, where every key would wait for it to
        be wrapped, stands as one unit."""
        if len(text) <= EDITABLE_CHARACTERS:
            super().set_text(text, cursor)
        else:
            self.buffer.set_text(self.chips.add(text_chip(without_marks(sanitize(text)))))
            self.edited()

    def submit(self) -> None:
        """Hand on what is written, if anything is, and be empty."""
        text = self.text.strip("\n")
        if not text.strip():
            return
        self.history.add(text)
        self.buffer.reset()
        self.edited()
        self.submitted(text)

    def give_back(self, text: str) -> None:
        """Put a text that could not be sent back, before anything written since."""
        written = self.text
        self.set_text(f"{text}\n{written}" if written else text)

    def clear(self) -> None:
        """Empty the composer; up brings the text back."""
        if not self.is_empty:
            self.history.add(self.text)
            self.buffer.set_text("")
            self.history.leave()
            self.edited()

    @property
    def is_recalled(self) -> bool:
        """Whether an earlier prompt stands here as it was."""
        return self.history.is_recalled(self.text)

    def redo(self) -> None:
        """Do again what ^_ took back."""
        self.buffer.redo()
        self.edited()

    @property
    def is_searching(self) -> bool:
        """Whether the keys are for the search among earlier prompts."""
        return self._search is not None

    @property
    def is_in_code(self) -> bool:
        """Whether the cursor stands inside an open code fence, where enter is a newline."""
        return is_inside_fence(self.buffer.text[: self.buffer.cursor])

    def word_before_cursor(self) -> str:
        """The word the cursor stands behind, for completion."""
        before = self.buffer.text[: self.buffer.cursor]
        return before.rsplit(maxsplit=1)[-1] if before and not before[-1].isspace() else ""

    def replace_word(self, text: str) -> None:
        """Put a completion in place of the word before the cursor."""
        end = self.buffer.cursor
        start = end - len(self.word_before_cursor())
        self.buffer.anchor = start
        if start == end:
            self.buffer.anchor = None
        self.insert(text)

    # Size.

    def rows_wanted(self, container: Size, viewport: Size, width: int) -> int:
        """The rows of the text, ten at most."""
        if self.is_empty or width <= 0:
            return 1
        if width != self.content_size.width:
            return min(_ROWS_AT_MOST, len(Wrapping(self.buffer.text, width - 1, self.label).rows))
        return min(_ROWS_AT_MOST, len(self.wrapping().rows))

    def visible_rows(self) -> int:
        """The rows after the layout that is on its way."""
        half_window = self.screen.size.height // 2 - self.gutter.height
        return max(1, min(_ROWS_AT_MOST, len(self.wrapping().rows), half_window))

    def edited(self) -> None:
        """Lay out anew only when the number of rows changed."""
        if self.visible_rows() != self.content_size.height:
            self.refresh(layout=True)
        if self.completer is not None:
            self.completer.update()
        super().edited()

    def on_resize(self, event: events.Resize) -> None:
        """The cursor stays in sight, and what was drawn for another width is drawn anew."""
        self._scroll_to_cursor()
        self.refresh(layout=self.visible_rows() != self.content_size.height)

    # Keys.

    def places(self) -> tuple[Place, ...]:
        """An empty composer lends some of its letters to actions."""
        return ("empty-composer", "composer") if self.is_empty else ("composer",)

    def intercept(self, event: events.Key) -> bool:
        """An open menu and a running search come first; then what enter means here; then the edges."""
        key = canonical(event.key)
        if self._search is not None:
            return self._search_key(key, event)
        if self.completer is not None and self.completer.is_open and key in _MENU_KEYS:
            self.completer.key(key)
            self.post_message(self.Edited(self))
            return True
        if key in _NEWLINE_KEYS or (key == "enter" and self._enter_is_newline()):
            self._newline()
            return True
        return self._row_key(key)

    def take_paste(self, raw: str) -> None:
        """Insert pasted text; a running search is over with what it has found."""
        if self._search is not None:
            self._end_search()
        super().take_paste(raw)

    def add_earlier(self, prompts: Sequence[str]) -> None:
        """Know prompts of earlier times; a search that found nothing looks among them."""
        self.history.add_earlier(prompts)
        if prompts and self._search and self._is_in_vain:
            self._look_for(self._search)

    def start_search(self) -> None:
        """Begin the reverse search through earlier prompts, or look further back."""
        if self._search is None:
            self._search, self._before_search = "", self.buffer.text
        self.post_message(self.SearchChanged(self._search))

    # Inside.

    def _enter_is_newline(self) -> bool:
        return self.buffer.text[: self.buffer.cursor].endswith("\\") or self.is_in_code

    def _newline(self) -> None:
        if self.buffer.text[: self.buffer.cursor].endswith("\\") and self.buffer.selection is None:
            self.buffer.delete_left()
        self.insert("\n")

    def _row_key(self, key: str) -> bool:
        """Up and down move in the text; over its edges they go through earlier prompts."""
        selecting = key.startswith("shift+")
        direction = {"up": -1, "down": 1}.get(key.removeprefix("shift+"))
        if direction is None:
            return False
        if self.move_rows(direction, selecting=selecting) or selecting:
            return True
        self._recall(direction)
        return True

    def _recall(self, direction: int) -> None:
        if not self.is_empty and not self.is_recalled:
            return
        text = self.history.step(direction)
        self._maybe_want_earlier()
        if text is not None:
            self.set_text(text)

    def _maybe_want_earlier(self) -> None:
        if self.history.is_near_oldest:
            self.post_message(self.EarlierWanted())

    def _search_key(self, key: str, event: events.Key) -> bool:
        assert self._search is not None
        if key in ("escape", "ctrl+g", "ctrl+c"):
            self.buffer.set_text(self._before_search)
            self._end_search()
        elif key in ("enter", "tab", "right", "left"):
            self._end_search()
        elif key == "backspace":
            self._look_for(self._search[:-1])
        elif key == "ctrl+r":
            self._look_for(self._search, further=True)
        elif (letter := letter_of(event)) and "+" not in key[:-1]:
            self._look_for(self._search + letter)
        return True

    def _look_for(self, words: str, *, further: bool = False) -> None:
        self._search = words
        found = self.history.search(words, further=further)
        self._is_in_vain = found is None
        if found is None:
            self.post_message(self.EarlierWanted())
        if found is not None:
            self.set_text(found)
        else:
            self.edited()
        self.post_message(self.SearchChanged(words))

    def _end_search(self) -> None:
        self._search = None
        self.history.leave()
        self.edited()
        self.post_message(self.SearchChanged(None))


def _nobody(text: str) -> None:
    """Takes what is sent before anybody listens."""
