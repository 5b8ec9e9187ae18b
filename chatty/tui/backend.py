"""What the screens ask of the world behind them: the controller that talks to the server implements this.

Every call returns at once and raises nothing; what comes of it reaches the screen through the store. Ids of
messages, runs and conversations are the protocol's. The screens never wait for an answer.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from chatty.tui.state import Message


@dataclass(frozen=True, slots=True)
class ProviderOffer:
    """One line of the first-run screen."""

    name: str
    title: str
    state: Literal["ready", "needs a key", "needs an address", "sign in"]
    found: str
    """What was found, such as `OPENAI_API_KEY is set`."""
    group: Literal["Found", "Set up", "Built in"]


class Backend(Protocol):
    """The intentions of the user, one method each."""

    def send(self, text: str) -> None:
        """Send the text into the open conversation; queue it when an answer is under way."""

    def stop(self) -> None:
        """Cancel the run that answers in the open conversation."""

    def new_conversation(self) -> None:
        """Open an empty conversation; nothing is stored before its first message."""

    def open_conversation(self, conversation_id: str) -> None:
        """Show another conversation."""

    def rename_conversation(self, title: str) -> None:
        """Give the open conversation a title."""

    def delete_conversation(self) -> None:
        """Delete the open conversation; the user has confirmed."""

    def want_older(self, before_id: str) -> None:
        """Load messages before this one."""

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

    def delete_message(self, message: Message) -> None:
        """Delete a message; the user has confirmed."""

    def rate(self, message: Message, value: int) -> None:
        """Rate an answer good (1) or bad (-1)."""

    def note(self, message: Message, text: str) -> None:
        """Write a note on a message."""

    def resolve_approval(self, approval_id: str, decision: str, command: str | None = None) -> None:
        """Answer a tool that asks: `once`, `always` or `no`; a changed command replaces what it would run."""

    def choose_model(self, model_id: str, *, as_default: bool) -> None:
        """Use a model in the open conversation, and from now on if it becomes the default."""

    def choose_project(self, name: str) -> None:
        """Put the open conversation into a project."""

    def set_key(self, provider: str, key: str) -> None:
        """Keep a provider's key in the keyring and try it."""

    def choose_provider(self, name: str) -> None:
        """Begin with this provider, from the first-run screen."""

    def search(self, words: str) -> None:
        """Search every conversation; the hits come by `Store.apply_hits`."""

    def prompts(self) -> list[tuple[str, str]]:
        """Names and texts of the prompts known now."""

    def projects(self) -> list[str]:
        """Names of the projects known now."""

    def files(self, start: str) -> list[str]:
        """Paths that begin like this, for `@`; ten are enough."""

    def history(self) -> list[str]:
        """Earlier prompts, oldest first."""

    def typing(self) -> None:
        """The user is writing; called at most every few seconds."""

    def focus_changed(self, *, focused: bool) -> None:
        """The terminal window was entered or left."""

    def redraw(self) -> None:
        """Load everything shown anew."""
