"""From the bytes of a frame to the bytes of its answer: parse, authorise, validate, call, encode.

The dispatcher knows the table of operations, not what they are about.
"""

import asyncio
import logging
import re
from typing import Any, Final

import msgspec
from pydantic import BaseModel, ValidationError

from chatty.protocol.errors import ProtocolError
from chatty.protocol.frames import CANCEL_REQUEST, RequestId
from chatty.server.access.permissions import allows
from chatty.server.access.principals import Principal
from chatty.server.connection import Connection, State, encode
from chatty.server.context import RequestContext
from chatty.server.errors import from_store, internal
from chatty.server.registry import Operation, Registry
from chatty.server.services import Services
from chatty.store.errors import StoreError

logger = logging.getLogger(__name__)


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    method: str
    jsonrpc: str = ""
    id: int | str | msgspec.UnsetType = msgspec.UNSET
    params: msgspec.Raw = msgspec.Raw(b"{}")


class _Cancel(msgspec.Struct):
    id: int | str


_decode: Final = msgspec.json.Decoder(_Envelope).decode
_decode_cancel: Final = msgspec.json.Decoder(_Cancel).decode
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKETS: Final = re.compile(rb"[\[\]{}]")


class Dispatcher:
    """Answers requests from one table of operations."""

    def __init__(self, registry: Registry, services: Services) -> None:
        self._registry = registry
        self._services = services

    def receive(self, connection: Connection, frame: bytes) -> None:
        """Take one inbound frame. Returns at once; the answer follows on the connection.

        Frames of one connection must come in order: requests that name the same conversation are
        carried out in that order, others may overtake each other.
        """
        request_id: RequestId | None = None
        try:
            envelope = self._parse(connection, frame)
            if isinstance(envelope.id, msgspec.UnsetType):
                self._take_notification(connection, envelope)
                connection.dealt_with()
                return
            request_id = envelope.id
            if isinstance(request_id, str) and len(request_id) > 64:
                raise ProtocolError("invalid_request", "a request id has at most 64 characters")
            connection.refuse_if_busy(request_id)
            operation = self._operation(connection, envelope.method)
        except ProtocolError as error:
            connection.outbound.send(_failure(request_id, error))
            connection.dealt_with()
            return
        answer = self._answer(connection, request_id, operation, bytes(envelope.params))
        task = asyncio.get_running_loop().create_task(answer)
        connection.begin(request_id, task, may_be_cancelled=operation.kind != "mutation")

    @staticmethod
    def _take_notification(connection: Connection, envelope: _Envelope) -> None:
        """Do what a notification says. Nobody expects an answer to one, so an unknown one is ignored."""
        if envelope.method == CANCEL_REQUEST:
            connection.cancel_request(_cancelled_id(envelope.params))

    def _parse(self, connection: Connection, frame: bytes) -> _Envelope:
        if _is_deeper(frame, connection.limits.max_json_depth):
            raise ProtocolError("invalid_request", "the frame is nested too deeply")
        try:
            envelope = _decode(frame)
        except msgspec.ValidationError as error:
            raise ProtocolError("invalid_request", f"not a JSON-RPC request: {error}") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ProtocolError("parse", "the frame is not JSON") from error
        if envelope.jsonrpc != "2.0":
            raise ProtocolError("invalid_request", 'a frame says "jsonrpc": "2.0"')
        return envelope

    def _operation(self, connection: Connection, method: str) -> Operation:
        operation = self._registry.get(method)
        if operation is None:
            raise ProtocolError("method_not_found", f"this server has no method {method[:100]!r}")
        if method != "initialize":
            _refuse_before_initialize(connection, method)
        if connection.state is State.INITIALIZED and method == "initialize":
            raise ProtocolError("invalid_request", "this connection is initialized already")
        if method == "initialize":
            # Set at once, so that a peer may pipeline; taken back when it fails, see `_answer`.
            connection.state = State.INITIALIZED
        return operation

    async def _answer(
        self, connection: Connection, request_id: RequestId, operation: Operation, params: bytes
    ) -> None:
        context = RequestContext(connection, self._services.principal, self._services)
        is_refused = True
        try:
            body = _success(request_id, await self._call(context, operation, params))
            is_refused = False
        except asyncio.CancelledError:
            if connection.state is State.CLOSED:
                raise
            body = _failure(request_id, ProtocolError("cancelled", "the request was cancelled"))
        except ProtocolError as error:
            body = _failure(request_id, error)
        except StoreError as error:
            body = _failure(request_id, from_store(error))
        except Exception:
            logger.exception("%s failed", operation.method)
            body = _failure(request_id, internal())
        if is_refused and operation.method == "initialize" and connection.state is State.INITIALIZED:
            connection.state = State.OPENED
        connection.end(request_id)
        connection.outbound.send(body)
        for finish in context.after_answer:
            finish()
        connection.dealt_with(context.awaits_run)

    async def _call(self, context: RequestContext, operation: Operation, params: bytes) -> BaseModel:
        if operation.method != "initialize":
            _refuse_before_initialize(context.connection, operation.method)
        self._authorise(context.principal, operation)
        try:
            validated = operation.validator.validate_json(params)
        except ValidationError as error:
            raise _invalid_params(error) from error
        conversation_id = _conversation_of(validated)
        if conversation_id is None:
            return await operation.handle(context, validated)
        async with context.connection.turn(conversation_id):
            return await operation.handle(context, validated)

    @staticmethod
    def _authorise(principal: Principal, operation: Operation) -> None:
        if not allows(principal.role, operation.permission):
            raise ProtocolError(
                "forbidden/role",
                f"{operation.method} needs {operation.permission}, which a {principal.role} does not have",
            )


def _refuse_before_initialize(connection: Connection, method: str) -> None:
    if connection.state is State.OPENED:
        raise ProtocolError("not_initialized", f"expected initialize first, got {method}")


def _cancelled_id(params: msgspec.Raw) -> RequestId:
    try:
        return _decode_cancel(params).id
    except msgspec.DecodeError as error:
        raise ProtocolError("invalid_params", f"{CANCEL_REQUEST} names the id of a request") from error


def _success(request_id: RequestId, result: BaseModel) -> bytes:
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (
        encode(request_id),
        result.model_dump_json(by_alias=True, exclude_none=True).encode(),
    )


def _failure(request_id: RequestId | None, error: ProtocolError) -> bytes:
    return encode({"jsonrpc": "2.0", "id": request_id, "error": error.to_wire()})


def _conversation_of(params: Any) -> str | None:
    """Return which conversation a request names: by `conversation_id`, or as `conversation.id`."""
    named = getattr(params, "conversation_id", None)
    if isinstance(named, str):
        return named
    nested = getattr(getattr(params, "conversation", None), "id", None)
    return nested if isinstance(nested, str) else None


def _invalid_params(error: ValidationError) -> ProtocolError:
    problems = [
        {"loc": [str(step) for step in problem["loc"]], "why": problem["msg"].removeprefix("Value error, ")}
        for problem in error.errors(include_url=False, include_context=False, include_input=False)[:20]
    ]
    first = problems[0] if problems else {"loc": [], "why": "invalid"}
    where = ".".join(first["loc"]) or "params"
    return ProtocolError("invalid_params", f"{where}: {first['why']}", details={"problems": problems})


def _is_deeper(frame: bytes, limit: int) -> bool:
    """Tell whether JSON is nested beyond the limit. Cheap for ordinary frames: counting brackets."""
    if frame.count(b"{") + frame.count(b"[") <= limit:
        return False
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", frame)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest > limit
