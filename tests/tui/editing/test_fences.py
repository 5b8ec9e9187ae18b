"""Where enter is a newline."""

import pytest

from chatty.tui.editing.fences import is_inside_fence


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("", False),
        ("```", True),
        ("```python\nx = 1", True),
        ("```\nx\n```", False),
        ("```\nx\n```\n", False),
        ("~~~\n```\n", True),
        ("````\n```\n", True),
        ("    ```\n", False),
        ("``` a`b\n", False),
        ("text ``` more", False),
    ],
)
def test_fence_is_open_until_closed(text: str, inside: bool) -> None:
    assert is_inside_fence(text) is inside
