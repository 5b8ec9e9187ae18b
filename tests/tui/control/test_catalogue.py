"""Who answers when nobody chose, and keys: what needs one waits until it is kept, and does not happen when it
is refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from chatty.client.connection import Client
from chatty.protocol.errors import ProtocolError
from chatty.tui.control.catalogue import Catalogue
from chatty.tui.control.choices import Choices
from chatty.tui.control.desk import Desk
from chatty.tui.state import OpenConversation
from chatty.tui.store import Store
from tests.instruments.waiting import until


class Server:
    """Answers what a key needs; without a keyring only a file is taken."""

    def __init__(
        self,
        *,
        has_keyring: bool = True,
        problem: str = "",
        providers: Sequence[dict[str, Any]] = (),
        default: str | None = None,
    ) -> None:
        self._has_keyring = has_keyring
        self._problem = problem
        self._providers = list(providers)
        self._default = default
        self.kept_in: list[str] = []
        self.details: dict[str, str] = {}

    async def call(
        self, method: str, params: dict[str, Any], timeout_seconds: float | None
    ) -> dict[str, Any]:
        if method == "provider.add":
            if params["keep_in"] == "keyring" and not self._has_keyring:
                raise ProtocolError("storage/keyring_unavailable", "no keyring", details=self.details)
            self.kept_in.append(params["keep_in"])
            return {}
        if method == "provider.test":
            error = {"error": {"type": self._problem, "message": self._problem}} if self._problem else {}
            return {"models": 3, **error}
        if method == "provider.list":
            return {"items": self._providers}
        if method == "model.list":
            return {"items": [], "default": self._default}
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


@pytest.mark.parametrize(
    ("details", "why"),
    [({}, "This system has no keyring. "), ({"trouble": "the keyring is locked"}, "The keyring is locked. ")],
)
async def test_question_about_the_file_says_why_it_is_asked(
    tmp_path: Path, details: dict[str, str], why: str
) -> None:
    server = Server(has_keyring=False)
    server.details = details
    keys, store = catalogue(server, tmp_path)
    keys.set_key("openai", "sk")
    await until(lambda: bool(store.wishes.questions))
    assert store.wishes.questions[0].text.startswith(why)


@pytest.mark.parametrize(("problem", "follows"), [("provider/auth", False), ("provider/unreachable", True)])
async def test_only_a_key_that_was_refused_ends_it(tmp_path: Path, problem: str, follows: bool) -> None:
    keys, store = catalogue(Server(has_keyring=True, problem=problem), tmp_path)
    done: list[str] = []
    keys.set_key("openai", "sk", lambda: done.append("used"))
    has_models: list[bool] = []
    store.on_change = lambda: has_models.append(store.take_dirty().models)
    # The list of models is the last that is asked for before anything follows.
    await until(lambda: True in has_models)
    assert store.note.text == problem
    await until(lambda: bool(done) or not follows)
    assert bool(done) is follows


def provider(name: str, *, key: str = "not_needed", default: str | None = None) -> dict[str, Any]:
    """A row of `provider.list`."""
    kind = name if name in ("guide", "openai", "groq") else "openai"
    return {"name": name, "kind": kind, "key_source": key, "default_model": default}


GUIDE = provider("guide", default="guide")
LAB = provider("lab")
OPENAI = provider("openai", key="environment", default="gpt-5.2")
KEYLESS = provider("openai", key="missing", default="gpt-5.2")
GROQ = provider("groq", key="keyring", default="llama")


def shown_model(store: Store) -> str:
    assert store.open is not None
    return f"{store.open.model_provider}/{store.open.model}" if store.open.model else ""


@pytest.mark.parametrize(
    ("providers", "answering"),
    [
        ([GUIDE, KEYLESS], "guide/guide"),
        # A server of one's own that names no model is not the default of the server either.
        ([GUIDE, KEYLESS, LAB], "guide/guide"),
        ([GUIDE, OPENAI, LAB], "openai/gpt-5.2"),
        ([GUIDE, OPENAI, GROQ], ""),
    ],
)
async def test_who_answers_unasked_is_shown_before_anything_is_sent(
    tmp_path: Path, providers: list[dict[str, Any]], answering: str
) -> None:
    choices, store = catalogue(Server(providers=providers), tmp_path)
    store.open_conversation(OpenConversation("n1", is_new=True))
    assert not store.needs_choice
    await choices.load()
    assert shown_model(store) == answering
    assert store.needs_choice is (answering == "")


@pytest.mark.parametrize("default", ["lab/tuned", None])
async def test_server_has_the_last_word_on_who_answers(tmp_path: Path, default: str | None) -> None:
    choices, store = catalogue(Server(default=default), tmp_path)
    store.open_conversation(OpenConversation("n1", is_new=True))
    await choices.load_models()
    assert shown_model(store) == (default or "")
    assert store.needs_choice is (default is None)
