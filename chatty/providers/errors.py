"""How providers fail.

ProviderError
    one class; `type` says which failure, because callers show it or retry it and never branch on vendors

Vendors' exceptions are translated into it once, in the adapters. The message says what happened, what is
safe and what to do next; it never carries the key or the prompt.
"""

from typing import Final, Literal, TypeAlias

ErrorType: TypeAlias = Literal[
    "provider/auth",
    "provider/rate_limited",
    "provider/overloaded",
    "provider/timeout",
    "provider/unreachable",
    "provider/stream_broken",
    "provider/context_length",
    "provider/content_filter",
    "provider/bad_request",
    "provider/model_unknown",
]
"""The stable names of provider failures.

`auth`: the key is missing, wrong or not allowed. `rate_limited`: too fast, or out of credit. `overloaded`:
the provider failed on its own side. `timeout`: silence longer than a limit of ours. `unreachable`: no
connection at all (name, route, proxy, TLS). `stream_broken`: the reply started and broke, or is not what
the protocol promises. The rest are refusals of this very request.
"""

RETRYABLE_TYPES: Final[frozenset[str]] = frozenset(
    {
        "provider/rate_limited",
        "provider/overloaded",
        "provider/timeout",
        "provider/unreachable",
        "provider/stream_broken",
    }
)
"""Failures that the same request may survive later."""


class ProviderError(Exception):
    """A provider did not give the whole reply.

    Text that was yielded before it stays valid. It is raised at most once for each stream, and last.
    """

    def __init__(
        self,
        message: str,
        *,
        type: ErrorType,
        provider: str,
        retryable: bool | None = None,
        retry_after_seconds: float | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        """One or two sentences for a person; one line, redacted."""
        self.type: ErrorType = type
        self.provider = provider
        """The endpoint's name."""
        self.retryable = type in RETRYABLE_TYPES if retryable is None else retryable
        """The same request may succeed later."""
        self.retry_after_seconds = retry_after_seconds
        """The provider's own wish; None when it gave none."""
        self.http_status = http_status
        """Of the answer, or, after a good one, what the provider itself put into its error; else None."""
        self.request_id = request_id
        """The vendor's id for the failed request."""
