"""Which installed code this is, so that an upgrade under a running server is noticed."""

import os

import chatty


def build_id() -> str:
    """Return the version and the moment the package was installed, as one opaque word.

    Two processes with the same answer run the same installed code. Costs one ``stat``.
    """
    installed_at_ns = os.stat(chatty.__file__).st_mtime_ns
    return f"{chatty.__version__}+{installed_at_ns // 1_000_000:x}"
