import random

import pytest

from chatty.providers.errors import ErrorType, ProviderError
from chatty.providers.retries import RetryPolicy

POLICY = RetryPolicy()


def _error(
    type: ErrorType = "provider/overloaded", retry_after_seconds: float | None = None
) -> ProviderError:
    return ProviderError("m", type=type, provider="p", retry_after_seconds=retry_after_seconds)


def test_pauses_are_jittered_over_their_whole_width() -> None:
    chance = random.Random(1)
    first = [POLICY.pause(_error(), 1, 0, chance) or 0 for _ in range(500)]
    second = [POLICY.pause(_error(), 2, 0, chance) or 0 for _ in range(500)]
    assert 0 <= min(first) < 0.05
    assert 0.45 < max(first) <= 0.5
    assert 0.9 < max(second) <= 1.0


@pytest.mark.parametrize(("attempt", "elapsed_seconds"), [(3, 0.0), (1, 30.0)])
def test_it_gives_up_after_three_attempts_or_half_a_minute(attempt: int, elapsed_seconds: float) -> None:
    assert POLICY.pause(_error(), attempt, elapsed_seconds, random.Random(1)) is None


@pytest.mark.parametrize(
    "type", ["provider/auth", "provider/bad_request", "provider/context_length", "provider/model_unknown"]
)
def test_refusals_are_final(type: ErrorType) -> None:
    assert POLICY.pause(_error(type), 1, 0, random.Random(1)) is None


def test_the_providers_wish_is_a_floor_up_to_a_limit() -> None:
    pause = POLICY.pause(_error("provider/rate_limited", 5), 1, 0, random.Random(1))
    assert pause is not None
    assert 5 <= pause <= 5.25
    assert POLICY.pause(_error("provider/rate_limited", 21), 1, 0, random.Random(1)) is None
