"""Standard output and standard error as plain descriptors: what is written is out when a call returns.

Python's own text streams are passed by on purpose: they buffer, they fail again while the
interpreter shuts down when the reader has left, and their encoding depends on the locale.
Everything here leaves as UTF-8. Nothing is sanitised here; that is the business of who writes. On a
terminal a guard stands behind that, for the day somebody forgot it.
"""

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from chatty.rendering.guard import OutputGuard

OUT = 1
NOTES = 2

_guards: "dict[int, OutputGuard]" = {}
"""By descriptor: a sequence may be cut in two by its writer."""


def hold_descriptors() -> None:
    """Occupy standard descriptors that were closed, before a socket or a file gets their number.

    Standard input then ends at once; writing to standard output still fails as closed.
    """
    for descriptor, flags in ((0, os.O_RDONLY), (OUT, os.O_RDONLY), (NOTES, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, flags)


def write_out(text: str) -> None:
    """Write to standard output, wholly, before returning.

    Raises:
        BrokenPipeError: nobody reads any more, or standard output was closed from the start.
        ProtocolError: ``storage/output``: the disk under a redirected output is full, and the like.
    """
    try:
        _write(OUT, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        from chatty.protocol.errors import ProtocolError

        raise ProtocolError(
            "storage/output", f"standard output cannot be written: {error.strerror}"
        ) from error


def write_note(text: str, end: str = "\n") -> None:
    """Write a line for people to standard error. A note that nobody can read is dropped."""
    try:
        _write(NOTES, text + end)
    except OSError:
        pass


def pause(seconds: float) -> None:
    """Wait for so long, unless the reader of standard output leaves meanwhile.

    Raises:
        BrokenPipeError: nobody reads any more.
    """
    import select

    poll = select.poll()
    if (out := piped_out()) is not None:
        poll.register(out, 0)  # that the other end is gone is told unasked
    if poll.poll(seconds * 1000):
        raise BrokenPipeError(errno.EPIPE, "nobody reads")


def piped_out() -> int | None:
    """Return standard output if it is a pipe, whose reader may leave before anything is written."""
    mode = os.fstat(OUT).st_mode
    return OUT if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None


def out_is_terminal() -> bool:
    """Tell whether a person looks at standard output."""
    return os.isatty(OUT)


def _write(descriptor: int, text: str) -> None:
    if os.isatty(descriptor):
        text = _guard(descriptor).filter(text)
    # Half a surrogate pair can come out of somebody's JSON; UTF-8 has no word for it.
    rest = memoryview(text.encode("utf-8", "replace"))
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            _wait_until_writable(descriptor)
        except OSError as error:
            # Closed from the start, or a terminal that was hung up.
            if error.errno in (errno.EBADF, errno.EIO):
                raise BrokenPipeError(errno.EPIPE, "nobody reads") from error
            raise


def _guard(descriptor: int) -> "OutputGuard":
    from chatty.rendering.guard import OutputGuard  # not needed for a pipe

    return _guards.setdefault(descriptor, OutputGuard(has_screen=False))


def _wait_until_writable(descriptor: int) -> None:
    """A parent may have left the pipe non-blocking; wait instead of spinning."""
    import select

    select.select([], [descriptor], [])
