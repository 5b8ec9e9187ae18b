"""The start of a connection, and requests about the connection and the server."""

import os
import time

from chatty import __version__
from chatty.protocol import lifecycle as models
from chatty.protocol.base import Empty
from chatty.protocol.build import build_id
from chatty.protocol.errors import ProtocolError
from chatty.protocol.frames import CloseCode
from chatty.protocol.versions import PROTOCOL_VERSIONS, agree
from chatty.server.clock import now_ms, timestamp
from chatty.server.context import RequestContext
from chatty.server.registry import operation


@operation(
    "initialize",
    models.InitializeParams,
    models.InitializeResult,
    kind="mutation",
    permission="connection.use",
    errors=("protocol_unsupported", "forbidden/credentials"),
)
async def initialize(context: RequestContext, params: models.InitializeParams) -> models.InitializeResult:
    """Settle version and capabilities: the first request of every connection.

    Must not wait: requests pipelined behind it come after it.
    """
    connection, services = context.connection, context.services
    version = agree(params.protocol.min, params.protocol.max)
    if version is None:
        context.after_answer.append(lambda: connection.close(CloseCode.VERSION, "no version in common"))
        older = "client" if params.protocol.max < PROTOCOL_VERSIONS[0] else "server"
        raise ProtocolError(
            "protocol_unsupported",
            f"this server speaks protocol {PROTOCOL_VERSIONS[0]} to {PROTOCOL_VERSIONS[-1]}, "
            f"the client {params.protocol.min} to {params.protocol.max}; update the {older}",
            details={"supported": list(PROTOCOL_VERSIONS)},
        )
    if params.provider_credentials is not None and not connection.is_trusted_socket:
        raise ProtocolError(
            "forbidden/credentials", "provider keys are taken over the local socket only; none was kept"
        )
    connection.credentials = params.provider_credentials
    connection.deltas = params.capabilities.deltas
    connection.wants_workspace_signals = params.capabilities.workspace_signals
    return models.InitializeResult(
        protocol=version,
        server=models.ServerInfo(
            name="chatty",
            version=__version__,
            build=build_id(),
            instance=services.instance,
            pid=os.getpid() if connection.is_trusted_socket else None,
        ),
        history_id=services.history_id,
        limits=services.limits.to_wire(),
        capabilities={
            "local": True,
            "read_only": services.stores.durable.read_only,
            "ephemeral": True,
        },
        user=models.UserInfo(id=context.principal.user_id, name=context.principal.user_name),
        workspaces=[
            models.WorkspaceInfo(
                id=context.principal.workspace_id,
                name=context.principal.workspace_name,
                role=context.principal.role,
            )
        ],
        time=timestamp(now_ms()),
    )


@operation("ping", models.PingParams, models.PingResult, kind="query", permission="connection.use")
async def ping(context: RequestContext, params: models.PingParams) -> models.PingResult:
    """Answer at once: the other side is there."""
    return models.PingResult(time=timestamp(now_ms()))


@operation("connection.set", models.ConnectionSetParams, Empty, kind="mutation", permission="connection.use")
async def set_connection(context: RequestContext, params: models.ConnectionSetParams) -> Empty:
    """Change what this connection wants; subscriptions made later follow it."""
    if params.deltas is not None:
        context.connection.deltas = params.deltas
    if "focus" in params.model_fields_set:
        context.connection.focus = params.focus
    return Empty()


@operation(
    "server.status",
    models.ServerStatusParams,
    models.ServerStatusResult,
    kind="query",
    permission="server.read",
)
async def status(context: RequestContext, params: models.ServerStatusParams) -> models.ServerStatusResult:
    """Say how the server is."""
    services = context.services
    return models.ServerStatusResult(
        state="draining" if services.is_draining else "serving",
        pid=os.getpid(),
        version=__version__,
        protocol=PROTOCOL_VERSIONS[-1],
        connections=len(services.connections),
        active_runs=services.engine.active_count,
        uptime_seconds=round(time.monotonic() - services.started_at, 3),
        data_path=services.data_path,
        build=build_id(),
    )


@operation(
    "server.stop",
    models.ServerStopParams,
    models.ServerStopResult,
    kind="mutation",
    permission="server.stop",
)
async def stop(context: RequestContext, params: models.ServerStopParams) -> models.ServerStopResult:
    """Stop the local server: it finishes what runs, within a bound, then goes."""
    active = context.services.engine.active_count
    if params.if_idle and active:
        return models.ServerStopResult(stopping=False, active_runs=active)
    context.after_answer.append(context.services.request_stop)
    return models.ServerStopResult(stopping=True, active_runs=active)
