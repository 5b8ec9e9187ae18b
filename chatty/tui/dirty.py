"""What has changed since the last frame was painted."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Dirty:
    """The parts of the screen that no longer show the state; cleared by the painter."""

    header: bool = False
    conversations: bool = False
    status: bool = False
    hits: bool = False
    models: bool = False
    wishes: bool = False
    """The program behind the screen wants something of the person: see `Wishes`."""
    unsent: bool = False
    """The texts that are in no outbox yet."""
    path: bool = False
    """The messages along the path are others than before, or in another order."""
    messages: set[str] = field(default_factory=set)
    """Ids of messages whose content changed."""

    def __bool__(self) -> bool:
        return self != Dirty()
