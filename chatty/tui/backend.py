"""What the screens ask of the world behind them: `controller.py` implements this over the client library.

Every call returns at once and raises nothing; what comes of it reaches the screen through the store. Ids of
messages, runs and conversations are the protocol's. The screens never wait for an answer.
"""

from collections.abc import Callable
from typing import Literal, Protocol

from chatty.tui.prompts import PromptChoice
from chatty.tui.state import Message

Where = Literal["before", "behind", "around"]
"""Which messages, seen from one of them."""


def nothing() -> None:
    """What follows when nothing is to follow."""


class Backend(Protocol):
    """The intentions of the user, one method each."""

    def send(self, text: str) -> None:
        """Send the text into the open conversation; it queues when an answer is under way."""

    def stop(self) -> None:
        """Cancel the run that answers in the open conversation."""

    def new_conversation(self) -> None:
        """Open an empty conversation; nothing is stored before its first message."""

    def open_conversation(self, conversation_id: str, at: str = "") -> None:
        """Show another conversation, with the message `at` in view if one is named."""

    def rename_conversation(self, title: str) -> None:
        """Give the open conversation a title."""

    def delete_conversation(self) -> None:
        """Delete the open conversation; `restore_conversation` undoes it."""

    def archive_conversation(self) -> None:
        """Put the open conversation out of sight; `restore_conversation` undoes it."""

    def restore_conversation(self) -> None:
        """Bring back what was deleted or archived last, and open it."""

    def want_messages(self, message_id: str, where: Where) -> None:
        """Load messages of the path that are not at hand: before, behind or around this one."""

    def show_sibling(self, message: Message, step: int) -> None:
        """Show the version before (-1) or after (1) this message."""

    def edit(self, message: Message, text: str) -> None:
        """Send the text as another version of the message."""

    def again(self, message: Message, model: str | None = None) -> None:
        """Answer again, with another model if one is named."""

    def continue_answer(self, message: Message) -> None:
        """Let the model go on where it stopped."""

    def branch(self, message: Message) -> None:
        """Make a conversation of the path up to this message, and open it."""

    def want_models(self) -> None:
        """Bring the list of models up to date; it comes by `Store.apply_models`."""

    def choose_model(self, model_id: str, *, as_default: bool) -> None:
        """Use a model in the open conversation, and from now on if it becomes the default."""

    def projects(self) -> list[str]:
        """Names of the projects known now."""

    def choose_project(self, name: str) -> None:
        """Put the open conversation into a project, made now if there is none of that name."""

    def prompts(self) -> list[PromptChoice]:
        """The prompts known now."""

    def want_earlier_prompts(self) -> None:
        """Bring prompts of conversations further back; they come by `Store.recall`."""

    def providers(self) -> list[str]:
        """Names of the providers that a key can be set for, as far as they are known now."""

    def set_key(self, provider: str, key: str, then: Callable[[], None] = nothing) -> None:
        """Keep a provider's key in the keyring, or after a question in a file, and try it.

        `then` is called once it is kept, unless the provider refused it: what needs the key waits for that.
        """

    def choose_provider(self, name: str) -> None:
        """Begin with this provider, from the first-run screen."""

    def add_endpoint(self, address: str) -> None:
        """Begin with a server of one's own at this address, from the first-run screen."""

    def keep_theme(self, name: str) -> None:
        """Begin with this theme from now on."""

    def search(self, words: str) -> None:
        """Search every conversation; the hits come by `Store.apply_found`."""

    def redraw(self) -> None:
        """Load everything shown anew, and try a broken link at once."""
