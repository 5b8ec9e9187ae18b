"""Standard input read to its end, for commands that wait for it anyway."""


def read_all(limit_bytes: int = -1) -> bytes:
    """Return what standard input holds, up to a limit.

    By descriptor: when standard input was closed from the start, Python has no stream for it.
    """
    with open(0, "rb", closefd=False) as file:
        return file.read(limit_bytes)
