"""Prompts: a named text in a project, with immutable numbered versions."""

from typing import Annotated

from pydantic import Field

from chatty.protocol.base import Cursor, Id, Name, Page, PageSize, Params, Result, Timestamp, WireModel

Body = Annotated[str, Field(min_length=1, max_length=1 << 20)]
Note = Annotated[str, Field(max_length=500)]


class PromptVersion(WireModel):
    """The text of a prompt at one number. It never changes."""

    n: int
    """1, 2, 3, …"""
    body: str
    variables: list[str]
    """Names found in the body as ``{{name}}``, in order of first use."""
    note: str | None = None
    """Why it was written."""
    created_at: Timestamp


class Prompt(WireModel):
    """A named text; its newest version is included."""

    id: str
    name: str
    project_id: str | None = None
    title: str | None = None
    tags: list[str] = []
    latest: PromptVersion
    version: int
    created_at: Timestamp
    updated_at: Timestamp


class PromptResult(Result):
    """A prompt as it is now."""

    prompt: Prompt


class PromptMadeResult(PromptResult):
    """A prompt that was made, by this request or by the same one before."""

    duplicate: bool = False
    """The same request had been accepted before; nothing was done twice."""


class PromptListParams(Params):
    """Prompts by name."""

    project_id: Id | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


PromptListResult = Page[Prompt]


class PromptRefParams(Params):
    """Name one prompt."""

    prompt_id: Id


class PromptCreateParams(Params):
    """Make a prompt with its first version; the name is unique in its project."""

    id: Id
    name: Name
    project_id: Id | None = None
    title: Name | None = None
    tags: Annotated[list[Name], Field(max_length=32)] = []
    body: Body
    note: Note | None = None


class PromptUpdateParams(Params):
    """Change a prompt. A ``body`` that differs from the newest becomes a new version."""

    prompt_id: Id
    name: Name | None = None
    title: Name | None = None
    tags: Annotated[list[Name], Field(max_length=32)] | None = None
    body: Body | None = None
    note: Note | None = None
    if_version: int | None = None


class PromptVersionsResult(Result):
    """Every version, newest first."""

    items: list[PromptVersion]
