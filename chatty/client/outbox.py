"""Messages that were sent and not yet accepted, on disk, one file each.

A message is on the disk before anybody is told that it waits, under the ids it will have on the
server; sending it again is therefore harmless, and whoever finds the file after a crash may do so.
Two programs of one person may share a directory. Everything here blocks; it sends nothing.

Layout: ``<directory>/<number>-<id>.json``, and ``….refused`` once the server has said no for good.
"""

import json
import os
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from chatty.client.errors import link_error
from chatty.client.private import ensure_private_directory, sync_directory, unusable, write_durably
from chatty.protocol.errors import ProtocolError
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
    refusal: str | None = None
    """Why the server said no for good; ``None`` while it has not."""

    @property
    def is_refused(self) -> bool:
        """Whether it is never sent again."""
        return self.refusal is not None

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


def made_id(params: dict[str, Any]) -> str:
    """Return the id a request gives to what it makes: its message's, else its run's; empty without any."""
    return str(params.get("id") or (params.get("run") or {}).get("id") or "")


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
        entry_id = made_id(params)
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
        self._write(entry, _WAITING)

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

    def discard(self, entry_id: str) -> None:
        """Forget what was refused: its text is with the person again, or not wanted any more."""
        for entry in self.entries():
            if entry.id == entry_id and entry.is_refused:
                self.remove(entry)

    def refuse(self, entry: Entry, reason: str) -> None:
        """Keep the entry's text, with the reason, but never send it again."""
        waiting = self._path(entry, _WAITING)
        if not os.path.exists(waiting):
            return  # another program that shares the directory has dealt with it
        try:
            self._write(replace(entry, refusal=reason), _REFUSED)
            os.unlink(waiting)
        except ProtocolError:
            # No room for the reason: the text is on the disk, and only has to be called refused.
            os.replace(waiting, self._path(entry, _REFUSED))
        except FileNotFoundError:
            pass
        sync_directory(self._directory)

    def _write(self, entry: Entry, ending: str) -> None:
        path = self._path(entry, ending)
        content = {"method": entry.method, "params": entry.params}
        if entry.refusal is not None:
            content["refusal"] = entry.refusal
        try:
            write_durably(path, json.dumps(content, separators=(",", ":")).encode())
        except OSError as error:
            raise unusable(path, error) from error

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
            refusal = str(content.get("refusal", "")) if ending == _REFUSED else None
            return Entry(int(number), entry_id, content["method"], content["params"], refusal)
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
