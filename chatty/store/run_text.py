"""The text of a reply while it is written: append-only pieces, folded into the message's parts at the end.

Offsets and lengths are Unicode code points. The owner of the run has the text in memory; these rows are what
is left of it after a crash.
"""

from collections.abc import Iterable

from chatty.store import search
from chatty.store.database import Row, Scope, Work
from chatty.store.rows import PartSlice
from chatty.store.statements import storable


def append(scope: Scope, run_id: str, part_idx: int, g: int, offset: int, text: str) -> Work[None]:
    """Add a piece that begins at `offset` of the part's generation `g`. The same piece again is no error."""
    yield (
        'INSERT INTO run_text (workspace_id, run_id, part_idx, g, "offset", text)'
        ' VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, run_id, part_idx, g, "offset")'
        " DO UPDATE SET text = excluded.text",
        (scope.workspace_id, run_id, part_idx, g, offset, storable(text)),
    )


def read(
    scope: Scope, run_id: str, part_idx: int, start: int = 0, limit: int | None = None
) -> Work[PartSlice | None]:
    """Return the text of the part's newest generation from `start` on, or None when nothing was kept."""
    texts = yield from _newest(scope, run_id)
    if part_idx not in texts:
        return None
    g, text = texts[part_idx]
    end = None if limit is None else start + limit
    return PartSlice(start, text[start:end], len(text), g, "open")


def read_all(scope: Scope, run_id: str) -> Work[dict[int, tuple[int, str]]]:
    """Return generation and text so far of every part of the run that has any."""
    return (yield from _newest(scope, run_id))


def fold(scope: Scope, run_id: str, message_id: str) -> Work[dict[int, tuple[int, str]]]:
    """Move what was kept into the message's parts, delete it here, and return generation and text by part.

    A part that exists keeps its type and data; one that does not becomes a text part. As after `parts.put`
    the message is out of the search index until `messages.finish`.
    """
    texts = yield from _newest(scope, run_id)
    yield from search.remove_message(scope, message_id)
    for idx, (g, text) in texts.items():
        yield (
            "INSERT INTO message_parts (workspace_id, message_id, idx, type, text, status, g)"
            " VALUES ($1, $2, $3, 'text', $4, 'completed', $5) ON CONFLICT (workspace_id, message_id, idx)"
            " DO UPDATE SET text = excluded.text, status = 'completed', g = excluded.g",
            (scope.workspace_id, message_id, idx, text, g),
        )
    yield from discard(scope, run_id)
    return texts


def discard(scope: Scope, run_id: str) -> Work[None]:
    """Delete the run's pieces: its owner has written the whole text itself."""
    yield (
        "DELETE FROM run_text WHERE workspace_id = $1 AND run_id = $2",
        (scope.workspace_id, run_id),
    )


def _newest(scope: Scope, run_id: str) -> Work[dict[int, tuple[int, str]]]:
    rows = yield (
        'SELECT part_idx, g, "offset", text FROM run_text WHERE workspace_id = $1 AND run_id = $2'
        ' ORDER BY part_idx, g, "offset"',
        (scope.workspace_id, run_id),
    )
    pieces: dict[int, dict[int, list[Row]]] = {}
    for row in rows:
        pieces.setdefault(row["part_idx"], {}).setdefault(row["g"], []).append(row)
    return {idx: (max(by_g), join(by_g[max(by_g)])) for idx, by_g in pieces.items()}


def join(rows: Iterable[Row]) -> str:
    """Join pieces in the order of their offsets; text after a gap is left out, an overlap is taken once."""
    texts: list[str] = []
    length = 0
    for row in rows:
        overlap = length - row["offset"]
        if overlap < 0:
            break
        rest = row["text"][overlap:]
        texts.append(rest)
        length += len(rest)
    return "".join(texts)
