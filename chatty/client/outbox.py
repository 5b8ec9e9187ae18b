"""Messages that were sent and not yet accepted, on disk, one file each.

A message is on the disk before anybody is told that it waits, under the ids it will have on the
server; sending it again is therefore harmless, and whoever finds the file after a crash may do so.
Two programs of one person may share a directory. Everything here blocks; it sends nothing.

Layout: ``<directory>/<number>-<id>.json``, and ``….refused`` once the server has said no for good.
"""

import json
import os
from dataclasses import dataclass
from typing import Any

import msgspec

from chatty.client.errors import link_error
from chatty.client.private import ensure_private_directory, sync_directory, unusable, write_durably
from chatty.protocol.ids import is_id

_WAITING = ".json"
_REFUSED = ".refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """A request that makes something, waiting for the server's word."""

    number: int
    """Entries of one conversation are delivered in the order of their numbers."""
    id: str
    """The id the request gives to what it makes."""
    method: str
    params: dict[str, Any]
    is_refused: bool = False

    @property
    def conversation_id(self) -> str:
        """The conversation it belongs to; delivery keeps order within one."""
        conversation = self.params.get("conversation")
        if isinstance(conversation, dict):
            return str(conversation.get("id", ""))
        return str(self.params.get("conversation_id", ""))

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return f"{self.number:012d}-{self.id}"


class Outbox:
    """The unsent messages for one server.

    Args:
        directory: made when the first message is put in; owner-only, since messages are private.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._last_number: int | None = None

    def prepare(self, method: str, params: dict[str, Any]) -> Entry:
        """Return an entry with the next number; it is not on disk yet.

        A message is sent in mode ``queue``: when the outbox is emptied later, the conversation may have
        moved on, and then the message becomes a branch instead of an error.

        Raises:
            ProtocolError: ``invalid_params/id``, when the request brings no id of its own;
                ``invalid_params/text``, when its text is not Unicode that can be sent.
        """
        if method == "message.send" and params.get("mode", "append") == "append":
            params = {**params, "mode": "queue"}
        entry_id = params.get("id") or (params.get("run") or {}).get("id") or ""
        if not is_id(entry_id):
            raise link_error("invalid_params/id", "What is sent needs an id made here.")
        _require_sendable(params)
        return Entry(self._next_number(), entry_id, method, params)

    def put(self, entry: Entry) -> None:
        """Make the entry durable: after this returns it survives a power cut.

        Raises:
            ProtocolError: ``storage/full``, ``storage/read_only`` or ``storage/unavailable``.
        """
        ensure_private_directory(self._directory)
        path = self._path(entry, _WAITING)
        content = {"method": entry.method, "params": entry.params}
        try:
            write_durably(path, json.dumps(content, separators=(",", ":")).encode())
        except OSError as error:
            raise unusable(path, error) from error

    def entries(self) -> list[Entry]:
        """Return every entry, refused ones included, in the order they were put in."""
        return [entry for name in self._names() if (entry := self._read(name)) is not None]

    def remove(self, entry: Entry) -> None:
        """Forget an entry; one that another program has removed already is gone all the same."""
        for ending in (_WAITING, _REFUSED):
            try:
                os.unlink(self._path(entry, ending))
            except FileNotFoundError:
                continue

    def refuse(self, entry: Entry) -> None:
        """Keep the entry's text, but never send it again."""
        try:
            os.replace(self._path(entry, _WAITING), self._path(entry, _REFUSED))
            sync_directory(self._directory)
        except FileNotFoundError:
            pass

    def _next_number(self) -> int:
        if self._last_number is None:
            numbers = (name.partition("-")[0] for name in self._names())
            self._last_number = max((int(number) for number in numbers if number.isdigit()), default=0)
        self._last_number += 1
        return self._last_number

    def _names(self) -> list[str]:
        try:
            return sorted(os.listdir(self._directory))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise unusable(self._directory, error) from error

    def _path(self, entry: Entry, ending: str) -> str:
        return os.path.join(self._directory, entry.name + ending)

    def _read(self, name: str) -> Entry | None:
        """Read one file; what is no entry, was removed meanwhile, or cannot be read is left alone."""
        stem, ending = os.path.splitext(name)
        number, _, entry_id = stem.partition("-")
        if ending not in (_WAITING, _REFUSED) or not number.isdigit():
            return None
        try:
            with open(os.path.join(self._directory, name), "rb") as file:
                content = json.load(file)
            return Entry(int(number), entry_id, content["method"], content["params"], ending == _REFUSED)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _require_sendable(params: dict[str, Any]) -> None:
    """Refuse half a character (a lone surrogate): JSON can escape it, but no frame can carry it."""
    try:
        msgspec.json.encode(params)
    except UnicodeEncodeError as error:
        raise link_error(
            "invalid_params/text",
            f"The text holds {error.object[error.start]!a}, half a character, and cannot be sent. "
            "Take it out and send again; nothing was kept.",
        ) from None
