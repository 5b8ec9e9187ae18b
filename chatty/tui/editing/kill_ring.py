"""What ^k, ^u and ^w cut, for ^y to put back: shared by every input of the client."""

_KEPT = 30


class KillRing:
    """The texts cut last; cuts made one after another in the same place join into one, as in readline."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str, *, forwards: bool, join: bool) -> None:
        """Keep a cut; with `join` as part of the previous one, behind it when cutting `forwards`."""
        if join and self._texts:
            previous = self._texts[-1]
            self._texts[-1] = previous + text if forwards else text + previous
            return
        self._texts.append(text)
        del self._texts[:-_KEPT]

    def latest(self) -> str:
        """The last cut, empty when nothing was cut yet."""
        return self._texts[-1] if self._texts else ""
