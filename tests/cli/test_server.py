"""``chatty server``: the local server from the outside."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chatty.cli.server import stop
from chatty.cli.session import Session
from chatty.client.locations import Locations
from chatty.client.oneshot import FIRST_WORD_SECONDS
from chatty.client.skew import which_side_to_update
from chatty.protocol.errors import ProtocolError
from tests.cli.conftest import Run
from tests.cli.fake_server import FakeServer, Json, Refusal
from tests.cli.golden import assert_golden
from tests.cli.processes import read_until, start

STATUS = {
    "state": "serving",
    "pid": 42,
    "version": "0.1.0",
    "protocol": 1,
    "connections": 2,
    "active_runs": 1,
    "uptime_seconds": 3725.5,
    "data_path": "/somewhere/chatty.db",
    "build": "b",
}


def test_status_of_a_running_server(server: FakeServer, run: Run) -> None:
    server.on("server.status", STATUS)
    assert_golden("server-status.txt", run("server", "status").stdout)
    shown = json.loads(run("server", "status", "--json").stdout)
    assert shown == {key: value for key, value in STATUS.items() if key != "build"}


def test_status_without_a_server_starts_none(run: Run, home: Path) -> None:
    result = run("server", "status", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "state": "stopped",
        "pid": None,
        "version": None,
        "protocol": None,
        "connections": None,
        "active_runs": None,
        "uptime_seconds": None,
        "data_path": str(home / "data"),
    }
    assert list(home.iterdir()) == []


def test_start_says_what_runs(server: FakeServer, run: Run) -> None:
    server.on("server.status", STATUS)
    assert run("server", "start").stdout == "running, process 42, version 0.1.0\n"


def test_stop_waits_until_the_server_is_gone(server: FakeServer, run: Run) -> None:
    def stop(params: Json) -> Json:
        assert params == {"if_idle": True}
        return {"stopping": True, "active_runs": 0}

    def ping(params: Json) -> Json:
        server.close()
        raise Refusal("unavailable/draining", "leaving")

    server.on("server.stop", stop)
    server.on("ping", ping)
    assert run("server", "stop").stdout == "stopped\n"


def test_stop_does_not_interrupt_answers_unasked(server: FakeServer, run: Run) -> None:
    server.on("server.stop", {"stopping": False, "active_runs": 3})
    result = run("server", "stop")
    assert result.returncode == 9
    assert "chatty server stop --force" in result.stderr


def test_stop_without_a_server_is_done_already(run: Run) -> None:
    assert run("server", "stop").stdout == "was not running\n"
    assert run("server", "stop", "--json").stdout == '{"state": "stopped"}\n'


def test_server_that_says_nothing_is_called_stuck_before_the_time_is_over() -> None:
    assert stop.ANSWER_SECONDS > FIRST_WORD_SECONDS


def test_force_ends_a_server_that_does_not_answer(run: Run, home: Path) -> None:
    """A stand-in for a stuck server: it holds the lock, and its command line names chatty."""
    data = home / "data"
    data.mkdir(mode=0o700)
    program = (
        "import fcntl, signal, sys, time\n"
        "lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX); print('held', flush=True)\n"
        "signal.pause()\n"
    )
    command = [sys.executable, "-c", program, str(data / "server.lock"), "chatty.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        # It is our child: only our waiting for it makes its number free.
        reaper = threading.Thread(target=process.wait)
        reaper.start()
        assert run("server", "stop", "--force").stdout == "stopped\n"
        reaper.join(timeout=30)
        assert process.returncode == -15


def log(home: Path, text: str) -> Path:
    file = home / "state" / "logs" / "server.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_logs_print_the_newest_lines(run: Run, home: Path) -> None:
    log(home, "".join(f"line {number}\n" for number in range(100)))
    assert run("server", "logs", "-n", "2").stdout == "line 98\nline 99\n"
    assert run("server", "logs", "-n", "0").stdout == ""


def test_logs_follow_what_is_added(environment: dict[str, str], home: Path) -> None:
    file = log(home, "old\n")
    with start(environment, "server", "logs", "-f") as process:
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        read_until(descriptor, b"old\n")
        with open(file, "a") as writer:
            writer.write("new\n")
        read_until(descriptor, b"new\n")
        file.write_text("")
        os.kill(process.pid, 2)
        assert process.wait(timeout=30) == 130


def test_logs_are_not_followed_for_a_reader_that_has_left(environment: dict[str, str], home: Path) -> None:
    log(home, "old\n")
    with start(environment, "server", "logs", "-f") as process:
        assert process.stdout is not None
        read_until(process.stdout.fileno(), b"old\n")
        process.stdout.close()
        assert process.stderr is not None
        assert (process.wait(timeout=30), process.stderr.read()) == (141, b"")


@pytest.mark.parametrize("verb", ["status", "stop"])
def test_server_that_says_nothing_is_stuck_and_the_way_out_is_named(home: Path, run: Run, verb: str) -> None:
    directory = home / "state" / "run"
    directory.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(directory / "s.sock"))
        (directory / "s.sock").chmod(0o600)
        listener.listen()
        result = run("server", verb, "--json")
    error = json.loads(result.stdout)["error"]
    assert (result.returncode, error["type"]) == (7, "connection/stuck")
    assert "chatty server stop --force" in error["message"]


def test_doctor_tells_of_a_server_that_is_unknown(run: Run) -> None:
    result = run("doctor", "--json", CHATTY_SERVER="nope")
    last = json.loads(result.stdout)["items"][-1]
    assert (result.returncode, last["id"], last["status"]) == (2, "server", "failed")


def test_no_log_yet_is_no_error(run: Run) -> None:
    result = run("server", "logs")
    assert (result.returncode, result.stdout) == (0, "")
    assert "no log yet" in result.stderr


def test_doctor_names_every_check_and_fails_with_the_code_of_the_first_failure(
    server: FakeServer, run: Run
) -> None:
    server.on("server.status", STATUS)
    server.on("provider.list", {"items": [{"name": "guide", "key_source": "not_needed"}]})
    value = json.loads(run("doctor", "--json").stdout)
    assert [item["id"] for item in value["items"]] == [
        "chatty",
        "python",
        "sqlite",
        "config_directory",
        "data_directory",
        "state_directory",
        "disk",
        "file_system",
        "configuration",
        "terminal",
        "keyring",
        "server",
        "providers",
    ]
    assert all(item["fix"] for item in value["items"] if item["status"] != "ok")

    def broken(params: Json) -> Json:
        raise Refusal("storage/corrupt", "the database is broken")

    server.on("server.status", broken)
    result = run("doctor")
    assert result.returncode == 10
    assert "FAILED   server: the database is broken\n" in result.stdout


@pytest.mark.parametrize(
    ("backend", "fix"),
    [
        ("keyring.backends.chainer.ChainerBackend", "chatty providers add openai"),
        (
            "keyring.backends.fail.Keyring",
            "export OPENAI_API_KEY, or: chatty providers add openai --keep-in file",
        ),
    ],
)
def test_doctor_advises_a_place_for_a_key_that_is_there(
    server: FakeServer, run: Run, backend: str, fix: str
) -> None:
    server.on("server.status", STATUS)
    server.on("provider.list", {"items": []})
    found = json.loads(run("doctor", "--json", PYTHON_KEYRING_BACKEND=backend).stdout)["items"]
    assert {item["id"]: item["fix"] for item in found}["providers"] == fix


def test_doctor_says_that_keys_were_not_tried_and_where_they_go(server: FakeServer, run: Run) -> None:
    server.on("server.status", STATUS)
    rows = [
        {"name": "openai", "key_source": "environment", "base_url": "http://127.0.0.1:9/v1"},
        {"name": "lab", "key_source": "not_needed", "base_url": None},
        {"name": "groq", "key_source": "missing"},
        {"name": "guide", "key_source": "not_needed"},
    ]
    server.on("provider.list", {"items": rows})
    found = json.loads(run("doctor", "--json").stdout)["items"]
    assert [item["detail"] for item in found if item["id"].startswith("provider")] == [
        "openai: key from environment, at http://127.0.0.1:9/v1; "
        "not tried, that is: chatty providers test openai",
        "lab: no key; not tried, that is: chatty providers test lab",
    ]


def test_doctor_tells_of_data_that_can_only_be_read(server: FakeServer, run: Run) -> None:
    server.on("server.status", STATUS)
    server.on("provider.list", {"items": []})
    server.capabilities["read_only"] = True
    found = {item["id"]: item for item in json.loads(run("doctor", "--json").stdout)["items"]}
    assert found["server"]["status"] == "warning"
    assert "/somewhere/chatty.db can be read and not written" in found["server"]["detail"]


def test_server_that_speaks_another_protocol_is_ended_by_force_alone(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(session: Session, *words: object, **more: object) -> Json:
        raise ProtocolError("protocol_unsupported", "no common version")

    ended: list[str] = []

    def end(locations: Locations) -> int:
        ended.append(locations.data_dir)
        return 1

    monkeypatch.setattr(Session, "call", refuse)
    monkeypatch.setattr("chatty.client.force.stop_by_force", end)
    with pytest.raises(ProtocolError):
        stop.stop_server()
    assert ended == []
    stop.stop_server(force=True)
    assert (len(ended), capfd.readouterr().out) == (1, "stopped\n")


def test_advice_for_a_server_that_is_too_old_is_a_command_that_works() -> None:
    assert "chatty server stop --force" in which_side_to_update([0])
