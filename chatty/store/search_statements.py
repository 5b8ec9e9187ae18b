"""The statements of full-text search, where the engines differ: FTS5 on SQLite, tsvector on PostgreSQL.

On SQLite the text lives in `message_parts` only; `message_fts` is an index over the view
`message_search_text`, and an entry is removed by giving FTS5 the very text that was indexed (its documented
'delete' command). Filling and removing through the same view makes the two texts equal.

Each message is indexed together with scope tokens (its conversation, project, role, model), so that "this
word in that project" is an intersection of two posting lists and not a walk along the longer one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chatty.store.database import PerEngine, Value
from chatty.store.search_query import Query, Term, tokens
from chatty.store.statements import Conditions

SCOPE_MARK = "\ue000"
"""Begins the tokens of the scope column. A character for private use: no token of a query contains it."""

_LONGEST_TOKEN = 255
_LARGEST_TSVECTOR = 600_000
_LAST_POSITION = 16_383


@dataclass(frozen=True, slots=True)
class ScopeFilter:
    """What the index itself can narrow by; None does not narrow."""

    workspace_id: str
    conversation_id: str | None = None
    project_id: str | None = None
    role: str | None = None


def insert_message(values: tuple[Value, ...], text: str) -> PerEngine:
    """Insert the row of `message_search`; returns its id, or no row when the id or the message is taken."""
    columns = "id, workspace_id, message_id, conversation_id, project_id, author_id, role, model, at"
    return PerEngine(
        sqlite=(
            f"INSERT INTO message_search ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
            " ON CONFLICT DO NOTHING RETURNING id",
            values,
        ),
        postgres=(
            f"INSERT INTO message_search ({columns}, tsv) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
            " CAST(CAST($10 AS TEXT) AS TSVECTOR)) ON CONFLICT DO NOTHING RETURNING id",
            (*values, tsvector(text)),
        ),
    )


def fill_message(search_id: int) -> PerEngine:
    """Index the text of a row of `message_search`."""
    return PerEngine(
        sqlite=(
            "INSERT INTO message_fts (rowid, text, scope)"
            " SELECT id, text, scope FROM message_search_text WHERE id = $1",
            (search_id,),
        ),
        postgres=None,
    )


def empty_message(workspace_id: str, message_id: str) -> PerEngine:
    """Take a message's text out of the index, while its row and parts are still there."""
    return PerEngine(
        sqlite=(
            "INSERT INTO message_fts (message_fts, rowid, text, scope) SELECT 'delete', id, text, scope"
            " FROM message_search_text WHERE id ="
            " (SELECT id FROM message_search WHERE workspace_id = $1 AND message_id = $2)",
            (workspace_id, message_id),
        ),
        postgres=None,
    )


def fill_conversation(workspace_id: str, conversation_id: str) -> PerEngine:
    """Index the texts of all rows of a conversation."""
    return PerEngine(
        sqlite=(
            "INSERT INTO message_fts (rowid, text, scope) SELECT id, text, scope"
            f" FROM message_search_text WHERE id IN ({_OF_CONVERSATION}) ORDER BY id",
            (workspace_id, conversation_id),
        ),
        postgres=None,
    )


def empty_conversation(workspace_id: str, conversation_id: str) -> PerEngine:
    """Take all texts of a conversation out of the index, while its rows and parts are still there."""
    return PerEngine(
        sqlite=(
            "INSERT INTO message_fts (message_fts, rowid, text, scope) SELECT 'delete', id, text, scope"
            f" FROM message_search_text WHERE id IN ({_OF_CONVERSATION}) ORDER BY id",
            (workspace_id, conversation_id),
        ),
        postgres=None,
    )


_OF_CONVERSATION = "SELECT id FROM message_search WHERE workspace_id = $1 AND conversation_id = $2"


def insert_name(values: tuple[Value, ...], text: str) -> PerEngine:
    """Insert a row of `name_search` (id, workspace, kind, ref, at, text); returns its id or no row."""
    columns = "id, workspace_id, kind, ref_id, at, text"
    return PerEngine(
        sqlite=(
            f"INSERT INTO name_search ({columns}) VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT DO NOTHING RETURNING id",
            values,
        ),
        postgres=(
            f"INSERT INTO name_search ({columns}, tsv) VALUES ($1, $2, $3, $4, $5, $6,"
            " CAST(CAST($7 AS TEXT) AS TSVECTOR)) ON CONFLICT DO NOTHING RETURNING id",
            (*values, tsvector(text)),
        ),
    )


def fill_name(search_id: int) -> PerEngine:
    """Index the text of a row of `name_search`."""
    return PerEngine(
        sqlite=(
            "INSERT INTO name_fts (rowid, text) SELECT id, text FROM name_search WHERE id = $1",
            (search_id,),
        ),
        postgres=None,
    )


def empty_name(workspace_id: str, kind: str, ref_id: str) -> PerEngine:
    """Take a name out of the index, while its row is still there."""
    return PerEngine(
        sqlite=(
            "INSERT INTO name_fts (name_fts, rowid, text) SELECT 'delete', id, text FROM name_search"
            " WHERE workspace_id = $1 AND kind = $2 AND ref_id = $3",
            (workspace_id, kind, ref_id),
        ),
        postgres=None,
    )


def message_ids(query: Query, narrow: ScopeFilter, low: int, high: int, limit: int) -> PerEngine:
    """Return ids of `message_search` in `low <= id < high` that match, the highest first."""
    matching = Conditions("message_fts MATCH $1", arguments=(fts_expression(query, scope_tokens(narrow)),))
    matching.add("rowid >= {} AND rowid < {}", low, high)
    sqlite = f"SELECT rowid AS id FROM message_fts WHERE {matching.text} ORDER BY rowid DESC"
    return PerEngine(
        sqlite=(f"{sqlite} LIMIT {matching.bind(limit)}", matching.arguments),
        postgres=_postgres_message_ids(query, narrow, low, high, limit),
    )


def name_ids(query: Query, workspace_id: str, low: int, high: int, limit: int) -> PerEngine:
    """Return ids of `name_search` in `low <= id < high` that match, the highest first."""
    where = Conditions("workspace_id = $1", arguments=(workspace_id,))
    where.add("tsv @@ CAST(CAST({} AS TEXT) AS TSQUERY)", tsquery(query))
    where.add("id >= {} AND id < {}", low, high)
    postgres = f"SELECT id FROM name_search WHERE {where.text} ORDER BY id DESC LIMIT {where.bind(limit)}"
    return PerEngine(
        sqlite=(
            "SELECT rowid AS id FROM name_fts WHERE name_fts MATCH $1 AND rowid >= $2 AND rowid < $3"
            " ORDER BY rowid DESC LIMIT $4",
            (fts_expression(query, ()), low, high, limit),
        ),
        postgres=(postgres, where.arguments),
    )


def scope_tokens(narrow: ScopeFilter) -> tuple[str, ...]:
    """Return the tokens the view `message_search_text` gives to what the filter wants."""
    found = []
    if narrow.conversation_id is not None:
        found.append(f"{SCOPE_MARK}c{_letters(narrow.conversation_id)}")
    if narrow.project_id is not None:
        found.append(f"{SCOPE_MARK}p{_letters(narrow.project_id)}")
    if narrow.role is not None:
        found.append(f"{SCOPE_MARK}r{_letters(narrow.role)}")
    return tuple(found)


def fts_expression(query: Query, required: Iterable[str]) -> str:
    """Return the query in FTS5's language with every token quoted, so nothing in it is an operator.

    Source: https://sqlite.org/fts5.html, section 3 (full-text query syntax).
    """
    wanted = [f'"{token}"' for token in required] + [_fts_term(term) for term in query.wanted]
    excluded = "".join(f" NOT {_fts_term(term)}" for term in query.excluded)
    return f"({' AND '.join(wanted)}){excluded}"


def tsquery(query: Query) -> str:
    """Return the query in PostgreSQL's language with every token quoted.

    Source: https://www.postgresql.org/docs/current/datatype-textsearch.html, section 8.11.2.
    """
    wanted = [f"({_ts_term(term)})" for term in query.wanted]
    excluded = [f"!({_ts_term(term)})" for term in query.excluded]
    return " & ".join(wanted + excluded)


def tsvector(text: str) -> str:
    """Return the text's tokens with their positions as PostgreSQL writes a tsvector.

    PostgreSQL's own parser is not asked, so both engines cut words alike. A tsvector may not exceed 1 MiB:
    of a text that would, the beginning is indexed.
    """
    positions: dict[str, list[int]] = {}
    size = 0
    for position, token in enumerate(tokens(text), 1):
        token = token[:_LONGEST_TOKEN]
        size += 2 if token in positions else len(token.encode()) + 4
        if size > _LARGEST_TSVECTOR:
            break
        positions.setdefault(token, []).append(min(position, _LAST_POSITION))
    return " ".join(f"'{token}':{','.join(map(str, found[:256]))}" for token, found in positions.items())


def _letters(id: str) -> str:
    return "".join(character for character in id if character.isalnum())


def _fts_term(term: Term) -> str:
    return f'"{" ".join(term.tokens)}"' + (" *" if term.is_prefix else "")


def _ts_term(term: Term) -> str:
    quoted = [f"'{token[:_LONGEST_TOKEN]}'" for token in term.tokens]
    return " <-> ".join(quoted) + (":*" if term.is_prefix else "")


def _postgres_message_ids(
    query: Query, narrow: ScopeFilter, low: int, high: int, limit: int
) -> tuple[str, tuple[Value, ...]]:
    where = Conditions("workspace_id = $1", arguments=(narrow.workspace_id,))
    where.add("tsv @@ CAST(CAST({} AS TEXT) AS TSQUERY)", tsquery(query))
    where.add("id >= {} AND id < {}", low, high)
    for column in ("conversation_id", "project_id", "role"):
        if getattr(narrow, column) is not None:
            where.add(column + " = {}", getattr(narrow, column))
    return (
        f"SELECT id FROM message_search WHERE {where.text} ORDER BY id DESC LIMIT {where.bind(limit)}",
        where.arguments,
    )
