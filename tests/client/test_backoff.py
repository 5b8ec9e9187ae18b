"""When a client comes back."""

import random
from collections import Counter

from chatty.client.backoff import LOCAL, Backoff


def test_window_doubles_up_to_its_cap() -> None:
    longest = [Backoff().delay_seconds(attempt, lambda: 1.0) for attempt in range(10)]
    assert longest == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_local_client_is_never_long_away() -> None:
    assert LOCAL.delay_seconds(1000, lambda: 1.0) == 0.75


def test_a_thousand_clients_of_a_server_that_is_away_spread_out() -> None:
    """All cut off at once, the server away for 8 s: no second sees more than 200 of them come."""
    chance = random.Random(20261120)
    arrivals: Counter[int] = Counter()
    for _ in range(1000):
        now, attempt = 0.0, 0
        while now < 8.0:
            now += Backoff().delay_seconds(attempt, chance.random)
            attempt += 1
        arrivals[int(now)] += 1
        assert now < 38.0
    assert max(arrivals.values()) <= 200
