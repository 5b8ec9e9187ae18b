"""What every request must pass before any application code: no browser, no foreign host name.

A page in a browser cannot open a unix socket, but a proxy to it could be set up by mistake; an
`Origin` or an unknown `Host` gives such a request away.
"""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL_HOST: Final = b"chatty.local"
"""The only `Host` a client of the local socket names."""


class LocalHandshake:
    """Lets through what a client of the local socket sends; answers 403 or 421 to everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the headers, then pass the request on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if b"origin" in headers:
            await _refuse(scope, send, 403, b"requests of browsers are refused")
        elif headers.get(b"host", b"").lower() != LOCAL_HOST:
            await _refuse(scope, send, 421, b"this is not the host you are looking for")
        else:
            await self._app(scope, receive, send)


async def _refuse(scope: Scope, send: Send, status: int, why: bytes) -> None:
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(why))]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": why})
