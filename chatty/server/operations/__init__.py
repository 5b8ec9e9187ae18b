"""The operations of the protocol: one file per noun. A handler asks the store or the engine, and answers."""

from chatty.server.operations import (
    conversations,
    lifecycle,
    messages,
    models,
    parts,
    projects,
    prompts,
    providers,
    runs,
    search,
    usage,
)

ALL = (
    conversations,
    lifecycle,
    messages,
    models,
    parts,
    projects,
    prompts,
    providers,
    runs,
    search,
    usage,
)
"""Every module with operations; the registry is built from these."""
