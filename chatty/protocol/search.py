"""Search over everything kept: messages, titles, prompts."""

from typing import Annotated, Literal

from pydantic import Field

from chatty.protocol.base import Cursor, Id, PageSize, Params, Result, Timestamp, WireModel


class SearchQueryParams(Params):
    """Words, ``"phrases"``, ``prefix*`` and ``-without``; newest first."""

    query: Annotated[str, Field(min_length=1, max_length=1000)]
    kinds: Annotated[list[Literal["message", "conversation", "prompt"]], Field(min_length=1)] = ["message"]
    project_id: Id | None = None
    conversation_id: Id | None = None
    role: Literal["user", "assistant"] | None = None
    model: Annotated[str, Field(max_length=300)] | None = None
    """Part of the model's name, in any case: answers of other models are left out."""
    before: Timestamp | None = None
    after: Timestamp | None = None
    limit: PageSize = 20
    cursor: Cursor | None = None


class SearchHit(WireModel):
    """One place where the words were found."""

    kind: str
    conversation_id: str | None = None
    message_id: str | None = None
    prompt_id: str | None = None
    title: str
    snippet: str
    """A stretch of the text around the first hit, without marks."""
    marks: list[tuple[int, int]]
    """Where the hits are in the snippet: ``[start, end)`` in code points."""
    role: str | None = None
    at: Timestamp


class SearchQueryResult(Result):
    """Hits, newest first."""

    items: list[SearchHit]
    next: str | None = None
