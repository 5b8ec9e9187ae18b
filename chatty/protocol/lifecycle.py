"""The start of a connection, and the few requests about the connection itself."""

from typing import Annotated

from pydantic import Field

from chatty.protocol.base import Id, JsonObject, Params, Result, Timestamp, WireModel


class VersionRange(Params):
    """The majors the client speaks."""

    min: int
    max: int


class ClientInfo(Params):
    """Which program calls."""

    name: Annotated[str, Field(max_length=100)]
    version: Annotated[str, Field(max_length=100)]
    platform: Annotated[str, Field(max_length=100)] | None = None


class ProviderCredential(Params):
    """A key and an address from the caller's own environment."""

    api_key: Annotated[str, Field(max_length=10000)] | None = Field(default=None, repr=False)
    base_url: Annotated[str, Field(max_length=2000)] | None = None


class ProviderCredentials(Params):
    """What the caller's shell knows. Lives in the connection only; never logged, never stored."""

    providers: dict[str, ProviderCredential] = Field(default={}, repr=False)
    """Provider name -> credential."""
    network: dict[str, str] = Field(default={}, repr=False)
    """Proxy and certificate variables by their environment names."""


class ClientCapabilities(Params):
    """What the client can do with what it gets."""

    deltas: bool = True
    """Send text in flight; otherwise a part's text comes whole when it is completed."""
    workspace_signals: bool = False
    """Tell of every conversation that changes, as `signal` notifications: for side bars."""


class InitializeParams(Params):
    """The first request of every connection."""

    protocol: VersionRange
    client: ClientInfo
    capabilities: ClientCapabilities = ClientCapabilities()
    locale: Annotated[str, Field(max_length=100)] | None = None
    provider_credentials: ProviderCredentials | None = Field(default=None, repr=False)
    """Only over a unix socket whose owner the client has checked."""


class ServerInfo(WireModel):
    """Which program answers."""

    name: str
    version: str
    build: str
    """Changes whenever the installed code changes."""
    instance: str
    """Changes with every start."""
    pid: int | None = None
    """Local servers only."""


class UserInfo(WireModel):
    """Who the connection acts for."""

    id: str
    name: str


class WorkspaceInfo(WireModel):
    """A workspace the user may enter."""

    id: str
    name: str
    role: str


class InitializeResult(Result):
    """What the two sides agreed on."""

    protocol: int
    server: ServerInfo
    history_id: str
    """Random id of the database's history; another one invalidates every cursor."""
    limits: dict[str, int]
    capabilities: JsonObject
    """``local`` (bundled server of one person), ``read_only`` (the database refuses writes), …"""
    user: UserInfo
    workspaces: list[WorkspaceInfo]
    time: Timestamp


class PingParams(Params):
    """Ask whether the other side is there."""


class PingResult(Result):
    """It is."""

    time: Timestamp


class ConnectionSetParams(Params):
    """Change what this connection wants. Absent = unchanged."""

    deltas: bool | None = None
    focus: Id | None = None
    """The conversation on the screen."""


class ServerStatusParams(Params):
    """Ask how the server is."""


class ServerStatusResult(Result):
    """How the server is."""

    state: str
    """``serving`` or ``draining``."""
    pid: int
    version: str
    protocol: int
    connections: int
    active_runs: int
    uptime_seconds: float
    data_path: str | None
    build: str


class ServerStopParams(Params):
    """Ask the local server to finish what it does and leave."""

    if_idle: bool = False
    """Only when no run is active; otherwise answer ``stopping: false``."""


class ServerStopResult(Result):
    """Whether it is going."""

    stopping: bool
    active_runs: int
