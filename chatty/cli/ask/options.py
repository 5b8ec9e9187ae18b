"""What was asked for on the command line, as one value."""

from dataclasses import dataclass
from typing import Literal

Output = Literal["text", "json", "jsonl"]


@dataclass(frozen=True, slots=True)
class AskOptions:
    """The options of ``chatty ask``, checked and named."""

    words: tuple[str, ...] = ()
    model: str | None = None
    system: str | None = None
    project: str | None = None
    files: tuple[str, ...] = ()
    continue_last: bool = False
    conversation: str | None = None
    output: Output = "text"
    is_raw: bool = False
    params: tuple[tuple[str, object], ...] = ()
    """Options for the provider, by the names it knows."""
    timeout_seconds: float | None = None
    is_detached: bool = False
    is_ephemeral: bool = False
    streams: bool = True
    shows_timing: bool = False
    reads_stdin: bool = True
