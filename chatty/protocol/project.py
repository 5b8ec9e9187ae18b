"""Projects: folders of prompts and conversations inside a workspace."""

from typing import Annotated

from pydantic import Field

from chatty.protocol.base import (
    Cursor,
    Id,
    JsonObject,
    Name,
    Page,
    PageSize,
    Params,
    Result,
    Timestamp,
    WireModel,
)
from chatty.protocol.message import ModelName

Instructions = Annotated[str, Field(max_length=262144)]


class Project(WireModel):
    """A folder of prompts and conversations."""

    id: str
    name: str
    instructions: str | None = None
    """Put in front of every run in the project."""
    default_model: str | None = None
    params: JsonObject = {}
    version: int
    created_at: Timestamp
    updated_at: Timestamp
    archived_at: Timestamp | None = None
    deleted_at: Timestamp | None = None


class ProjectResult(Result):
    """A project as it is now."""

    project: Project


class ProjectMadeResult(ProjectResult):
    """A project that was made, by this request or by the same one before."""

    duplicate: bool = False
    """The same request had been accepted before; nothing was done twice."""


class ProjectListParams(Params):
    """Projects by name."""

    archived: bool = False
    """The archived ones instead of the others."""
    updated_since: Timestamp | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


ProjectListResult = Page[Project]


class ProjectRefParams(Params):
    """Name one project."""

    project_id: Id


class ProjectCreateParams(Params):
    """Make a project; its name is unique in the workspace."""

    id: Id
    name: Name
    instructions: Instructions | None = None
    default_model: ModelName | None = None


class ProjectUpdateParams(Params):
    """Change a project. Absent = unchanged, ``null`` = cleared."""

    project_id: Id
    name: Name | None = None
    instructions: Instructions | None = None
    default_model: ModelName | None = None
    params: JsonObject | None = None
    if_version: int | None = None
