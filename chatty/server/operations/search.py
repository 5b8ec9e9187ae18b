"""Search over everything kept."""

from chatty.protocol import search as models
from chatty.server.clock import milliseconds, timestamp
from chatty.server.context import RequestContext
from chatty.server.registry import operation
from chatty.store import rows, search

MARK_START, MARK_END = "\x02", "\x03"
"""How the store encloses a hit in a snippet."""


@operation(
    "search.query",
    models.SearchQueryParams,
    models.SearchQueryResult,
    kind="query",
    permission="search.use",
    errors=("cursor_expired",),
)
async def query(context: RequestContext, params: models.SearchQueryParams) -> models.SearchQueryResult:
    """Find words, newest first. No query of a person is ever a syntax error."""
    filters = search.Filters(
        project_id=params.project_id,
        conversation_id=params.conversation_id,
        role=params.role,
        model=params.model,
        before=None if params.before is None else milliseconds(params.before),
        after=None if params.after is None else milliseconds(params.after),
        kinds=frozenset(params.kinds),
    )
    page = await context.services.stores.durable.read(
        context.scope, search.query, search.parse(params.query), params.limit, params.cursor, filters
    )
    return models.SearchQueryResult(items=[_hit(row) for row in page.items], next=page.next_cursor)


def _hit(row: rows.SearchHit) -> models.SearchHit:
    snippet, marks = unmark(row.snippet)
    return models.SearchHit(
        kind=row.kind,
        conversation_id=row.id if row.kind == "conversation" else row.conversation_id,
        message_id=row.id if row.kind == "message" else None,
        prompt_id=row.id if row.kind == "prompt" else None,
        title=row.conversation_title or "",
        snippet=snippet,
        marks=marks,
        role=row.role,
        at=timestamp(row.at),
    )


def unmark(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a snippet without its marks, and where the hits are in it, in code points."""
    plain: list[str] = []
    marks: list[tuple[int, int]] = []
    length = start = 0
    for piece in marked.replace(MARK_END, f"{MARK_END}\0").replace(MARK_START, f"\0{MARK_START}").split("\0"):
        if piece.startswith(MARK_START) and piece.endswith(MARK_END):
            piece = piece[1:-1]
            start = length
            marks.append((start, start + len(piece)))
        plain.append(piece)
        length += len(piece)
    return "".join(plain), marks
