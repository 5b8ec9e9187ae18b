"""The parts of a running server, built once and closed once.

A value passed around, not a place for behaviour: what the parts do is in their own modules.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from chatty.protocol.conversation import Conversation
from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.protocol.limits import DEFAULT_LIMITS, Limits
from chatty.providers.registry import Providers
from chatty.server import wire
from chatty.server.access.principals import Principal
from chatty.server.clock import now_ms
from chatty.server.connection import Connection, encode
from chatty.server.endpoints import Endpoints
from chatty.server.live.engine import RunEngine
from chatty.server.live.hub import Hub
from chatty.server.stores import Stores
from chatty.server.vault import Vault
from chatty.store import conversations, rows, runs
from chatty.store.database import Scope
from chatty.store.errors import NotFound, StoreError


@dataclass(slots=True)
class Services:
    """What handlers may use. Only one per process."""

    stores: Stores
    hub: Hub
    engine: RunEngine
    endpoints: Endpoints
    providers: Providers
    vault: Vault
    principal: Principal
    """Whom every connection of a local server acts for; the socket's permissions are the lock."""
    history_id: str
    data_path: str | None
    limits: Limits = DEFAULT_LIMITS
    instance: str = field(default_factory=new_id)
    started_at: float = field(default_factory=time.monotonic)
    connections: set[Connection] = field(default_factory=set)
    request_stop: Callable[[], None] = lambda: None
    """Asks the process to leave; set by whoever runs the server."""
    is_draining: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def refuse_if_read_only(self) -> None:
        """Refuse a change when the database can only be read.

        Raises:
            ProtocolError: `storage/*`, with the path and the way out.
        """
        database = self.stores.durable
        if database.read_only and database.problem is not None:
            raise ProtocolError(
                database.problem.code, str(database.problem), details={"path": database.problem.path}
            )

    def tell_workspace(self, conversation: Conversation) -> None:
        """Tell every connection that wants to know that a conversation changed; never of ephemeral ones."""
        if self.stores.is_ephemeral(conversation.id):
            return
        body: bytes | None = None
        for connection in self.connections:
            if not connection.wants_workspace_signals:
                continue
            if body is None:
                params = {
                    "topic": "workspace",
                    "type": "conversation.touched",
                    "data": {"conversation": wire.plain(conversation)},
                }
                body = encode({"jsonrpc": "2.0", "method": "signal", "params": params})
            connection.outbound.signal(body)

    def touch(self, conversation_id: str) -> None:
        """Tell of a conversation whose run started or ended: look it up, then `tell_workspace`."""
        if not any(connection.wants_workspace_signals for connection in self.connections):
            return
        task = asyncio.get_running_loop().create_task(self._look_up_and_tell(conversation_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _look_up_and_tell(self, conversation_id: str) -> None:
        try:
            row = await self.stores.durable.read(self.principal.scope, conversations.get, conversation_id)
        except StoreError:
            return
        self.tell_workspace(self.shown(row))

    async def forget_ephemeral(self, scope: Scope, conversation_id: str) -> None:
        """End an ephemeral conversation: stop its runs and remove its text."""
        database = self.stores.of(conversation_id)
        for run in await database.read(scope, runs.list_active, conversation_id):
            await self.engine.cancel(run)
        await self.engine.settled(conversation_id)
        with contextlib.suppress(NotFound):  # its first message was refused
            await database.write(scope, conversations.purge, conversation_id, now_ms())
        self.stores.forget(conversation_id)

    def shown(self, row: rows.Conversation) -> Conversation:
        """Return a conversation as clients see it now."""
        return wire.conversation(
            row,
            is_answering=self.engine.is_answering(row.id),
            is_ephemeral=self.stores.is_ephemeral(row.id),
        )
