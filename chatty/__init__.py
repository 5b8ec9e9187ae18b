"""chatty: the AI chat that lives in the terminal, and the server a team runs for itself."""

__version__ = "0.1.0"
