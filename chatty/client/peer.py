"""Who is on the other side of a unix socket, as the kernel says. Standard library only.

Sources: unix(7) for ``SO_PEERCRED`` (``struct ucred``: pid, uid, gid); Apple's ``sys/un.h`` and
``sys/ucred.h`` for ``LOCAL_PEERCRED`` (``struct xucred``: version, uid, ...) and ``LOCAL_PEERPID``.
"""

from __future__ import annotations

import os
import socket
import struct
import sys

from chatty.client.errors import link_error

_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1
_LOCAL_PEERPID = 2


class Peer:
    """The process that listens (or connected), by the kernel's word at that moment.

    Attributes:
        uid: its effective user.
        pid: its process id then.
    """

    __slots__ = ("pid", "uid")

    def __init__(self, uid: int, pid: int) -> None:
        self.uid = uid
        self.pid = pid


def peer_of(connected: socket.socket, platform: str = sys.platform) -> Peer:
    """Ask the kernel who is on the other side of a connected unix socket."""
    if platform == "darwin":
        _, uid = struct.unpack_from("=II", connected.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76))
        (pid,) = struct.unpack("=i", connected.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4))
        return Peer(uid, pid)
    pid, uid, _ = struct.unpack("=iII", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return Peer(uid, pid)


def require_own_peer(connected: socket.socket) -> Peer:
    """Return the peer if it runs as this user; nothing may be sent to it before this was called.

    Raises:
        ProtocolError: ``connection/peer``, when another user listens.
    """
    peer = peer_of(connected)
    if peer.uid != os.geteuid():
        raise link_error(
            "connection/peer",
            f"The server's socket belongs to another user (uid {peer.uid}); nothing was sent. "
            "Remove the socket, or set CHATTY_HOME to a directory of your own.",
            uid=peer.uid,
        )
    return peer
