"""Full and read-only disks, real ones: typed errors, reads that go on, and runs that end in the end."""

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.server.live import carrying
from tests.instruments.server_process import START_SECONDS, server_process
from tests.server.joined import begin, finished_talk, joined_server, sending

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


CONVERSATION = "01890000-0000-7000-8000-000000000001"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four mebibytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(place)])
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Write a file until nothing more fits; return it."""
    filler = disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"\0" * 4096)
    return filler


async def test_full_disk_refuses_reads_on_and_lets_the_run_end_later(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "RETRY_SECONDS", 0.02)
    async with joined_server(disk) as server:
        client = await server.connect()
        earlier = await finished_talk(server, client)
        talk = await begin(client)
        reply = await server.provider.asked()
        reply.write("before ")
        await client.saw_event("part.started")
        filler = fill(disk)
        with pytest.raises(ProtocolError) as caught:
            await client.call("message.send", sending(earlier.id, "x" * 900_000, with_run=False))
        assert (caught.value.type, caught.value.retryable) == ("storage/full", True)
        assert caught.value.details == {"path": str(disk / "chatty.db")}
        shown = await client.call("message.get", conversation_id=earlier.id, message_id=earlier.reply_id)
        assert shown["message"]["parts"][0]["text"] == "done"
        reply.write("y" * 200_000)
        reply.write(" after")
        reply.finish()
        await client.saw(lambda f: f.get("method") == "delta" and f["params"]["d"].endswith(" after"))
        signal = await client.saw(lambda f: f.get("method") == "signal")
        assert signal["params"]["type"] == "run.not_kept"
        told = signal["params"]["data"]
        assert (told["run_id"], told["error"]["type"]) == (talk.run_id, "storage/full")
        assert str(disk / "chatty.db") in told["error"]["message"]
        filler.unlink()
        await client.saw_event("run.finished", run_id=talk.run_id, status="completed")
        shown = await client.call("message.get", conversation_id=talk.id, message_id=talk.reply_id)
        assert shown["message"]["parts"][0]["text"] == "before " + "y" * 200_000 + " after"


def remount(disk: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(disk)], check=True)


def test_server_starts_over_a_read_only_disk(disk: Path, tmp_path: Path) -> None:
    data_dir = disk / "data"
    with server_process(tmp_path, data_dir=data_dir) as first:
        assert first.call("conversation.create", id=CONVERSATION, title="kept")["result"]
        assert first.stop() == 0
    remount(disk, "ro")
    with server_process(tmp_path, data_dir=data_dir) as process:
        assert process.ready["ready"] is True
        assert process.call("conversation.list")["result"]["items"][0]["title"] == "kept"
        refusal = process.call("conversation.archive", conversation_id=CONVERSATION)["error"]["data"]
        assert (refusal["type"], refusal["details"]["path"]) == (
            "storage/read_only",
            str(data_dir / "chatty.db"),
        )


def leave_unfinished(database: Path) -> None:
    """Make the last run look like one of a server that was killed."""
    connection = sqlite3.connect(database)
    connection.execute("UPDATE runs SET status = 'running'")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("hindrance", ["full", "full for the runs that were left", "read_only"])
def test_server_that_can_only_read_makes_way_for_one_that_can_write(
    disk: Path, tmp_path: Path, hindrance: str
) -> None:
    data_dir = disk / "data"
    with server_process(tmp_path, data_dir=data_dir) as first:
        talk, message, reply, run = (new_id() for _ in range(4))
        create = {"create": {"title": "kept"}}
        asked = {"id": run, "reply_id": reply, "model": "guide/guide"}
        parts = [{"type": "text", "text": "hello"}]
        first.call(
            "message.send",
            conversation={"id": talk, **create},
            id=message,
            parts=parts,
            run=asked,
            mode="append",
        )
        assert first.stop() == 0
    leave_unfinished(data_dir / "chatty.db")
    filler = fill(disk) if hindrance.startswith("full") else None
    if hindrance == "read_only":
        remount(disk, "ro")
    elif hindrance != "full":
        os.truncate(disk / "filler", (disk / "filler").stat().st_size - 40_960)  # room to open, not to write
    with server_process(tmp_path, data_dir=data_dir) as process:
        assert process.ready["ready"] is True
        assert process.call("conversation.list")["result"]["items"][0]["title"] == "kept"
        refusal = process.call("conversation.archive", conversation_id=talk)["error"]["data"]
        assert refusal["type"] == f"storage/{hindrance.split()[0]}"
        assert refusal["details"]["path"] == str(data_dir / "chatty.db")
        if filler is not None:
            filler.unlink()
        else:
            remount(disk, "rw")
        assert process.process.wait(START_SECONDS) == 0
    with server_process(tmp_path, data_dir=data_dir) as successor:
        kept = successor.call("message.get", conversation_id=talk, message_id=reply)["result"]["message"]
        assert kept["status"] == "interrupted"
        assert successor.call("conversation.archive", conversation_id=talk)["result"]


def test_start_that_fails_says_why(disk: Path) -> None:
    remount(disk, "ro")
    with server_process(disk) as process:
        assert process.ready["ready"] is False
        assert process.ready["reason"] == "storage/unavailable"
        assert str(disk) in process.ready["message"]


async def test_read_only_database_serves_reads_and_refuses_writes(disk: Path) -> None:
    async with joined_server(disk) as server:
        client = await server.connect()
        talk = await finished_talk(server, client)
    remount(disk, "ro")
    async with joined_server(disk) as server:
        client = server.open()
        hello = {"protocol": {"min": 1, "max": 1}, "client": {"name": "t", "version": "0"}}
        assert (await client.call("initialize", hello))["capabilities"]["read_only"] is True
        result = await client.call("conversation.subscribe", conversation_id=talk.id)
        assert [message["id"] for message in result["messages"]] == [talk.message_id, talk.reply_id]
        assert (await client.call("search.query", query="done"))["items"]
        writes = {
            "message.send": sending(talk.id, "more"),
            "conversation.create": {"id": CONVERSATION},
            "conversation.delete": {"conversation_id": talk.id},
            "conversation.set_leaf": {"conversation_id": talk.id, "message_id": talk.reply_id},
            "project.create": {"id": CONVERSATION, "name": "p"},
            "prompt.create": {"id": CONVERSATION, "name": "p", "body": "b"},
            "provider.add": {"name": "openai", "default_model": "m"},
            "run.cancel": {"run_id": talk.run_id},
        }
        for method, params in writes.items():
            with pytest.raises(ProtocolError) as caught:
                await client.call(method, params)
            assert caught.value.type == "storage/read_only", method
            assert caught.value.details == {"path": str(disk / "chatty.db")}, method
