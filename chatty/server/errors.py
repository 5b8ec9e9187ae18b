"""Where the store's and the providers' failures become errors of the protocol.

Nothing here raises or logs; the two seams that do are the dispatcher and the run engine.
"""

import logging
import os

from chatty.protocol.conversation import Conversation
from chatty.protocol.errors import ProtocolError
from chatty.protocol.project import Project
from chatty.protocol.prompt import Prompt
from chatty.providers.errors import ProviderError
from chatty.server import wire
from chatty.store import errors as store
from chatty.store import rows

logger = logging.getLogger(__name__)


def from_store(error: store.StoreError) -> ProtocolError:
    """Translate a failure of the store; what it says is for people already."""
    match error:
        case store.StorageError():
            return ProtocolError(
                error.code, str(error), retryable=error.retryable, details={"path": error.path}
            )
        case store.NotFound():
            return ProtocolError("not_found", f"there is no such {error.kind}", details={"kind": error.kind})
        case store.VersionConflict(current=rows.Conversation() as row):
            return changed_meanwhile(error.kind, wire.conversation(row))
        case store.VersionConflict(current=rows.Project() as row):
            return changed_meanwhile(error.kind, wire.project(row))
        case store.AlreadyExists():
            return ProtocolError(
                "conflict/name_taken", f"a {error.kind} of this name exists", details={"kind": error.kind}
            )
        case store.IdempotencyMismatch():
            return ProtocolError(
                "conflict/idempotency_mismatch", f"this {error.kind} id was used for something else"
            )
        case store.RunActive():
            return ProtocolError(
                "conflict/run_active",
                "a reply to this message is being written; stop it first or wait",
                details={"run_id": error.run_id},
            )
        case store.InvalidCursor():
            return ProtocolError("cursor_expired", "this page cursor is not valid; start from the first page")
        case _:
            logger.error("unexpected failure of the store: %r", error)
            return internal()


def changed_meanwhile(kind: str, current: Conversation | Project | Prompt) -> ProtocolError:
    """Return the refusal of a change to what was read before somebody else changed it, and what it is now."""
    return ProtocolError(
        "conflict/version",
        f"somebody changed this {kind} meanwhile; nothing was overwritten. "
        "Look at it again and repeat the change",
        details={"kind": kind, "version": current.version, "current": wire.plain(current)},
    )


def from_provider(error: ProviderError) -> ProtocolError:
    """Translate a provider's failure; it becomes data of the run, and its own type."""
    details: dict[str, object] = {"provider": error.provider}
    if error.http_status is not None:
        details["http"] = error.http_status
    if error.request_id is not None:
        details["request_id"] = error.request_id
    wait_ms = None if error.retry_after_seconds is None else int(error.retry_after_seconds * 1000)
    return ProtocolError(
        error.type, error.message, retryable=error.retryable, retry_after_ms=wait_ms, details=details
    )


def server_ended() -> ProtocolError:
    """Return why a run was interrupted: it is data of the run, and no answer to a request."""
    return ProtocolError(
        "unavailable/interrupted", "the server ended while it was answering; continue, or ask again"
    )


def internal() -> ProtocolError:
    """Return what a caller is told of a failure of ours: an id that the log has, and no more."""
    report_id = os.urandom(4).hex()
    logger.error("report %s is the failure above", report_id)
    return ProtocolError(
        "internal",
        f"the server failed; what was accepted is safe. The log has the details under {report_id}",
        details={"report_id": report_id},
    )
