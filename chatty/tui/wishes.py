"""What the program behind the screen wants of the person; the screen takes each wish once and acts on it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class ProviderOffer:
    """One line of the first-run screen."""

    name: str
    title: str
    state: Literal["ready", "needs a key", "needs an address"]
    found: str
    """What was found, such as `OPENAI_API_KEY is set`."""
    group: Literal["Found", "Set up", "Built in"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question with a yes and a no."""

    name: str
    text: str
    yes: str
    """The word beside the key of yes."""
    act: Callable[[], None]
    """Called on yes."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A text that could not be sent."""

    draft_key: str
    """The draft it goes back to, as `OpenConversation.draft_key` names it."""
    text: str
    when_kept: Callable[[], None] = field(default=lambda: None, compare=False)
    """Called once the text is safe there, that is on the disk."""


@dataclass(slots=True)
class Wishes:
    """Everything wanted since the screen looked last."""

    texts: list[Returned] = field(default_factory=list)
    """Texts that could not be sent and go back to where they were written."""
    questions: list[Ask] = field(default_factory=list)
    offers: list[ProviderOffer] = field(default_factory=list)
    """The first-run screen, while nothing was written yet."""
    show_message: str = ""
    """Id of the message to bring into view."""
    earlier_prompts: list[str] = field(default_factory=list)
    """Prompts of earlier conversations, oldest first, for the composer's history."""
