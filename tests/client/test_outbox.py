"""Messages on disk: whole or not at all, in order, private."""

import os
from pathlib import Path

import pytest

from chatty.client.outbox import Outbox
from chatty.protocol.errors import ProtocolError
from tests.instruments.reference import sending


def test_two_programs_share_a_directory(tmp_path: Path) -> None:
    directory = os.path.join(tmp_path, "outbox")
    first, second = Outbox(directory), Outbox(directory)
    entry = first.prepare("message.send", sending("c", "hello"))
    first.put(entry)
    assert second.entries() == [entry]
    second.remove(entry)
    first.remove(entry)
    assert first.entries() == []


def test_order_survives_a_restart(tmp_path: Path) -> None:
    directory = os.path.join(tmp_path, "outbox")
    texts = [str(number) for number in range(12)]
    for text in texts:
        outbox = Outbox(directory)
        outbox.put(outbox.prepare("message.send", sending("c", text)))
    assert [entry.params["parts"][0]["text"] for entry in Outbox(directory).entries()] == texts


def test_messages_on_disk_are_the_owners_only(tmp_path: Path) -> None:
    directory = os.path.join(tmp_path, "outbox")
    outbox = Outbox(directory)
    outbox.put(outbox.prepare("message.send", sending("c", "private")))
    assert os.stat(directory).st_mode & 0o777 == 0o700
    assert [os.stat(os.path.join(directory, name)).st_mode & 0o777 for name in os.listdir(directory)] == [
        0o600
    ]


def test_damaged_file_hides_no_other(tmp_path: Path) -> None:
    directory = os.path.join(tmp_path, "outbox")
    outbox = Outbox(directory)
    first, second = (outbox.prepare("message.send", sending("c", text)) for text in "ab")
    outbox.put(first)
    outbox.put(second)
    with open(os.path.join(directory, first.name + ".json"), "w") as file:
        file.write('{"method": "mess')
    assert outbox.entries() == [second]


def test_request_without_an_id_of_its_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError) as caught:
        Outbox(str(tmp_path)).prepare("message.send", {"id": "../../etc/passwd"})
    assert caught.value.type == "invalid_params/id"


def test_text_that_no_frame_can_carry_is_refused_before_it_is_kept(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError) as caught:
        Outbox(str(tmp_path)).prepare("message.send", sending("c", "half \ud83d"))
    assert caught.value.type == "invalid_params/text"


def test_refused_message_is_kept_with_its_reason_until_it_is_discarded(tmp_path: Path) -> None:
    directory = os.path.join(tmp_path, "outbox")
    outbox = Outbox(directory)
    waiting, refused = (outbox.prepare("message.send", sending("c", text)) for text in "ab")
    for entry in (waiting, refused):
        outbox.put(entry)
    outbox.refuse(refused, "there is no such model")
    outbox.discard(waiting.id)
    assert [(entry.id, entry.refusal) for entry in Outbox(directory).entries()] == [
        (waiting.id, None),
        (refused.id, "there is no such model"),
    ]
    Outbox(directory).discard(refused.id)
    outbox.discard(refused.id)
    assert outbox.entries() == [waiting]


def test_message_that_another_program_dealt_with_is_not_brought_back(tmp_path: Path) -> None:
    directory = os.path.join(tmp_path, "outbox")
    first, second = Outbox(directory), Outbox(directory)
    entry = first.prepare("message.send", sending("c", "hello"))
    first.put(entry)
    second.refuse(entry, "no")
    second.discard(entry.id)
    first.refuse(entry, "no")
    assert os.listdir(directory) == []


def test_message_refused_by_an_earlier_version_has_no_reason(tmp_path: Path) -> None:
    outbox = Outbox(os.path.join(tmp_path, "outbox"))
    entry = outbox.prepare("message.send", sending("c", "hello"))
    outbox.put(entry)
    path = tmp_path / "outbox" / f"{entry.name}.json"
    path.rename(path.with_suffix(".refused"))
    (found,) = outbox.entries()
    assert (found.is_refused, found.refusal) == (True, "")
