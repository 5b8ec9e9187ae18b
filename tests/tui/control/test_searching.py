"""What was typed into the search becomes a question to the server."""

import pytest

from chatty.tui.control.searching import question

PROJECTS = {"p1": "Paper trail", "p2": "home"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("flaky test", {"query": "flaky test*"}),
        ("from:me flaky", {"query": "flaky*", "role": "user"}),
        ("flaky from:gpt", {"query": "flaky", "role": "assistant"}),
        ("model:gpt x", {"query": "x*", "model": "gpt"}),
        ("project:paper x", {"query": "x*", "project_id": "p1"}),
        ("before:2026-10 x", {"query": "x*", "before": "2026-10-01T00:00:00.000Z"}),
        ("after:2026 x", {"query": "x*", "after": "2026-01-01T00:00:00.000Z"}),
        ("after:2026-10-05 x", {"query": "x*", "after": "2026-10-05T00:00:00.000Z"}),
        ("flaky te ", {"query": "flaky te"}),
        ('"flaky te', {"query": '"flaky te'}),
        ('"flaky test" fix', {"query": '"flaky test" fix*'}),
        ("te* -un", {"query": "te* -un"}),
        ("retry.py", {"query": "retry.py*"}),
        ("before:soon x", {"query": "x*"}),
    ],
)
def test_filters_are_taken_out_of_the_words(words: str, expected: dict[str, str]) -> None:
    assert question(words, PROJECTS) == expected


@pytest.mark.parametrize("words", ["", "  ", "from:me", "project:nowhere x"])
def test_nothing_is_asked_that_can_find_nothing(words: str) -> None:
    assert question(words, PROJECTS) is None
