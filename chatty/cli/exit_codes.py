"""What the exit code says: one enumeration, one mapping from error types. Public API.

Standard library only. No wording here, and no printing.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Every code that chatty ends with."""

    DONE = 0
    BUG = 1
    """Unexpected: the report's id is printed."""
    USAGE = 2
    PROVIDER = 3
    DENIED = 4
    """Not signed in, or not allowed."""
    NOT_FOUND = 5
    LIMIT = 6
    """A quota, a spend cap or a rate limit said no, ours or the provider's."""
    UNREACHABLE = 7
    """The server cannot be reached, went away, or will not speak our protocol."""
    SCHEMA = 8
    CONFLICT = 9
    STORAGE = 10
    TIMED_OUT = 124
    """As ``timeout(1)`` says it."""
    INTERRUPTED = 130
    """128 + SIGINT, as shells say it."""
    CLOSED_PIPE = 141
    """128 + SIGPIPE: the reader of standard output left; nothing is printed."""
    TERMINATED = 143
    """128 + SIGTERM."""


_BY_TYPE = {"provider/rate_limited": ExitCode.LIMIT}
"""Types that do not share the code of their family."""

_BY_FAMILY = {
    "parse": ExitCode.UNREACHABLE,
    "invalid_request": ExitCode.UNREACHABLE,
    "method_not_found": ExitCode.UNREACHABLE,
    "not_initialized": ExitCode.UNREACHABLE,
    "protocol_unsupported": ExitCode.UNREACHABLE,
    "capability_missing": ExitCode.UNREACHABLE,
    "connection": ExitCode.UNREACHABLE,
    "unavailable": ExitCode.UNREACHABLE,
    "overloaded": ExitCode.UNREACHABLE,
    "invalid_params": ExitCode.USAGE,
    "too_large": ExitCode.USAGE,
    "cursor_expired": ExitCode.USAGE,
    "unauthenticated": ExitCode.DENIED,
    "forbidden": ExitCode.DENIED,
    "not_found": ExitCode.NOT_FOUND,
    "rate_limited": ExitCode.LIMIT,
    "quota_exceeded": ExitCode.LIMIT,
    "conflict": ExitCode.CONFLICT,
    "provider": ExitCode.PROVIDER,
    "storage": ExitCode.STORAGE,
    "timeout": ExitCode.TIMED_OUT,
    "cancelled": ExitCode.INTERRUPTED,
}


def exit_code(error_type: str) -> ExitCode:
    """Return the code for an error type such as ``conflict/version``; unknown families are bugs."""
    exact = _BY_TYPE.get(error_type)
    return exact if exact is not None else _BY_FAMILY.get(error_type.partition("/")[0], ExitCode.BUG)
