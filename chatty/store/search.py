"""Full-text search over messages, conversation titles and prompts: newest first, by pages.

A row's id is made from its time, `at * 32 + …`: the newest is the highest id, a date is a bound on the id,
and a page ends at an id. Nothing is ranked. Which rows a caller may see is decided in SQL before a page is
cut.

The index is written by the application when a message is complete, never while its text still grows.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from chatty.store import search_statements as statements
from chatty.store.database import PerEngine, Row, Scope, Statement, Value, Work
from chatty.store.pages import Listing
from chatty.store.rows import Message, Page, SearchHit
from chatty.store.search_query import Query, parse
from chatty.store.search_statements import ScopeFilter
from chatty.store.snippets import Snippets
from chatty.store.statements import Conditions, from_row, padded, placeholders

__all__ = ["Filters", "index_message", "index_name", "move_conversation", "parse", "query"]

_SLOTS = 32
_NAME_BIT = 1
_LARGEST_ID = 2**63 - 1
_SCAN_LIMIT = 4_000
"""How many matches one page may look through for rows that pass the filters the index does not know."""
_LARGEST_BATCH = 512
_SNIPPET_TEXT = 200_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search; None does not narrow. Times are ms."""

    project_id: str | None = None
    conversation_id: str | None = None
    role: str | None = None
    author_id: str | None = None
    model: str | None = None
    """Part of the model's name, in any case."""
    before: int | None = None
    """Exclusive."""
    after: int | None = None
    """Inclusive."""
    archived: bool | None = None
    """True or False for only those; None for both."""
    kinds: frozenset[str] = frozenset({"message", "conversation", "prompt"})

    @property
    def messages_only(self) -> bool:
        """Whether a filter is set that titles and prompts cannot pass."""
        return any((self.conversation_id, self.role, self.author_id, self.model))


def query(
    scope: Scope, wanted: Query, limit: int = 20, cursor: str | None = None, filters: Filters | None = None
) -> Work[Page[SearchHit]]:
    """Return a page of hits, newest first.

    A page may hold fewer than `limit` hits and still have a cursor: filters that few matches pass are worked
    through a few thousand matches at a time.

    Raises:
        InvalidCursor: the cursor is from elsewhere.
    """
    filters = filters or Filters()
    if not wanted.wanted:
        return Page([], None)
    listing = _listing(wanted, filters)
    low, high = _bounds(filters, listing, cursor)
    found: list[Row] = []
    floor = low
    for source in _sources(filters):
        rows, source_floor = yield from _collect(scope, source, wanted, filters, low, high, limit)
        found += rows
        floor = max(floor, source_floor)
    return (yield from _page(scope, found, floor, low, limit, listing, Snippets(wanted)))


def index_message(scope: Scope, message: Message, project_id: str | None, text: str) -> Work[None]:
    """Index a message's text, which its parts of type text must hold already, joined by newlines."""
    yield from remove_message(scope, message.id)
    if not text:
        return
    values: tuple[Value, ...] = (
        scope.workspace_id,
        message.id,
        message.conversation_id,
        project_id,
        message.author_id,
        message.role,
        message.model,
        message.created_at,
    )
    search_id = yield from _insert_with_id(
        message.created_at, 0, lambda id: statements.insert_message((id, *values), text)
    )
    yield statements.fill_message(search_id)


def remove_message(scope: Scope, message_id: str) -> Work[None]:
    """Take a message out of the index. Its parts must still hold the text that was indexed."""
    yield statements.empty_message(scope.workspace_id, message_id)
    yield (
        "DELETE FROM message_search WHERE workspace_id = $1 AND message_id = $2",
        (scope.workspace_id, message_id),
    )


def remove_conversation(scope: Scope, conversation_id: str) -> Work[None]:
    """Take a conversation's title and all its messages out of the index, before their parts are deleted."""
    yield from index_name(scope, "conversation", conversation_id, "", 0)
    yield statements.empty_conversation(scope.workspace_id, conversation_id)
    yield (
        "DELETE FROM message_search WHERE workspace_id = $1 AND conversation_id = $2",
        (scope.workspace_id, conversation_id),
    )


def move_conversation(scope: Scope, conversation_id: str, project_id: str | None) -> Work[None]:
    """Let the messages of a conversation be found in another project."""
    yield statements.empty_conversation(scope.workspace_id, conversation_id)
    yield (
        "UPDATE message_search SET project_id = $3 WHERE workspace_id = $1 AND conversation_id = $2",
        (scope.workspace_id, conversation_id, project_id),
    )
    yield statements.fill_conversation(scope.workspace_id, conversation_id)


def index_name(scope: Scope, kind: str, ref_id: str, text: str, at_ms: int) -> Work[None]:
    """Index the title of a conversation or the words of a prompt; an empty text takes it out."""
    yield statements.empty_name(scope.workspace_id, kind, ref_id)
    yield (
        "DELETE FROM name_search WHERE workspace_id = $1 AND kind = $2 AND ref_id = $3",
        (scope.workspace_id, kind, ref_id),
    )
    if not text:
        return
    values = (scope.workspace_id, kind, ref_id, at_ms, text)
    search_id = yield from _insert_with_id(
        at_ms, _NAME_BIT, lambda id: statements.insert_name((id, *values), text)
    )
    yield statements.fill_name(search_id)


def _insert_with_id(at_ms: int, bit: int, insert: Callable[[int], PerEngine]) -> Work[int]:
    """Insert under the first free id at or shortly after the time. Messages take even ids, names odd ones."""
    base = max(at_ms, 0) * _SLOTS + bit
    window = 1
    while True:
        rows = yield insert(base + 2 * random.randrange(window))
        if rows:
            search_id: int = rows[0]["id"]
            return search_id
        window *= 16


@dataclass(frozen=True, slots=True)
class _Source:
    """One of the two tables that are searched."""

    ids: Callable[[Scope, Query, Filters, int, int, int], PerEngine]
    """Matches in a range of ids, highest first."""
    rows: Callable[[Scope, Filters, Sequence[int]], Statement]
    """Those of the ids whose rows pass the filters, highest first."""


def _sources(filters: Filters) -> list[_Source]:
    sources = []
    if "message" in filters.kinds:
        sources.append(_Source(_message_ids, _message_rows))
    if filters.kinds - {"message"} and not filters.messages_only:
        sources.append(_Source(_name_ids, _name_rows))
    return sources


def _listing(wanted: Query, filters: Filters) -> Listing:
    narrowed_by = {name: value for name, value in asdict(filters).items() if name != "kinds"}
    return Listing("search", repr(wanted), *sorted(filters.kinds), *narrowed_by.values())


def _bounds(filters: Filters, listing: Listing, cursor: str | None) -> tuple[int, int]:
    """Return the lowest id that is wanted and the one above the highest."""
    low = 0 if filters.after is None else max(filters.after, 0) * _SLOTS
    high = _LARGEST_ID if filters.before is None else max(filters.before, 0) * _SLOTS
    if cursor is not None:
        (last,) = listing.decode(cursor, int)
        high = min(high, int(last))
    return min(low, _LARGEST_ID), min(high, _LARGEST_ID)


def _collect(
    scope: Scope, source: _Source, wanted: Query, filters: Filters, low: int, high: int, limit: int
) -> Work[tuple[list[Row], int]]:
    """Return more than `limit` rows that pass, or fewer, and the id down to which they are all."""
    passed: list[Row] = []
    batch = limit + 1
    seen = 0
    while True:
        matches = yield source.ids(scope, wanted, filters, low, high, batch)
        if matches:
            passed += yield source.rows(scope, filters, [row["id"] for row in matches])
        if len(matches) < batch:
            return passed, low
        high = matches[-1]["id"]
        seen += batch
        if len(passed) > limit or seen >= _SCAN_LIMIT:
            return passed, high
        batch = min(batch * 4, _LARGEST_BATCH)


def _page(
    scope: Scope,
    found: list[Row],
    floor: int,
    low: int,
    limit: int,
    listing: Listing,
    snippets: Snippets,
) -> Work[Page[SearchHit]]:
    """Cut the page. Below `floor` one of the sources may hold rows that were not looked at yet."""
    found = sorted((row for row in found if row["id"] >= floor), key=lambda row: -row["id"])
    rows = found[:limit]
    texts = yield from _texts(scope, [row["ref_id"] for row in rows if row["kind"] == "message"])
    hits = [_hit(row, snippets.of(_words(row["text"]) or texts.get(row["ref_id"], ""))) for row in rows]
    if len(found) > limit:
        return Page(hits, listing.encode((rows[-1]["id"],)))
    return Page(hits, listing.encode((floor,)) if floor > low else None)


def _texts(scope: Scope, message_ids: Sequence[str]) -> Work[dict[str, str]]:
    if not message_ids:
        return {}
    ids = padded(message_ids)
    rows = yield (
        f"SELECT message_id, substr(text, 1, {_SNIPPET_TEXT}) AS text FROM message_parts"
        f" WHERE workspace_id = $1 AND type = 'text' AND message_id IN ({placeholders(2, len(ids))})"
        " ORDER BY message_id, idx",
        (scope.workspace_id, *ids),
    )
    pieces: dict[str, list[str]] = {}
    for row in rows:
        pieces.setdefault(row["message_id"], []).append(_words(row["text"]))
    return {message_id: "\n".join(texts) for message_id, texts in pieces.items()}


def _words(value: object) -> str:
    """Return a text column's text; a damaged one has none."""
    return value if isinstance(value, str) else ""


def _hit(row: Row, snippet: str) -> SearchHit:
    names = ("kind", "ref_id", "conversation_id", "conversation_title", "project_id", "role", "author_id")
    return from_row(SearchHit, (*(row[name] for name in names), row["model"], row["at"], snippet))


def _message_ids(scope: Scope, wanted: Query, filters: Filters, low: int, high: int, limit: int) -> PerEngine:
    narrow = ScopeFilter(
        workspace_id=scope.workspace_id,
        conversation_id=filters.conversation_id,
        project_id=filters.project_id or None,
        role=filters.role,
    )
    return statements.message_ids(wanted, narrow, low, high, limit)


def _name_ids(scope: Scope, wanted: Query, filters: Filters, low: int, high: int, limit: int) -> PerEngine:
    return statements.name_ids(wanted, scope.workspace_id, low, high, limit)


def _message_rows(scope: Scope, filters: Filters, ids: Sequence[int]) -> Statement:
    where = _passing(scope, filters, ids, "c.project_id", "c.archived_at")
    where.add("c.deleted_at IS NULL")
    if filters.conversation_id is not None:
        where.add("s.conversation_id = {}", filters.conversation_id)
    if filters.role is not None:
        where.add("s.role = {}", filters.role)
    if filters.author_id is not None:
        where.add("s.author_id = {}", filters.author_id)
    if filters.model is not None:
        where.add("LOWER(s.model) LIKE {} ESCAPE '!'", f"%{_like(filters.model.lower())}%")
    return (
        "SELECT s.id, 'message' AS kind, s.message_id AS ref_id, s.conversation_id,"
        " c.title AS conversation_title, c.project_id, s.role, s.author_id, s.model, s.at, NULL AS text"
        " FROM message_search s JOIN conversations c"
        " ON c.workspace_id = s.workspace_id AND c.id = s.conversation_id"
        f" WHERE {where.text} ORDER BY s.id DESC",
        where.arguments,
    )


def _like(text: str) -> str:
    """Return the text as a pattern of LIKE that stands for itself."""
    return re.sub("([!%_])", r"!\1", text)


def _name_rows(scope: Scope, filters: Filters, ids: Sequence[int]) -> Statement:
    where = _passing(scope, filters, ids, "COALESCE(c.project_id, p.project_id)", "c.archived_at")
    where.add("(c.id IS NOT NULL OR p.id IS NOT NULL)")
    kinds = sorted(filters.kinds - {"message"})
    where.add(f"s.kind IN ({', '.join('{}' for _ in kinds)})", *kinds)
    return (
        "SELECT s.id, s.kind, s.ref_id, c.id AS conversation_id, c.title AS conversation_title,"
        " COALESCE(c.project_id, p.project_id) AS project_id, NULL AS role, NULL AS author_id,"
        " NULL AS model, s.at, s.text"
        " FROM name_search s LEFT JOIN conversations c ON s.kind = 'conversation'"
        " AND c.workspace_id = s.workspace_id AND c.id = s.ref_id AND c.deleted_at IS NULL"
        " LEFT JOIN prompts p ON s.kind = 'prompt'"
        " AND p.workspace_id = s.workspace_id AND p.id = s.ref_id AND p.deleted_at IS NULL"
        f" WHERE {where.text} ORDER BY s.id DESC",
        where.arguments,
    )


def _passing(
    scope: Scope, filters: Filters, ids: Sequence[int], project_column: str, archived_column: str
) -> Conditions:
    """Return what rows of both tables must fulfil; the bounds on the id are exact to some ms only."""
    # The expression keeps SQLite from walking an index of the whole workspace instead of the few ids.
    where = Conditions("s.workspace_id || '' = $1", arguments=(scope.workspace_id,))
    listed = padded(ids)
    where.add(f"s.id IN ({', '.join('{}' for _ in listed)})", *listed)
    if filters.project_id == "":
        where.add(f"{project_column} IS NULL")
    elif filters.project_id is not None:
        where.add(f"{project_column} = {{}}", filters.project_id)
    if filters.before is not None:
        where.add("s.at < {}", filters.before)
    if filters.after is not None:
        where.add("s.at >= {}", filters.after)
    if filters.archived is not None:
        where.add(f"{archived_column} IS {'NOT ' if filters.archived else ''}NULL")
    return where
