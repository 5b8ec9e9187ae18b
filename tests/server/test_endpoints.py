from pathlib import Path

import pytest

from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from tests.server.joined import joined_server, running, sending


@pytest.mark.parametrize(
    ("model", "error_type", "advice"),
    [
        ("gpt-5", "not_found", "PROVIDER/MODEL"),
        ("nobody/gpt-5", "not_found", "providers add"),
        ("lab", "invalid_params/model_missing", "chatty models list --provider lab"),
    ],
)
async def test_name_that_means_no_model_is_refused_with_the_way_on(
    tmp_path: Path, model: str, error_type: str, advice: str
) -> None:
    async with joined_server(tmp_path) as server:
        client = await server.connect()
        await client.call("provider.add", name="lab", base_url="http://127.0.0.1:1/v1")
        with pytest.raises(ProtocolError) as refused:
            await client.call("message.send", sending(new_id(), "hello", run=running(model=model)))
        assert refused.value.type == error_type
        assert advice in refused.value.message
