"""Few open files: links are refused before the database has to go without."""

import contextlib
import resource
from pathlib import Path

import pytest

from chatty.server.descriptors import OWN, WANTED, connections_that_fit, raise_limit
from tests.instruments.server_process import asking, server_process
from tests.server.processes import ask, hello, opened, read_to_the_end


@pytest.mark.parametrize(
    ("files", "connections"), [(WANTED, 4096), (1024, 744), (64, 24), (OWN + 1, 1), (OWN - 10, 1)]
)
def test_files_are_left_for_answers_and_the_database(files: int, connections: int) -> None:
    assert connections_that_fit(files, 4096) == connections


def test_soft_limit_is_raised_to_what_is_allowed() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
        files = raise_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == files
        assert files == (WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_crowd_is_refused_and_the_others_are_served(tmp_path: Path) -> None:
    with server_process(tmp_path, open_files=64) as process:
        async with contextlib.AsyncExitStack() as stack:
            links = [await stack.enter_async_context(opened(process)) for _ in range(26)]
            served, refused = links[:24], links[24:]
            for link in served:
                await hello(link)
            for link in refused:
                assert (await read_to_the_end(link))[1] == 4429
            status, refusals = process.rpc(b"{}", b"{}")
            assert (status, refusals[0]["error"]["data"]["type"]) == (503, "overloaded")
            sent = await ask(served[0], "message.send", {**asking("hello"), "run": None})
            assert sent["message"]["status"] == "completed"
        status = process.call("server.status")["result"]
        assert status["state"] == "serving"
