"""When to try a failed request again, and after how long.

Pure arithmetic over an error and a random source. Only failures before the first token ever get here: after
it, a second attempt would mix two replies.
"""

import random
from dataclasses import dataclass

from chatty.providers.errors import ProviderError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Attempts and pauses, in seconds."""

    max_attempts: int = 3
    """Requests in all, the first included."""
    base_seconds: float = 0.5
    """The first pause is between nothing and this ("full jitter"), each further one twice as wide."""
    max_backoff_seconds: float = 8.0
    max_retry_after_seconds: float = 20.0
    """A provider that asks for a longer pause gets the error shown instead: a person is waiting."""

    max_elapsed_seconds: float = 30.0
    """No new attempt once the earlier ones took this long: a silent provider may have worked, and charges."""

    def pause(
        self, error: ProviderError, attempt: int, elapsed_seconds: float, chance: random.Random
    ) -> float | None:
        """Return the seconds to wait after this attempt (1 is the first), or None to give up.

        The provider's own Retry-After is a floor; a little is added so that clients do not come in step.
        """
        is_over = attempt >= self.max_attempts or elapsed_seconds >= self.max_elapsed_seconds
        if is_over or not error.retryable:
            return None
        backoff = chance.uniform(0.0, min(self.max_backoff_seconds, self.base_seconds * 2 ** (attempt - 1)))
        if error.retry_after_seconds is None:
            return backoff
        if error.retry_after_seconds > self.max_retry_after_seconds:
            return None
        return error.retry_after_seconds + min(backoff, 0.25)
