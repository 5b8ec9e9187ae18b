from pathlib import Path

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from tests.server.joined import joined_server


async def test_project_that_holds_a_prompt_is_not_deleted(tmp_path: Path) -> None:
    async with joined_server(tmp_path) as server:
        client = await server.connect()
        project_id, prompt_id = new_id(), new_id()
        await client.call("project.create", id=project_id, name="garden")
        await client.call("prompt.create", id=prompt_id, name="review", body="Look", project_id=project_id)
        with pytest.raises(ProtocolError) as refused:
            await client.call("project.delete", project_id=project_id)
        assert refused.value.type == "conflict/not_empty"
        assert "prompts delete" in refused.value.message

        await client.call("prompt.delete", prompt_id=prompt_id)
        await client.call("project.delete", project_id=project_id)
        assert (await client.call("project.list"))["items"] == []


async def test_deleted_project_and_prompt_leave_nothing_on_the_disk(tmp_path: Path) -> None:
    async with joined_server(tmp_path) as server:
        client = await server.connect()
        project_id, prompt_id = new_id(), new_id()
        await client.call("project.create", id=project_id, name="zebracanary", instructions="zebracanary")
        await client.call("prompt.create", id=prompt_id, name="zebracanary", body="on the zebracanary")
        await client.call("prompt.create", id=new_id(), name="kept", body="something else")
        await client.call("prompt.update", prompt_id=prompt_id, body="on zebracanary", note="zebracanary")
        assert any(b"zebracanary" in file.read_bytes() for file in tmp_path.glob("*.db*"))

        await client.call("prompt.delete", prompt_id=prompt_id)
        await client.call("project.delete", project_id=project_id)
        holding = [file.name for file in tmp_path.glob("*.db*") if b"zebracanary" in file.read_bytes()]
        assert holding == []
