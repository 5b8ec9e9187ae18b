"""A prompt that can be picked, and filling in what it asks for. Text only; no widget."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PromptChoice:
    """A prompt's newest version, sanitised."""

    name: str
    text: str
    variables: tuple[str, ...] = ()
    """Names that stand in the text as `{{name}}`, in order of first use."""

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with each variable replaced; what a value holds is never replaced again."""
        if not values:
            return self.text
        names = "|".join(re.escape(name) for name in values)
        return re.sub(rf"\{{\{{\s*({names})\s*\}}\}}", lambda found: values[found[1]], self.text)
