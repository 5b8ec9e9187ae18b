"""The application: its endpoints, and the one function that builds a server from its settings.

`serving` opens everything in order and closes it in the opposite order; nothing else opens or closes.
"""

import contextlib
import logging
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

from chatty.providers.registry import Providers
from chatty.server import run_recovery
from chatty.server.access.principals import Principal
from chatty.server.clock import now_ms
from chatty.server.dispatch import Dispatcher
from chatty.server.endpoints import Endpoints
from chatty.server.http.handshake import LocalHandshake
from chatty.server.http.rpc import RpcEndpoint
from chatty.server.http.websocket import WebSocketEndpoint
from chatty.server.live.engine import RunEngine
from chatty.server.live.hub import Hub
from chatty.server.operations import ALL
from chatty.server.registry import build_registry
from chatty.server.services import Services
from chatty.server.settings import ServerSettings
from chatty.server.stores import Stores
from chatty.server.vault import Vault
from chatty.store import bootstrap, instance
from chatty.store.database import SYSTEM, Database
from chatty.store.errors import StorageError

logger = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def serving(settings: ServerSettings, providers: Providers | None = None) -> AsyncIterator[Services]:
    """Open everything a server needs; on leaving, end its runs and close.

    Args:
        settings: where things are.
        providers: the translators; absent: all of them.

    Raises:
        StorageError: the database can neither be written nor read.
    """
    from chatty.store.sqlite import open_database, open_memory

    durable = await open_database(settings.database_path)
    stores = Stores(durable, open_memory)
    translators = providers or Providers()
    try:
        services = await _build(settings, stores, translators)
        try:
            yield services
        finally:
            services.is_draining = True
            await services.engine.drain(settings.drain_seconds)
    finally:
        await translators.aclose()
        await stores.close()


async def _build(settings: ServerSettings, stores: Stores, providers: Providers) -> Services:
    principal = await _local_owner(stores.durable)
    history = await stores.durable.read(SYSTEM, instance.get)
    if not stores.durable.read_only:
        await _end_what_was_left(stores.durable)
    hub = Hub()
    vault = Vault(settings.keys_file)
    endpoints = Endpoints(stores, vault, providers)
    engine = RunEngine(
        stores, hub, endpoints, providers, lambda conversation_id: services.touch(conversation_id)
    )
    services = Services(
        stores=stores,
        hub=hub,
        engine=engine,
        endpoints=endpoints,
        providers=providers,
        vault=vault,
        principal=principal,
        history_id=history.history_id,
        data_path=str(settings.data_dir),
    )
    return services


async def _end_what_was_left(database: Database) -> None:
    """Mark the runs of an earlier server as interrupted; while the disk has no room for that, only read."""
    try:
        interrupted = await database.write(SYSTEM, run_recovery.interrupt_all, now_ms())
    except StorageError as problem:
        logger.error("runs of an earlier server could not be marked as interrupted: %s", problem)
        database.only_read(problem)
        return
    if interrupted:
        logger.info("%d runs of an earlier server were marked as interrupted", interrupted)


async def _local_owner(database: Database) -> Principal:
    """Return the one person a local server serves; a database that can only be read must know them."""
    found = await database.read(SYSTEM, bootstrap.find_local_owner)
    if found is None and not database.read_only:
        found = await database.write(SYSTEM, bootstrap.ensure_local_owner, now_ms())
    if found is None:
        raise database.problem or StorageError(
            "read_only", "", "It holds nothing yet; free its directory for writing"
        )
    workspace, user = found
    return Principal(
        user_id=user.id,
        user_name=user.name,
        workspace_id=workspace.id,
        workspace_name=workspace.name,
        role="owner",
    )


def build_application(services: Services) -> LocalHandshake:
    """Return the ASGI application over an open server."""
    dispatcher = Dispatcher(build_registry(ALL), services)

    async def alive(request: Request) -> JSONResponse:
        return JSONResponse({"status": "alive"})

    async def ready(request: Request) -> JSONResponse:
        is_ready = not services.is_draining
        return JSONResponse(
            {"status": "ready" if is_ready else "draining"}, status_code=200 if is_ready else 503
        )

    return LocalHandshake(
        Starlette(
            routes=[
                WebSocketRoute("/ws", WebSocketEndpoint(services, dispatcher)),
                Route("/rpc", RpcEndpoint(services, dispatcher), methods=["POST"]),
                Route("/healthz", alive),
                Route("/readyz", ready),
            ]
        )
    )
