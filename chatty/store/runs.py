"""Runs: who writes which reply, and until when.

The row is the authority; every write of an owner names its fence.
"""

from chatty.protocol.run_status import RunStatus
from chatty.store.database import Request, Scope, Value, Work, require_system
from chatty.store.errors import FenceLost, IdempotencyMismatch, NotFound, RunActive
from chatty.store.rows import Inserted, NewRun, Run, columns
from chatty.store.statements import Conditions, first, from_rows
from chatty.store.statements import insert as insert_row

_COLUMNS = columns(Run)

_IS_ACTIVE = "status IN ('queued', 'running', 'waiting', 'cancelling')"


def insert(scope: Scope, run: NewRun, at_ms: int) -> Work[Inserted[Run]]:
    """Queue a run; the same id for the same reply again returns the stored one as a duplicate.

    Raises:
        RunActive: the parent message already has a run that is not finished.
        IdempotencyMismatch: the id belongs to another reply.
    """
    stored = first(Run, (yield insert_row("runs", _new_row(scope, run, at_ms))))
    if stored is not None:
        return Inserted(stored, duplicate=False)
    earlier = first(Run, (yield _by_id(scope, run.id)))
    if earlier is not None:
        if (earlier.message_id, earlier.conversation_id) != (run.message_id, run.conversation_id):
            raise IdempotencyMismatch("run", run.id)
        return Inserted(earlier, duplicate=True)
    rows = yield (
        "SELECT id FROM runs"
        f" WHERE workspace_id = $1 AND conversation_id = $2 AND parent_id = $3 AND {_IS_ACTIVE}",
        (scope.workspace_id, run.conversation_id, run.parent_id),
    )
    raise RunActive(run.parent_id or "", rows[0]["id"] if rows else "")


def get(scope: Scope, run_id: str) -> Work[Run]:
    """Return a run.

    Raises:
        NotFound: there is none with this id in the scope.
    """
    run = first(Run, (yield _by_id(scope, run_id)))
    if run is None:
        raise NotFound("run", run_id)
    return run


def list_active(scope: Scope, conversation_id: str | None = None) -> Work[list[Run]]:
    """Return the runs that are not finished, oldest first: of one conversation, or of the workspace."""
    where = Conditions("workspace_id = $1", _IS_ACTIVE, arguments=(scope.workspace_id,))
    if conversation_id is not None:
        where.add("conversation_id = {}", conversation_id)
    rows = yield (
        f"SELECT {_COLUMNS} FROM runs WHERE {where.text} ORDER BY created_at, id",
        where.arguments,
    )
    return from_rows(Run, rows)


def claim(scope: Scope, run_id: str, owner: str, lease_until: int, at_ms: int) -> Work[Run | None]:
    """Take a queued run: it is `running` with a new fence. None when somebody else was first."""
    rows = yield (
        "UPDATE runs SET status = 'running', owner = $3, fence = fence + 1, lease_until = $4,"
        " attempt = attempt + 1, started_at = COALESCE(started_at, $5), updated_at = $5"
        f" WHERE workspace_id = $1 AND id = $2 AND status = 'queued' RETURNING {_COLUMNS}",
        (scope.workspace_id, run_id, owner, lease_until, at_ms),
    )
    return first(Run, rows)


def renew(scope: Scope, run_id: str, owner: str, fence: int, lease_until: int) -> Work[Run]:
    """Prolong the lease; the row returned says whether somebody asked to cancel.

    Raises:
        FenceLost: the run is another's by now, or finished.
    """
    rows = yield (
        "UPDATE runs SET lease_until = $5 WHERE workspace_id = $1 AND id = $2 AND owner = $3 AND fence = $4"
        f" AND {_IS_ACTIVE} RETURNING {_COLUMNS}",
        (scope.workspace_id, run_id, owner, fence, lease_until),
    )
    return _ours(run_id, first(Run, rows))


def set_status(scope: Scope, run_id: str, fence: int, status: RunStatus, at_ms: int) -> Work[Run]:
    """Move an active run between `running` and `waiting`. Raises FenceLost."""
    rows = yield (
        "UPDATE runs SET status = $4, updated_at = $5 WHERE workspace_id = $1 AND id = $2 AND fence = $3"
        f" AND {_IS_ACTIVE} RETURNING {_COLUMNS}",
        (scope.workspace_id, run_id, fence, status, at_ms),
    )
    return _ours(run_id, first(Run, rows))


def note_first_delta(
    scope: Scope, run_id: str, fence: int, provider_request_id: str | None, at_ms: int
) -> Work[Run]:
    """Record when the first text came and under which id the provider knows the request. Raises FenceLost."""
    rows = yield (
        "UPDATE runs SET first_delta_at = COALESCE(first_delta_at, $5),"
        " provider_request_id = COALESCE($4, provider_request_id), updated_at = $5"
        f" WHERE workspace_id = $1 AND id = $2 AND fence = $3 AND {_IS_ACTIVE} RETURNING {_COLUMNS}",
        (scope.workspace_id, run_id, fence, provider_request_id, at_ms),
    )
    return _ours(run_id, first(Run, rows))


def request_cancel(scope: Scope, run_id: str, at_ms: int) -> Work[Run]:
    """Ask the owner to stop and return the run: `cancelling`, or the status it ended with. Idempotent.

    Raises:
        NotFound: there is none with this id in the scope.
    """
    rows = yield (
        "UPDATE runs SET status = 'cancelling', cancel_requested_at = COALESCE(cancel_requested_at, $3),"
        " cancel_by = COALESCE(cancel_by, $4), updated_at = $3"
        f" WHERE workspace_id = $1 AND id = $2 AND {_IS_ACTIVE} RETURNING {_COLUMNS}",
        (scope.workspace_id, run_id, at_ms, scope.user_id),
    )
    run = first(Run, rows)
    return run if run is not None else (yield from get(scope, run_id))


def finish(
    scope: Scope,
    run_id: str,
    fence: int,
    status: RunStatus,
    at_ms: int,
    error: str | None = None,
    provider_request_id: str | None = None,
) -> Work[Run]:
    """End a run.

    Raises:
        FenceLost: the run is another's by now, or finished already.
    """
    where = Conditions(
        "workspace_id = $1",
        "id = $2",
        "fence = $3",
        _IS_ACTIVE,
        arguments=(scope.workspace_id, run_id, fence),
    )
    assignments = _ending(where, status, at_ms)
    assignments += f", error = {where.bind(error)}"
    assignments += f", provider_request_id = COALESCE({where.bind(provider_request_id)}, provider_request_id)"
    rows = yield f"UPDATE runs SET {assignments} WHERE {where.text} RETURNING {_COLUMNS}", where.arguments
    return _ours(run_id, first(Run, rows))


def interrupt_unfinished(scope: Scope, at_ms: int, error: str | None = None) -> Work[list[Run]]:
    """End every unfinished run of every workspace as `interrupted` and return them. Needs the system scope.

    For a server that starts alone: nobody can be working on them. The fence rises, so an owner that was
    only thought to be dead can write no more. The caller appends the events.
    """
    require_system(scope)
    return (yield from _interrupt(Conditions(_IS_ACTIVE), at_ms, error))


def interrupt_expired(scope: Scope, at_ms: int, error: str | None = None) -> Work[list[Run]]:
    """End the unfinished runs whose lease is over as `interrupted` and return them. System scope."""
    require_system(scope)
    where = Conditions(_IS_ACTIVE)
    where.add("lease_until < {}", at_ms)
    return (yield from _interrupt(where, at_ms, error))


def interrupt(scope: Scope, run_id: str, fence: int, at_ms: int) -> Work[Run]:
    """End one's own run as `interrupted`, for an orderly stop. Raises FenceLost."""
    return (yield from finish(scope, run_id, fence, "interrupted", at_ms))


def expired(scope: Scope, at_ms: int) -> Work[list[Run]]:
    """Return the unfinished runs of all workspaces whose lease is over. Needs the system scope."""
    require_system(scope)
    rows = yield (
        f"SELECT {_COLUMNS} FROM runs WHERE {_IS_ACTIVE} AND lease_until < $1 ORDER BY created_at, id",
        (at_ms,),
    )
    return from_rows(Run, rows)


def _interrupt(where: Conditions, at_ms: int, error: str | None) -> Work[list[Run]]:
    assignments = f"{_ending(where, 'interrupted', at_ms)}, fence = fence + 1, error = {where.bind(error)}"
    rows = yield f"UPDATE runs SET {assignments} WHERE {where.text} RETURNING {_COLUMNS}", where.arguments
    return sorted(from_rows(Run, rows), key=lambda run: (run.created_at, run.id))


def _ending(where: Conditions, status: Value, at_ms: int) -> str:
    moment = where.bind(at_ms)
    return f"status = {where.bind(status)}, finished_at = {moment}, updated_at = {moment}, lease_until = NULL"


def _ours(run_id: str, run: Run | None) -> Run:
    if run is None:
        raise FenceLost(run_id)
    return run


def _by_id(scope: Scope, run_id: str) -> Request:
    return f"SELECT {_COLUMNS} FROM runs WHERE workspace_id = $1 AND id = $2", (scope.workspace_id, run_id)


def _new_row(scope: Scope, new: NewRun, at_ms: int) -> Run:
    return Run(
        workspace_id=scope.workspace_id,
        id=new.id,
        kind=new.kind,
        conversation_id=new.conversation_id,
        message_id=new.message_id,
        parent_id=new.parent_id,
        requested_by=new.requested_by,
        status="queued",
        model=new.model,
        provider=new.provider,
        params=new.params,
        owner=None,
        fence=0,
        lease_until=None,
        cancel_requested_at=None,
        cancel_by=None,
        started_at=None,
        first_delta_at=None,
        finished_at=None,
        attempt=0,
        error=None,
        provider_request_id=None,
        created_at=at_ms,
        updated_at=at_ms,
    )
