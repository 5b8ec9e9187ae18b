"""What a server writes at its start for the runs of one that ended without a word.

One transaction: every run that nobody carries out any more ends as `interrupted`, with the text that is
on disk, an estimate of what it used, and the reason. It starts nothing and asks no provider.
"""

from collections.abc import Sequence

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.providers import catalog
from chatty.providers.base import ChatMessage
from chatty.server import wire
from chatty.server.errors import server_ended
from chatty.server.live import context as model_context
from chatty.server.run_writes import Ending, EventDraft, run_finished
from chatty.store import events, messages, rows, run_text, runs
from chatty.store import parts as part_rows
from chatty.store import usage as usage_rows
from chatty.store.database import Scope, Work
from chatty.store.errors import NotFound


def interrupt_all(scope: Scope, at_ms: int) -> Work[int]:
    """End every run that is not finished, keeping the text that is on disk.

    Returns:
        How many runs there were.
    """
    reason = server_ended()
    error = wire.dump(wire.run_error(reason))
    unfinished = yield from runs.interrupt_unfinished(scope, at_ms, error)
    for run in unfinished:
        yield from _end(Scope(run.workspace_id, run.requested_by, "system"), run, reason, at_ms)
    return len(unfinished)


def _end(scope: Scope, run: rows.Run, reason: ProtocolError, at_ms: int) -> Work[None]:
    message_id = run.message_id or ""
    asked, project_id = yield from _asked(scope, run)
    before = (yield from part_rows.of_messages(scope, [message_id]))[message_id]
    texts = yield from run_text.fold(scope, run.id, message_id)
    used = _estimate(run, asked, project_id, before, {index: text for index, (_, text) in texts.items()})
    if used is not None:
        yield from usage_rows.insert(scope, used, at_ms)
    ending = Ending("interrupted", None, wire.run_error(reason), (), used)
    outcome = messages.Outcome(
        status="interrupted",
        input_tokens=used.input_tokens if used else None,
        output_tokens=used.output_tokens if used else None,
        error=wire.dump(wire.run_error(reason)),
    )
    yield from messages.finish(scope, message_id, outcome, at_ms)
    news: list[EventDraft] = [
        ("part.completed", None, {"message_id": message_id, "part": index, "len": len(text), "g": g})
        for index, (g, text) in texts.items()
    ]
    news.append(("run.finished", None, run_finished(run, ending)))
    yield from events.append(scope, run.conversation_id or "", news, at_ms)


def _asked(scope: Scope, run: rows.Run) -> Work[tuple[Sequence[ChatMessage], str | None]]:
    """Return what the model was shown, and the project; nothing of a conversation that was deleted since."""
    try:
        context = yield from model_context.read(scope, run, model_context.UNKNOWN_WINDOW_TOKENS)
    except NotFound:
        return (), None
    return context.messages, context.project_id


def _estimate(
    run: rows.Run,
    asked: Sequence[ChatMessage],
    project_id: str | None,
    before: Sequence[rows.Part],
    texts: dict[int, str],
) -> rows.NewUsageRecord | None:
    """Return about what the run used; None when nothing came of it, as for a run that ends in order.

    What it cost is known of the guide only: elsewhere the price depends on the address, which may have
    come from the caller's shell and is written nowhere.
    """
    kept = {part.idx: len(part.text or "") for part in before}
    written = "".join(text[kept.get(index, 0) :] for index, text in texts.items())
    if not written:
        return None
    report = catalog.estimate_usage(asked, written)
    provider, model = run.provider or "", run.model or ""
    return rows.NewUsageRecord(
        id=new_id(),
        run_id=run.id,
        provider=provider,
        model=model,
        user_id=run.requested_by,
        project_id=project_id,
        input_tokens=report.input_tokens,
        output_tokens=report.output_tokens,
        cost_micros=catalog.cost_micros(provider, model, report) if provider == "guide" else None,
        estimated=True,
    )
