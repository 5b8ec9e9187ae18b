"""Carries out what the screens ask for, over the client library; implements `Backend`.

Who does what: the open conversation in `control/conversation.py`, the list of all in `control/chats.py`, what
can be chosen in `control/catalogue.py`, the link in `control/link.py`. This module puts them together.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from chatty.protocol.ids import is_id
from chatty.tui.backend import Where, nothing
from chatty.tui.control.catalogue import Catalogue
from chatty.tui.control.chats import Chats
from chatty.tui.control.choices import Choices
from chatty.tui.control.conversation import Conversation
from chatty.tui.control.desk import Desk
from chatty.tui.control.link import LinkWatch
from chatty.tui.control.recall import Recall
from chatty.tui.control.searching import Searching
from chatty.tui.control.unsent_texts import UnsentTexts
from chatty.tui.crashes import Crashes
from chatty.tui.prompts import PromptChoice
from chatty.tui.state import Message
from chatty.tui.store import Store

if TYPE_CHECKING:
    from chatty.client.connection import Client

LAST = "last"
"""Stands for the conversation that was used last."""


class Controller:
    """One client of one server.

    Args:
        store: what is drawn.
        connect: makes the client; awaited after the first frame, since it loads much.
        server: the server's name for the header.
        config_file: where a default model is written.
        conversation: id, or its beginning, of the conversation to open; `LAST`; None: a new one.
        model: `PROVIDER/MODEL` for the conversation to open, and for new ones, also those of a project with a
            model of its own.
        default_model: the same where the project has none.
        project: name of the project for new conversations.
        crashes: takes what fails beside the screen; None lets it through.
    """

    def __init__(
        self,
        store: Store,
        connect: Callable[[], Awaitable["Client"]],
        *,
        server: str = "local",
        config_file: str,
        conversation: str | None = None,
        model: str | None = None,
        default_model: str | None = None,
        project: str | None = None,
        crashes: Crashes | None = None,
    ) -> None:
        self._store = store
        self._connect = connect
        self._wanted, self._wanted_model = conversation, model
        choices = Choices()
        self._desk = Desk(store, crashes)
        self._unsent_texts = UnsentTexts(self._desk)
        self._conversation = Conversation(self._desk, choices, self._unsent_texts)
        self._chats = Chats(self._desk, self._conversation)
        self._catalogue = Catalogue(
            self._desk, choices, config_file, model=model, default_model=default_model, project=project
        )
        self._searching = Searching(self._desk)
        self._recall = Recall(self._desk)
        self._link = LinkWatch(store, server, self._online)
        self._is_first_visit = True
        if conversation is None:
            self._conversation.open_new()
        else:
            self._conversation.open_nothing()

    def start(self) -> None:
        """Connect. Called once, after the first frame."""
        self._desk.begin(self._start())

    async def close(self) -> None:
        """End the connection; answers under way go on, and what was not delivered stays in its outbox."""
        await self._desk.close()

    async def _start(self) -> None:
        client = await self._connect()
        self._link.watch(client)
        client.listen(self._unsent_texts.take)
        client.start()
        self._desk.open_for_business(client)

    def _online(self) -> None:
        self._desk.begin(self._load())

    async def _load(self) -> None:
        """Bring everything beside the open conversation up to date: the link may have been gone for long."""
        ids = await self._chats.load()
        self._recall.begin(ids)
        if self._wanted is not None:
            await self._open_wanted(ids)
        if self._is_first_visit:
            await self._unsent_texts.give_back_earlier()
        await self._catalogue.load()
        if self._is_first_visit:
            self._is_first_visit = False
            if not ids and self._has_nothing_open():
                self._catalogue.offer_providers()
            elif ids:
                await self._catalogue.load_models()

    async def _open_wanted(self, ids: list[str]) -> None:
        wanted, self._wanted = self._wanted, None
        assert wanted is not None
        fits = ids if wanted == LAST else [found for found in ids if found.startswith(wanted)]
        if is_id(wanted):
            await self._open_with_model(wanted)
        elif fits and (wanted == LAST or len(fits) == 1):
            await self._open_with_model(fits[0])
        elif wanted == LAST:
            self._conversation.open_new()
        else:
            self._conversation.open_new()
            self._store.say(f"{'no' if not fits else 'more than one'} conversation begins with {wanted}")

    async def _open_with_model(self, conversation_id: str) -> None:
        """Open a conversation, once it has the model that was named for it: its first picture shows that."""
        if self._wanted_model is not None:
            await self._desk.begin(self._catalogue.set_model(conversation_id, self._wanted_model))
        self._conversation.open(conversation_id)

    def _has_nothing_open(self) -> bool:
        return self._store.open is not None and self._store.open.is_new

    # The open conversation.

    def send(self, text: str) -> None:
        self._conversation.send(text)

    def stop(self) -> None:
        self._conversation.stop()

    def new_conversation(self) -> None:
        self._conversation.open_new()

    def open_conversation(self, conversation_id: str, at: str = "") -> None:
        self._conversation.open(conversation_id, at)

    def want_messages(self, message_id: str, where: Where) -> None:
        self._conversation.want_messages(message_id, where)

    def show_sibling(self, message: Message, step: int) -> None:
        self._conversation.show_sibling(message, step)

    def edit(self, message: Message, text: str) -> None:
        self._conversation.edit(message, text)

    def again(self, message: Message, model: str | None = None) -> None:
        self._conversation.again(message, model)

    def continue_answer(self, message: Message) -> None:
        self._conversation.continue_answer(message)

    def branch(self, message: Message) -> None:
        self._conversation.branch(message)

    # All conversations.

    def rename_conversation(self, title: str) -> None:
        self._chats.rename(title)

    def delete_conversation(self) -> None:
        self._chats.put_away("conversation.delete", "deleted")

    def archive_conversation(self) -> None:
        self._chats.put_away("conversation.archive", "archived")

    def restore_conversation(self) -> None:
        self._chats.restore()

    def search(self, words: str) -> None:
        self._searching.search(words)

    # What can be chosen.

    def want_models(self) -> None:
        self._desk.begin(self._catalogue.load_models())

    def choose_model(self, model_id: str, *, as_default: bool) -> None:
        self._catalogue.choose_model(model_id, as_default=as_default)

    def projects(self) -> list[str]:
        return sorted(self._store.projects.values(), key=str.casefold)

    def choose_project(self, name: str) -> None:
        self._catalogue.choose_project(name)

    def prompts(self) -> list[PromptChoice]:
        return list(self._catalogue.prompts)

    def want_earlier_prompts(self) -> None:
        self._recall.want_earlier()

    def providers(self) -> list[str]:
        return self._catalogue.providers()

    def set_key(self, provider: str, key: str, then: Callable[[], None] = nothing) -> None:
        self._catalogue.set_key(provider, key, then)

    def choose_provider(self, name: str) -> None:
        self._catalogue.choose_provider(name)

    def add_endpoint(self, address: str) -> None:
        self._catalogue.add_endpoint(address)

    def keep_theme(self, name: str) -> None:
        self._catalogue.keep_theme(name)

    def redraw(self) -> None:
        self._conversation.load_again()
        self._desk.begin(self._try_again())

    async def _try_again(self) -> None:
        client = await self._desk.client()
        client.retry_now()
        await self._load()
