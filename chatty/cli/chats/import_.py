"""``chatty chats import``."""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

import typer

from chatty.cli import references
from chatty.cli.arguments import AsJson
from chatty.cli.chats.formats import own
from chatty.cli.chats.formats.own import Entry
from chatty.cli.errors import Leave
from chatty.cli.exit_codes import ExitCode, exit_code
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.output.streams import write_note
from chatty.cli.session import Session
from chatty.cli.standard_input import read_all
from chatty.protocol.errors import ProtocolError
from chatty.rendering.sanitizer import sanitize

EXAMPLE = "chatty chats import chats.jsonl --dry-run"

Reader = Callable[[bytes, str], Iterator[Entry]]
"""Reads a file's content; the text is its name, for what is told of it."""

Importer = Callable[[Session, dict[str, Any]], dict[str, Any]]
"""Takes one conversation; returns ``{"skipped", "messages"}``."""


class Source(StrEnum):
    """Whose format a file has."""

    AUTO = "auto"
    CHATTY = "chatty"


_READERS: dict[Source, Reader] = {Source.AUTO: own.read, Source.CHATTY: own.read}


@dataclass(slots=True)
class _Tally:
    """What came of an import so far."""

    conversations: int = 0
    messages: int = 0
    skipped: int = 0
    errors: list[dict[str, str]] = field(default_factory=list)
    code: ExitCode = ExitCode.DONE

    def refuse(self, where: str, why: str, code: ExitCode) -> None:
        """Note what could not be imported; the first reason decides the exit code."""
        self.errors.append({"where": where, "why": why})
        self.code = self.code or code

    def to_json(self) -> dict[str, Any]:
        """Return ``{"conversations", "messages", "skipped", "errors": [{"where", "why"}]}``."""
        return {
            "conversations": self.conversations,
            "messages": self.messages,
            "skipped": self.skipped,
            "errors": self.errors,
        }


def import_chats(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Exported files; - is standard input.")
    ],
    source: Annotated[Source, typer.Option("--from", help="Whose format the files have.")] = Source.AUTO,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import what was exported as JSON or JSONL.

    Conversations that are here already are skipped.
    """
    session = Session()
    tally = _Tally()
    take = _would_import(references.deleted_ids(session)) if dry_run else _import
    for path in paths:
        for entry in _entries(path, _READERS[source]):
            _take(session, entry, tally, take)
    if as_json:
        print_json(tally.to_json())
    else:
        _print(tally, dry_run=dry_run)
    if tally.code:
        raise Leave(tally.code)


def _entries(path: str, read: Reader) -> Iterator[Entry]:
    try:
        content = read_all() if path == "-" else _content(path)
    except OSError as error:
        yield Entry(path, why=str(error.strerror))
    else:
        yield from read(content, path)


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _take(session: Session, entry: Entry, tally: _Tally, take: Importer) -> None:
    if entry.conversation is None:
        tally.refuse(entry.where, entry.why, ExitCode.USAGE)
        return
    try:
        answer = take(session, entry.conversation)
    except ProtocolError as error:
        if error.family in ("connection", "protocol_unsupported"):
            raise
        tally.refuse(entry.where, error.message, exit_code(error.type))
        return
    tally.skipped += bool(answer["skipped"])
    tally.conversations += not answer["skipped"]
    tally.messages += answer["messages"]


def _import(session: Session, conversation: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = session.call("conversation.import", {"conversation": conversation})
    except ProtocolError as error:
        if error.family != "conflict":
            raise
        # It is here and has changed since it was exported: nothing is overwritten.
        answer = {"skipped": True, "messages": 0}
    if answer["skipped"] and not _is_here(session, conversation["id"]):
        raise _deleted(conversation["id"])
    return answer


def _would_import(deleted: Container[str]) -> Importer:
    """Return what answers as an import would, given the ids of what was deleted."""

    def answer(session: Session, conversation: dict[str, Any]) -> dict[str, Any]:
        if conversation["id"] in deleted:
            raise _deleted(conversation["id"])
        is_here = _is_here(session, conversation["id"])
        return {"skipped": is_here, "messages": 0 if is_here else len(conversation["messages"])}

    return answer


def _is_here(session: Session, conversation_id: str) -> bool:
    try:
        session.call("conversation.get", {"conversation_id": conversation_id})
    except ProtocolError as error:
        if error.family != "not_found":
            raise
        return False
    return True


def _deleted(conversation_id: str) -> ProtocolError:
    return ProtocolError(
        "conflict/deleted",
        "it was deleted here, and importing does not undo that. Within a week this does, unless it was "
        f"removed for good: chatty chats restore {conversation_id}",
    )


def _print(tally: _Tally, *, dry_run: bool) -> None:
    verb = "would import" if dry_run else "imported"
    say(
        f"{verb} {tally.conversations} conversations with {tally.messages} messages; "
        f"{tally.skipped} were here already"
    )
    for error in tally.errors:
        where, why = (sanitize(error[key], multiline=False) for key in ("where", "why"))
        write_note(f"chatty: {where}: {why}")
