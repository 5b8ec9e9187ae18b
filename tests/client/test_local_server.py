"""The real server, started by those who need it: once, owner-only, and again after every end."""

import asyncio
import fcntl
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatty.client import local
from chatty.client.deadline import Deadline
from chatty.client.force import find_server, identify, stop_by_force
from chatty.client.locations import Locations
from chatty.client.oneshot import OneShot
from chatty.client.target import LocalTarget
from chatty.client.updates import LinkState
from chatty.protocol.errors import ProtocolError
from tests.client.homes import Home
from tests.client.races import leave_soon, race
from tests.instruments.waiting import until

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def home(short_dir: str) -> Iterator[Home]:
    home = Home(short_dir, {"OPENAI_API_KEY": "canary-key-5309"})
    yield home
    home.clean_up()


def test_server_is_started_once_and_found_again(home: Home) -> None:
    assert home.pid() == home.pid()


def test_a_crowd_of_clients_starts_one_server(home: Home) -> None:
    """200 at once, cold: one server, everybody connected."""
    gate = threading.Barrier(200)

    def arrive() -> int:
        gate.wait()
        return home.pid()

    with ThreadPoolExecutor(200) as crowd:
        pids = [arrival.result() for arrival in [crowd.submit(arrive) for _ in range(200)]]
    assert len(pids) == 200
    assert len(set(pids)) == 1


def test_programs_starting_at_once_start_one_server(home: Home) -> None:
    program = (
        "import os; from chatty.client.oneshot import OneShot\n"
        "from chatty.client.target import target_from_environment\n"
        "print(OneShot(target_from_environment(os.environ)).call('server.status', {})['pid'])"
    )
    command = [sys.executable, "-c", program]
    started = [
        subprocess.Popen(command, env=home.environ, stdout=subprocess.PIPE, text=True) for _ in range(12)
    ]
    pids = [process.communicate(timeout=50)[0] for process in started]
    assert len(set(pids)) == 1
    assert int(pids[0]) == home.pid()


def test_server_keeps_no_key_of_its_starter(home: Home) -> None:
    environ = Path(f"/proc/{home.pid()}/environ").read_bytes()
    assert b"CHATTY_HOME" in environ
    assert b"canary" not in environ


def test_server_outlives_its_starter(home: Home) -> None:
    """In a session of its own: neither the end nor the terminal of the starter reaches it."""
    context = multiprocessing.get_context("spawn")
    starter = context.Process(target=start_and_wait, args=(home.environ["CHATTY_HOME"],))
    starter.start()
    deadline = threading.Event()
    while find_server(home.locations) is None:
        deadline.wait(0.02)
    pid = home.pid()
    starter.kill()
    starter.join(10)
    assert home.pid() == pid
    assert os.getsid(pid) != os.getsid(0)


def start_and_wait(home: str) -> None:
    Home(home).pid()
    signal.pause()


def test_killed_server_leaves_nothing_in_the_way(home: Home) -> None:
    """The socket file and every lock file are still there; the next call starts a new server."""
    home.pid()
    killed = home.kill()
    assert os.path.exists(home.locations.socket_path)
    assert home.pid() != killed


def test_leaving_and_coming_are_never_seen_by_a_caller(home: Home) -> None:
    """Calls race with a server that has been told to stop: each is answered by it or by its successor."""
    for _ in range(5):
        leaving = home.pid()
        home.one_shot().call("server.stop", {})
        while home.pid() == leaving:
            pass


async def test_server_that_leaves_when_idle_is_never_missed(home: Home) -> None:
    """In large by command: `benchmarks/idle_races.py`."""
    leave_soon(home)
    races = await race(home, 9, random.Random(20261120))
    assert races.failures == []
    assert len(races.servers) > 1


def test_frozen_server_is_called_stuck_and_ended_by_force(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatty.client.oneshot.FIRST_WORD_SECONDS", 0.2)
    monkeypatch.setattr("chatty.client.force.TERM_SECONDS", 0.2)
    pid = home.pid()
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ProtocolError) as caught:
        home.one_shot().call("ping", {})
    assert caught.value.type == "connection/stuck"
    assert stop_by_force(home.locations) == pid
    assert identify(pid) is None
    monkeypatch.undo()
    assert home.pid() != pid


def test_lock_held_by_somebody_who_does_not_listen_is_stuck(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "ANSWER_SECONDS", 0.5)
    os.makedirs(home.locations.data_dir, mode=0o700)
    holder = os.open(home.locations.lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        with pytest.raises(ProtocolError) as caught:
            home.one_shot().call("ping", {})
        assert caught.value.type == "connection/stuck"
        only_found = LocalTarget(home.locations, {}, start=False)
        with pytest.raises(ProtocolError) as not_stopped:  # a command that starts none must not say "stopped"
            OneShot(only_found, environ={}).call("server.status", {})
        assert not_stopped.value.type == "connection/stuck"
        with pytest.raises(ProtocolError) as refused:
            stop_by_force(home.locations)  # the holder is this test, which is no chatty server
        assert refused.value.type == "connection/stuck"
    finally:
        os.close(holder)


def test_force_without_a_server_does_nothing(home: Home) -> None:
    assert stop_by_force(home.locations) is None


def test_failed_start_says_why_with_the_servers_words(home: Home) -> None:
    os.makedirs(home.locations.data_dir, mode=0o700)
    Path(home.locations.database_path).write_bytes(b"this is no database" * 1000)
    with pytest.raises(ProtocolError) as caught:
        home.one_shot().call("ping", {})
    assert caught.value.family == "storage"
    assert caught.value.details["path"] == home.locations.database_path
    assert "log" not in caught.value.details, "it holds a traceback, and the server has said what is wrong"


def test_start_that_dies_shows_the_log(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatty.client.start.server_command", lambda *_: ["/bin/sh", "-c", "echo broken >&2"])
    with pytest.raises(ProtocolError) as caught:
        home.one_shot().call("ping", {})
    assert (caught.value.type, caught.value.details["log"]) == ("connection/start_failed", ["broken"])


def test_run_directory_that_others_can_write_to_is_refused(home: Home) -> None:
    os.makedirs(home.locations.run_dir, mode=0o700)
    os.chmod(home.locations.run_dir, 0o777)
    with pytest.raises(ProtocolError) as caught:
        home.one_shot().call("ping", {})
    assert caught.value.type == "connection/peer"
    assert f"chmod 700 {home.locations.run_dir}" in caught.value.message


def test_run_directory_that_is_a_link_is_refused(home: Home) -> None:
    os.makedirs(os.path.dirname(home.locations.run_dir), mode=0o700)
    elsewhere = os.path.join(home.locations.state_dir, "elsewhere")
    os.mkdir(elsewhere, mode=0o700)
    os.symlink(elsewhere, home.locations.run_dir)
    with pytest.raises(ProtocolError) as caught:
        home.one_shot().call("ping", {})
    assert (caught.value.type, "is a link" in caught.value.message) == ("connection/peer", True)


def test_data_directory_may_be_a_link_to_another_disk(home: Home, short_dir: str) -> None:
    disk = os.path.join(short_dir, "disk")
    os.mkdir(disk, mode=0o700)
    os.symlink(disk, home.locations.data_dir)
    assert home.pid() == home.pid()
    assert os.listdir(disk)


@pytest.fixture
def full(short_dir: str) -> Iterator[tuple[str, socket.socket]]:
    """The path of a socket whose backlog is full, and its listener."""
    path = os.path.join(short_dir, "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        with local.connect_to(path, Deadline(5)):
            yield path, listener


def test_full_backlog_is_waited_out(full: tuple[str, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses at once a socket that does not block; the caller does not notice."""
    path, listener = full
    accepted: list[socket.socket] = []
    pauses = 0

    def pause(least_seconds: float, most_seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == 3:
            accepted.append(listener.accept()[0])

    monkeypatch.setattr("chatty.client.local._pause", pause)
    with local.connect_to(path, Deadline(10)) as connected:
        assert (pauses, connected.getblocking()) == (3, True)
    for one in accepted:
        one.close()


@pytest.mark.timeout(10)
def test_deadline_holds_while_the_backlog_is_full(full: tuple[str, socket.socket]) -> None:
    with pytest.raises(ProtocolError) as caught:
        local.connect_to(full[0], Deadline(0.05))
    assert caught.value.type == "timeout"


def test_server_that_takes_nobody_in_is_stuck(
    full: tuple[str, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "ANSWER_SECONDS", 0.05)
    with pytest.raises(ProtocolError) as caught:
        local.connect_to(full[0], Deadline(10))
    assert caught.value.type == "connection/stuck"


def test_without_starting_nobody_is_found(home: Home) -> None:
    target = LocalTarget(home.locations, home.environ, start=False)
    with pytest.raises(ProtocolError) as caught:
        OneShot(target, environ={}).call("ping", {})
    assert caught.value.type == "connection/refused"
    assert not os.path.exists(home.locations.data_dir)


def test_path_too_long_for_a_socket_goes_to_a_short_one(short_dir: str) -> None:
    deep = os.path.join(short_dir, "x" * 60, "y" * 60)
    home = Home(deep, {"HOME": short_dir})
    try:
        assert home.locations.run_dir.startswith(os.path.join(short_dir, ".chatty"))
        assert home.pid() == home.pid()
        elsewhere = Locations(
            home.locations.config_dir, home.locations.data_dir, home.locations.state_dir, "/nowhere"
        )
        with local.find(elsewhere, {}, Deadline(5)) as found:
            assert found.fileno() >= 0
    finally:
        home.clean_up()


def test_place_that_is_nowhere_short_enough_is_named_with_the_way_out(short_dir: str) -> None:
    long = os.path.join(short_dir, "x" * 120)
    environ = {"CHATTY_HOME": long, "HOME": long, "PATH": os.environ["PATH"]}
    locations = Locations.from_environment(environ)
    with pytest.raises(ProtocolError) as caught:
        local.find_or_start(locations, environ, Deadline(10))
    assert caught.value.type == "storage/unavailable"
    assert caught.value.details["path"] == locations.socket_path
    assert "CHATTY_HOME" in caught.value.message
    assert not os.path.exists(long)


def test_older_idle_server_gives_way_after_the_call(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    old = home.pid()
    monkeypatch.setattr("chatty.client.skew.build_id", lambda: "999.0+1")
    assert home.pid() == old
    monkeypatch.undo()
    while home.pid() == old:  # the test's own time bounds this
        pass


async def test_client_comes_back_after_the_server_was_killed(home: Home) -> None:
    async with home.client() as client:
        before = (await client.wait_online())["server"]["instance"]
        await asyncio.to_thread(home.kill)
        await until(lambda: client.state is not LinkState.ONLINE)
        after = (await client.wait_online())["server"]["instance"]
    assert before != after
