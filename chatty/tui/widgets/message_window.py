"""Which messages of a path are laid out: a window on the ids at hand, moved as one comes to its edges.

Twenty messages at first, twenty more at a time, two hundred at most. The window lies on the end of the path,
or on a stretch further up that one went to. It knows neither rows nor texts: see `row_index.py`.
"""

from chatty.tui.state import OpenConversation
from chatty.tui.widgets.row_index import Spot

WINDOW_AT_FIRST = 20
WINDOW_STEP = 20
WINDOW_AT_MOST = 200


class MessageWindow:
    """Ids in a row, out of those the conversation has at hand."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.is_away = False
        """The stretch further up is shown, not the end of the path."""
        self._opened = OpenConversation("")

    @property
    def path(self) -> list[str]:
        """The messages at hand in a row that the window is a part of."""
        return self._opened.away if self.is_away else self._opened.path

    @property
    def reaches_newest(self) -> bool:
        """Whether nothing at hand lies behind the window."""
        return not self.is_away and (not self.path or self._first_behind() == len(self.path))

    @property
    def missing_before(self) -> str | None:
        """The first message at hand, where the path goes on above it."""
        opened = self._opened
        has_older = opened.has_older_away if self.is_away else opened.has_older
        return self.path[0] if self.path and has_older else None

    @property
    def missing_behind(self) -> str | None:
        """The last message of the stretch further up, once the window has come to it."""
        return self.path[-1] if self.is_away and self._first_behind() == len(self.path) else None

    def open(self, opened: OpenConversation) -> None:
        """Lie on the end of another conversation."""
        self._opened = opened
        self.to_end()

    def to_end(self) -> None:
        """Lie on the newest messages."""
        self.is_away = False
        self.ids = self.path[-WINDOW_AT_FIRST:]

    def to_top(self) -> None:
        """Lie on the first messages at hand."""
        self.ids = self.path[:WINDOW_AT_MOST]

    def go_to(self, message_id: str) -> bool:
        """Hold a message that is at hand; says whether the window had to move."""
        self.is_away = message_id in self._opened.away
        if message_id in self.ids:
            return False
        first = max(0, self.path.index(message_id) - WINDOW_STEP)
        self.ids = self.path[first : first + WINDOW_AT_MOST]
        return True

    def change_path(self, opened: OpenConversation, top: Spot | None, *, is_following: bool) -> bool:
        """Lie on the messages of a path that changed, so that the one at the top of the view stays there.

        Returns False when that one is not at hand any more, as after a link that came back: the window then
        waits for it, as it is.
        """
        self._opened = opened
        if self.is_away and top is not None and top.message_id not in opened.away:
            if top.message_id not in opened.path:
                return False
            self.is_away = False  # the gap below is closed
        self._move(top.message_id if top else "", is_following=is_following)
        return True

    def extend_up(self) -> bool:
        """Take in messages above; False when none is at hand."""
        first = self.path.index(self.ids[0]) if self.ids and self.ids[0] in self.path else 0
        self.ids = [*self.path[max(0, first - WINDOW_STEP) : first], *self.ids][:WINDOW_AT_MOST]
        return first > 0

    def extend_down(self) -> bool:
        """Take in messages below; False when none is at hand."""
        first = self._first_behind()
        if first is None or first == len(self.path):
            return False
        self.ids = [*self.ids, *self.path[first : first + WINDOW_STEP]][-WINDOW_AT_MOST:]
        return True

    def _first_behind(self) -> int | None:
        """Index in the path of what follows the window; None when its last message has left the path."""
        if not self.ids or self.ids[-1] not in self.path:
            return None
        return self.path.index(self.ids[-1]) + 1

    def _move(self, top_id: str, *, is_following: bool) -> None:
        """What came behind the window comes in, messages far above the view go."""
        held = set(self.ids)
        kept = [index for index, message_id in enumerate(self.path) if message_id in held]
        if not kept or is_following:
            self.ids = self.path[-max(len(self.ids), WINDOW_AT_FIRST) :]
            return
        moved = self.path[kept[0] : kept[-1] + 1 + WINDOW_STEP]
        surplus = max(0, len(moved) - WINDOW_AT_MOST)
        above = moved.index(top_id) if top_id in moved else 0
        first = min(surplus, above)
        self.ids = moved[first : first + WINDOW_AT_MOST]
