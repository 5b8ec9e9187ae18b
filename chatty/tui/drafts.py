"""Texts not yet sent, on disk: they survive the client being killed.

One file per conversation and client, so that two clients never write the same one. A file appears whole or
not at all (written beside, flushed, renamed). The caller decides when to write: on a pause, and at the end.
"""

import contextlib
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from chatty.client.draft_files import draft_name
from chatty.tui.editing.chips import Chip


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in a composer: text and chips in order, and the cursor counted with a chip as one."""

    pieces: tuple[str | Chip, ...] = ()
    cursor: int = 0

    @property
    def text(self) -> str:
        """The text with every chip in full."""
        return "".join(piece if isinstance(piece, str) else piece.content for piece in self.pieces)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing worth keeping."""
        return not any(isinstance(piece, Chip) or piece.strip() for piece in self.pieces)


EMPTY = Draft()


def joined(first: Draft, second: Draft) -> Draft:
    """Both texts, one below the other; the cursor stays where it is in the second."""
    if first.is_empty or second.is_empty:
        return first if second.is_empty else second
    above = (*first.pieces, "\n")
    length = sum(len(piece) if isinstance(piece, str) else 1 for piece in above)
    return Draft((*above, *second.pieces), length + second.cursor)


class Drafts:
    """The drafts of one client in one directory. `client_id` keeps the clients of one user apart.

    A draft belongs to the client that wrote it for as long as that client lives: the file is locked, and the
    system takes the lock away with the process. What was left behind belongs to whoever opens it first.

    Errors of the disk (`OSError`) go to the caller: it says on the status row that the draft is not safe.
    """

    def __init__(self, directory: Path, client_id: str) -> None:
        self._directory = directory
        self._client_id = client_id
        self._locked: dict[str, int] = {}
        """Descriptors of our own files, by conversation."""

    def __del__(self) -> None:
        for conversation_id in tuple(self._locked):
            self._unlock(conversation_id)

    def save(self, conversation_id: str, draft: Draft) -> None:
        """Keep the draft, or drop the file when it is empty. Durable when this returns."""
        path = self._path(conversation_id)
        if draft.is_empty:
            path.unlink(missing_ok=True)
            self._unlock(conversation_id)
            return
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = _written(path, draft)
        self._unlock(conversation_id)
        self._locked[conversation_id] = descriptor
        _flush_directory(self._directory)

    def load(self, conversation_id: str) -> Draft:
        """This client's draft, else the newest one left behind, taken over; empty when there is none."""
        own = self._path(conversation_id)
        if not own.exists():
            self._take_over(conversation_id, own)
        return _read(own) or EMPTY

    def conversations(self) -> set[str]:
        """The ids of the conversations that have a draft, whoever wrote it."""
        return {unquote(path.name.split("@")[0]) for path in self._directory.glob("*@*.json")}

    def _path(self, conversation_id: str) -> Path:
        return self._directory / draft_name(conversation_id, self._client_id)

    def _take_over(self, conversation_id: str, own: Path) -> None:
        """Make the newest draft ours whose client is gone."""
        for path in self._others(conversation_id):
            if _read(path) is None:
                continue
            with contextlib.suppress(FileNotFoundError):  # another client took it meanwhile
                descriptor = os.open(path, os.O_RDWR)
                if _lock(descriptor):
                    self._locked[conversation_id] = descriptor
                    path.replace(own)
                    return
                os.close(descriptor)

    def _unlock(self, conversation_id: str) -> None:
        descriptor = self._locked.pop(conversation_id, None)
        if descriptor is not None:
            os.close(descriptor)

    def _others(self, conversation_id: str) -> list[Path]:
        paths = self._directory.glob(f"{quote(conversation_id, safe='')}@*.json")
        return sorted(paths, key=_written_at, reverse=True)


def _written_at(path: Path) -> float:
    """When a draft was written; long ago for one that another client has taken meanwhile."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _written(path: Path, draft: Draft) -> int:
    """Put the draft under its name; returns the descriptor that holds the file's lock.

    When the disk does not take it, what was under that name stays, and nothing else is left behind.
    """
    beside = path.with_suffix(".new")
    # 0600 from the start: a draft may hold anything a person would paste.
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # Locked before anybody can see it under its name.
        _lock(descriptor)
        with os.fdopen(descriptor, "w", encoding="utf-8", closefd=False) as file:
            json.dump(_to_json(draft), file)
            file.flush()
            os.fsync(descriptor)
        beside.replace(path)
    except BaseException:
        os.close(descriptor)
        beside.unlink(missing_ok=True)
        raise
    return descriptor


def _to_json(draft: Draft) -> dict[str, object]:
    pieces = [
        {"text": piece} if isinstance(piece, str) else {"label": piece.label, "content": piece.content}
        for piece in draft.pieces
    ]
    return {"pieces": pieces, "cursor": draft.cursor}


def _read(path: Path) -> Draft | None:
    """The draft in a file, or None when the file is not one of ours."""
    try:
        frame = json.loads(path.read_text(encoding="utf-8"))
        pieces = tuple(
            piece["text"] if "text" in piece else Chip(str(piece["label"]), str(piece["content"]))
            for piece in frame["pieces"]
        )
        return Draft(pieces, int(frame["cursor"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _lock(descriptor: int) -> bool:
    """Lock the file unless another client has; a file system without locks keeps nobody out."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _flush_directory(directory: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
