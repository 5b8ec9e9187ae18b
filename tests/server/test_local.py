"""The local server as a real process: its lock, its socket, who it lets in, and how it leaves."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from chatty.protocol.limits import DEFAULT_LIMITS
from tests.instruments.scripted_provider import PATIENCE_SECONDS
from tests.instruments.server_process import ServerProcess, server_process, wait_until_gone
from tests.server.processes import hello, opened


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for the tests that only look at it."""
    with server_process(tmp_path_factory.mktemp("living")) as process:
        assert process.ready["ready"] is True
        yield process


# Files


def test_only_the_owner_may_enter(living: ServerProcess) -> None:
    assert stat.S_IMODE(living.run_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(living.socket_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(living.database_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(living.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(living.log_file.stat().st_mode) == 0o600


def test_place_of_the_socket_is_noted_beside_the_lock(living: ServerProcess) -> None:
    assert (living.data_dir / "server.socket").read_text().strip() == str(living.socket_path)


def test_second_server_leaves_at_once(living: ServerProcess) -> None:
    with server_process(living.data_dir.parent) as second:
        assert second.ready == {"ready": False, "reason": "locked"}
        assert second.process.wait(PATIENCE_SECONDS) == 0
    assert living.get("/healthz")[0] == 200


def test_stale_socket_file_is_replaced(tmp_path: Path) -> None:
    with server_process(tmp_path) as first:
        first.stop(9)
        assert first.socket_path.exists()
    with server_process(tmp_path) as second:
        assert second.ready["ready"] is True
        assert second.get("/healthz")[0] == 200


@pytest.mark.parametrize("fault", ["open", "link", "file"])
def test_unsafe_directory_of_the_socket_is_refused(tmp_path: Path, fault: str) -> None:
    run_dir = tmp_path / "run"
    if fault == "open":
        run_dir.mkdir(mode=0o777)
        run_dir.chmod(0o777)
    elif fault == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        run_dir.symlink_to(tmp_path / "elsewhere")
    else:
        run_dir.write_text("in the way")
    with server_process(tmp_path) as process:
        assert process.ready["ready"] is False
        assert process.ready["reason"].startswith("storage/")
        assert str(run_dir) in process.ready["message"]
        assert process.process.wait(PATIENCE_SECONDS) == 1


def test_no_tcp_port_is_open(living: ServerProcess) -> None:
    inodes = {
        os.readlink(entry)
        for entry in Path(f"/proc/{living.process.pid}/fd").iterdir()
        if entry.is_symlink() and os.readlink(entry).startswith("socket:")
    }
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{living.process.pid}/net/{table}").read_text().splitlines()[1:]:
            assert f"socket:[{line.split()[9]}]" not in inodes


# The handshake


@pytest.mark.parametrize("path", ["/ws", "/rpc", "/healthz"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "example.org"}, 421),
        ({"Host": "chatty.local.example.org"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Host": "chatty.local:80"}, 421),
    ],
)
def test_browsers_and_foreign_hosts_are_refused(
    living: ServerProcess, path: str, headers: dict[str, str], status: int
) -> None:
    assert living.get(path, headers)[0] == status
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "chatty.v1.json",
    }
    assert living.get(path, {**upgrade, **headers})[0] == status


def test_unknown_subprotocol_is_told_which_there_are(living: ServerProcess) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for headers in (upgrade, {**upgrade, "Sec-WebSocket-Protocol": "chatty.v9.json"}):
        status, body = living.get("/ws", headers)
        assert (status, b"chatty.v1.json" in body) == (426, True)


_OTHER_USER = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
link = socket.socket(socket.AF_UNIX); link.connect(sys.argv[1])
link.settimeout(10)
try:
    link.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: chatty.local\\r\\n\\r\\n")
    print(len(link.recv(100)))
except ConnectionError:
    print(0)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_other_user_gets_no_word_even_past_the_file_permissions(tmp_path: Path) -> None:
    with server_process(tmp_path) as process:
        process.socket_path.chmod(0o777)
        for folder in (process.run_dir, *process.run_dir.parents):
            if folder.stat().st_mode & 0o001 == 0:
                folder.chmod(folder.stat().st_mode | 0o055)
        command = [sys.executable, "-I", "-S", "-c", _OTHER_USER, str(process.socket_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        assert done.stdout.strip() == "0"


# Frames


async def test_frame_beyond_the_limit_closes_the_connection(living: ServerProcess) -> None:
    async with opened(living) as link:
        await hello(link)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.gather(link.send("x" * (DEFAULT_LIMITS.max_frame_bytes + 1)), link.recv())
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    assert living.get("/healthz")[0] == 200


async def test_binary_frame_breaks_the_protocol(living: ServerProcess) -> None:
    async with opened(living) as link:
        await hello(link)
        await link.send(b"{}")
        with pytest.raises(ConnectionClosed) as closed:
            await link.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400


async def test_peer_that_never_reads_harms_nobody(living: ServerProcess) -> None:
    async with opened(living) as greedy:
        await hello(greedy)
        greedy.transport.pause_reading()
        for number in range(2000):
            frame = {"jsonrpc": "2.0", "id": number + 10, "method": "server.status", "params": {}}
            await greedy.send(json.dumps(frame))
        status, _ = await asyncio.to_thread(living.get, "/healthz")
        assert status == 200


@pytest.mark.parametrize(
    ("lines", "error_type"),
    [
        ([b"{}", b'{"jsonrpc":"2.0","id":1,"method":"ping"}'], "invalid_request"),
        ([b"garbage", b"garbage"], "parse"),
        ([b'{"jsonrpc":"2.0","id":0,"method":"ping"}'], "invalid_request"),
        ([], "invalid_request"),
        ([b'{"jsonrpc":"2.0","method":"x"}'] * 2, None),
    ],
)
def test_every_post_comes_to_an_end(
    living: ServerProcess, lines: list[bytes], error_type: str | None
) -> None:
    _, frames = living.rpc(*lines)
    types = [frame["error"]["data"]["type"] for frame in frames if "error" in frame]
    assert types[:1] == ([error_type] if error_type else [])


def test_unknown_method_over_post_is_answered(living: ServerProcess) -> None:
    assert living.call("conversation.fly")["error"]["data"]["type"] == "method_not_found"


def test_post_that_is_too_large_is_refused(living: ServerProcess) -> None:
    status, frames = living.rpc(b"x" * (DEFAULT_LIMITS.max_rpc_bytes + 1))
    assert (status, frames[0]["error"]["data"]["type"]) == (413, "too_large/frame")


# Leaving


def test_idle_server_leaves(tmp_path: Path) -> None:
    with server_process(tmp_path, "--idle-seconds", "0.2") as process:
        assert process.process.wait(PATIENCE_SECONDS) == 0
        assert not process.socket_path.exists()


async def test_connected_client_keeps_the_server(tmp_path: Path) -> None:
    with server_process(tmp_path, "--idle-seconds", "0.2") as process:
        async with opened(process) as link:
            await hello(link)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(link.recv(), 0.6)
            assert process.process.poll() is None
        await asyncio.to_thread(process.process.wait, PATIENCE_SECONDS)


async def test_clients_are_told_before_the_server_leaves(tmp_path: Path) -> None:
    with server_process(tmp_path) as process:
        async with opened(process) as link:
            await hello(link)
            process.process.terminate()
            notice = json.loads(await link.recv())
            assert (notice["method"], notice["params"]["type"]) == ("notice", "draining")
            with pytest.raises(ConnectionClosed) as closed:
                await link.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        assert process.process.wait(PATIENCE_SECONDS) == 0
        wait_until_gone(process.socket_path)


def test_stop_is_refused_only_while_something_runs(tmp_path: Path) -> None:
    with server_process(tmp_path) as process:
        stopped = process.call("server.stop", if_idle=True)
        assert stopped["result"] == {"stopping": True, "active_runs": 0}
        assert process.process.wait(PATIENCE_SECONDS) == 0


def test_status_names_the_process(living: ServerProcess) -> None:
    result = living.call("server.status")["result"]
    assert (result["pid"], result["state"], result["active_runs"]) == (living.process.pid, "serving", 0)
