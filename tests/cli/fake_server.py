"""A scripted server on a unix socket: answers ``POST /rpc`` the way the real one does, as told by a test."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Answer = Json | Iterator[Json]
Handler = Callable[[Json], Answer]

INITIALIZED: Json = {
    "protocol": 1,
    "server": {"name": "fake", "version": "0", "build": "9999", "instance": "i", "pid": 1},
    "history_id": "h",
    "limits": {},
    "capabilities": {},
    "user": {"id": "u", "name": "owner"},
    "workspaces": [],
    "time": "2026-01-01T00:00:00.000Z",
}


class FakeServer:
    """Listens where the client looks for the local server of a ``CHATTY_HOME``.

    A handler returns a result, raises ``Refusal``, or yields frames: a result first (``{"result": …}``),
    then notifications.

    Attributes:
        capabilities: what it says that it can do.
        requests: method and parameters of everything asked, in order.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.handlers: dict[str, Handler] = {}
        self.capabilities: Json = {}
        self.requests: list[tuple[str, Json]] = []
        self.asked = threading.Condition()
        run_dir = home / "state" / "run"
        run_dir.mkdir(parents=True, mode=0o700)
        self._path = run_dir / "s.sock"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        os.chmod(self._path, 0o600)
        self._listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def on(self, method: str, handler: Handler | Json) -> None:
        """Say how a method is answered."""
        self.handlers[method] = handler if callable(handler) else lambda _: handler

    def params_of(self, method: str) -> list[Json]:
        """Return the parameters of every request of that method."""
        return [params for asked, params in self.requests if asked == method]

    def wait_for(self, method: str, seconds: float = 10) -> Json:
        """Wait until the method was asked for and return its parameters."""
        with self.asked:
            assert self.asked.wait_for(lambda: bool(self.params_of(method)), seconds), f"{method} never came"
        return self.params_of(method)[0]

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            try:
                self._answer(connection, _body(reader))
            except (BrokenPipeError, ConnectionResetError):
                pass

    def _answer(self, connection: socket.socket, body: bytes) -> None:
        initialize, request = (json.loads(line) for line in body.splitlines())
        connection.sendall(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        greeting = {**INITIALIZED, "capabilities": self.capabilities}
        _send(connection, {"jsonrpc": "2.0", "id": initialize["id"], "result": greeting})
        with self.asked:
            self.requests.append((request["method"], request["params"]))
            self.asked.notify_all()
        for frame in self._frames(request):
            _send(connection, frame)
        connection.sendall(b"0\r\n\r\n")

    def _frames(self, request: Json) -> Iterator[Json]:
        handler = self.handlers.get(request["method"])
        try:
            if handler is None:
                raise Refusal("method_not_found", f"no script for {request['method']}")
            answer = handler(request["params"])
            frames = iter([{"result": answer}]) if isinstance(answer, dict) else answer
            for frame in frames:
                yield {"jsonrpc": "2.0", **({"id": request["id"]} if "result" in frame else {}), **frame}
        except Refusal as refusal:
            yield {"jsonrpc": "2.0", "id": request["id"], "error": refusal.wire}


class Refusal(Exception):
    """A request that the fake refuses."""

    def __init__(self, error_type: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.wire = {
            "code": -32000,
            "message": message,
            "data": {"type": error_type, "retryable": False, **data},
        }


def _body(reader: Any) -> bytes:
    length = 0
    while (line := reader.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    content: bytes = reader.read(length)
    return content


def _send(connection: socket.socket, frame: Json) -> None:
    line = json.dumps(frame).encode() + b"\n"
    connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))


def event(conversation_id: str, event_type: str, **data: Any) -> Json:
    """Return an ``event`` notification."""
    params = {"conversation_id": conversation_id, "seq": 1, "type": event_type, "at": "", "data": data}
    return {"method": "event", "params": params}


def delta(sent: Json, offset: int, text: str, **more: Any) -> Json:
    """Return a ``delta`` of the reply that a ``message.send`` asked for."""
    return {
        "method": "delta",
        "params": {
            "c": sent["conversation"]["id"],
            "m": sent["run"]["reply_id"],
            "p": 0,
            "o": offset,
            "d": text,
            **more,
        },
    }


def accepted(sent: Json) -> Json:
    """Return the answer to a ``message.send``."""
    run = {"id": sent["run"]["id"]} if sent.get("run") else None
    return {"result": {"message": {"id": sent["id"]}, "run": run, "seq": 1, "duplicate": False}}


USAGE = {
    "input_tokens": 3,
    "cached_input_tokens": 0,
    "output_tokens": 2,
    "reasoning_tokens": 0,
    "cost_usd": 0.001,
    "estimated": False,
}


def finished(sent: Json, status: str = "completed", **more: Any) -> Json:
    """Return the ``run.finished`` event."""
    data = {
        "run_id": sent["run"]["id"],
        "message_id": sent["run"]["reply_id"],
        "status": status,
        "finish_reason": "stop" if status == "completed" else None,
        "usage": USAGE,
        "error": None,
        "provider": "openai",
        "model": "tiny",
        **more,
    }
    return event(sent["conversation"]["id"], "run.finished", **data)


def answer(sent: Json, pieces: list[str]) -> Iterator[Json]:
    """Yield a whole answer in pieces, the way the real server does."""
    conversation_id, reply_id = sent["conversation"]["id"], sent["run"]["reply_id"]
    yield accepted(sent)
    yield event(
        conversation_id,
        "run.started",
        run_id=sent["run"]["id"],
        message_id=reply_id,
        provider="openai",
        model="tiny",
    )
    yield event(conversation_id, "part.started", message_id=reply_id, part=0, type="text", g=0, offset=0)
    offset = 0
    for piece in pieces:
        yield delta(sent, offset, piece)
        offset += len(piece)
    yield event(conversation_id, "part.completed", message_id=reply_id, part=0, type="text", len=offset, g=0)
    yield finished(sent)
