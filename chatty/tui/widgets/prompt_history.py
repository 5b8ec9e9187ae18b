"""The prompts written before, and the place one has gone back to. No widget."""

from collections.abc import Sequence

_KEPT = 500
_NEAR = 10


class PromptHistory:
    """Earlier prompts, newest last; equal neighbours are kept once."""

    def __init__(self) -> None:
        self._prompts: list[str] = []
        self._place: int | None = None

    def add(self, prompt: str) -> None:
        """Keep a prompt and be at the end again."""
        if not self._prompts or self._prompts[-1] != prompt:
            self._prompts.append(prompt)
            del self._prompts[:-_KEPT]
        self._place = None

    def add_earlier(self, prompts: Sequence[str]) -> None:
        """Put prompts of earlier times, oldest first, before those known; the place in them stays."""
        room = _KEPT - len(self._prompts)
        added = list(prompts)[-room:] if room > 0 else []
        self._prompts[:0] = added
        if self._place is not None:
            self._place += len(added)

    @property
    def is_near_oldest(self) -> bool:
        """Whether one has gone back so far that earlier ones may be wanted, as far as there is room."""
        place = len(self._prompts) if self._place is None else self._place
        return place <= _NEAR and len(self._prompts) < _KEPT

    def step(self, direction: int) -> str | None:
        """The prompt before (-1) or after (1) the one shown; empty after the newest; None at the oldest."""
        place = len(self._prompts) if self._place is None else self._place
        place += direction
        if place < 0 or place > len(self._prompts):
            return None
        self._place = place if place < len(self._prompts) else None
        return "" if place == len(self._prompts) else self._prompts[place]

    def is_recalled(self, text: str) -> bool:
        """Whether this is the prompt one has gone back to, unchanged."""
        return self._place is not None and self._prompts[self._place] == text

    def search(self, words: str, *, further: bool) -> str | None:
        """The newest prompt that contains the words; with `further` one before the last found."""
        end = len(self._prompts) if self._place is None or not further else self._place
        wanted = words.casefold()
        for index in range(end - 1, -1, -1):
            if wanted in self._prompts[index].casefold():
                self._place = index
                return self._prompts[index]
        return None

    def leave(self) -> None:
        """Be at the end again."""
        self._place = None
