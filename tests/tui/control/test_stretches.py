"""Which page of a path is asked for."""

import pytest

from chatty.tui.backend import Where
from chatty.tui.control.stretches import stretch_question

PATH = [f"m{n}" for n in range(200)]


@pytest.mark.parametrize(
    ("message_id", "where", "expected"),
    [
        ("m100", "before", {"before": "m100", "limit": 50}),
        ("m100", "around", {"before": "m125", "limit": 50}),
        ("m100", "behind", {"before": "m151", "limit": 50}),
        ("m190", "around", {"leaf": "m199", "limit": 50}),
        ("m190", "behind", {"leaf": "m199", "limit": 9}),
        ("gone", "around", None),
    ],
)
def test_question(message_id: str, where: Where, expected: dict[str, object] | None) -> None:
    assert stretch_question(PATH, message_id, where) == expected
