"""chatty: AI chat that lives in the terminal, with a small server of its own behind it."""

__version__ = "0.1.0"
