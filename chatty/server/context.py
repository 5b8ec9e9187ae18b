"""What a handler is given: who asks, over which connection, and the parts of the server it may use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatty.server.access.principals import Principal
from chatty.server.connection import Connection
from chatty.store.database import Scope

if TYPE_CHECKING:
    from chatty.server.services import Services


@dataclass(slots=True)
class RequestContext:
    """One request on its way through a handler."""

    connection: Connection
    principal: Principal
    services: "Services"
    awaits_run: str | None = None
    """The run whose end a one-shot caller waits for."""
    after_answer: list[Callable[[], None]] = field(default_factory=list)
    """Run at once after the answer was written, with nothing in between."""

    @property
    def scope(self) -> Scope:
        """Whose rows this request sees."""
        return self.principal.scope
