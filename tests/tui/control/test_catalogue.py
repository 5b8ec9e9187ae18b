"""Keys: what needs one waits until it is kept, and does not happen when it is refused."""

from pathlib import Path
from typing import Any, cast

import pytest

from chatty.client.connection import Client
from chatty.protocol.errors import ProtocolError
from chatty.tui.control.catalogue import Catalogue
from chatty.tui.control.choices import Choices
from chatty.tui.control.desk import Desk
from chatty.tui.store import Store
from tests.instruments.waiting import until


class Server:
    """Answers what a key needs; without a keyring only a file is taken."""

    def __init__(self, *, has_keyring: bool, problem: str = "") -> None:
        self._has_keyring = has_keyring
        self._problem = problem
        self.kept_in: list[str] = []

    async def call(
        self, method: str, params: dict[str, Any], timeout_seconds: float | None
    ) -> dict[str, Any]:
        if method == "provider.add":
            if params["keep_in"] == "keyring" and not self._has_keyring:
                raise ProtocolError("storage/keyring_unavailable", "no keyring")
            self.kept_in.append(params["keep_in"])
            return {}
        if method == "provider.test":
            error = {"error": {"type": self._problem, "message": self._problem}} if self._problem else {}
            return {"models": 3, **error}
        return {"items": []}


def catalogue(server: Server, directory: Path) -> tuple[Catalogue, Store]:
    store = Store()
    desk = Desk(store)
    desk.open_for_business(cast("Client", server))
    config_file = str(directory / "config.toml")
    return Catalogue(desk, Choices(), config_file, model=None, default_model=None, project=None), store


async def test_what_needs_the_key_follows_once_it_is_kept(tmp_path: Path) -> None:
    server = Server(has_keyring=True)
    keys, store = catalogue(server, tmp_path)
    done: list[list[str]] = []
    keys.set_key("openai", "sk", lambda: done.append(list(server.kept_in)))
    await until(lambda: bool(done))
    assert done == [["keyring"]]
    assert store.note.text == "the key of openai works: 3 models"


async def test_nothing_follows_before_the_question_about_the_file_is_answered(tmp_path: Path) -> None:
    server = Server(has_keyring=False)
    keys, store = catalogue(server, tmp_path)
    done: list[str] = []
    keys.set_key("openai", "sk", lambda: done.append("used"))
    await until(lambda: bool(store.wishes.questions))
    assert (server.kept_in, done) == ([], [])
    question = store.wishes.questions[0]
    assert question.name == "Key of OpenAI"
    question.act()
    await until(lambda: bool(done))
    assert server.kept_in == ["file"]


@pytest.mark.parametrize(("problem", "follows"), [("provider/auth", False), ("provider/unreachable", True)])
async def test_only_a_key_that_was_refused_ends_it(tmp_path: Path, problem: str, follows: bool) -> None:
    keys, store = catalogue(Server(has_keyring=True, problem=problem), tmp_path)
    done: list[str] = []
    keys.set_key("openai", "sk", lambda: done.append("used"))
    changes: list[str] = []
    store.on_change = lambda: changes.append(store.note.text)
    # The list of models is the last that is asked for before anything follows.
    await until(lambda: problem in changes and len(changes) > 1)
    await until(lambda: bool(done) or not follows)
    assert bool(done) is follows
