import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.providers import redaction
from chatty.providers.redaction import MAX_LENGTH, one_line, redacted


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-abc123DEF456. You can find",
        "key gsk_9aBcDeFgHiJkLmNoP is wrong",
        "Authorization: Bearer abc.def.ghi",
        "token 0123456789abcdef0123456789abcdef was refused",
        "see http://user:hunter2@proxy.example/",
        "sk-ab********************yz",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    cleaned = redacted(text)
    for part in ("abc123", "9aBcD", "abc.def", "0123456789abcdef", "hunter2", "sk-ab"):
        assert part not in cleaned


def test_the_key_itself_is_hidden_whatever_it_looks_like() -> None:
    assert redacted("you sent 'plain key' to us", secrets=["plain key"]) == "you sent '…' to us"


def test_quoted_prompts_are_hidden() -> None:
    prompt = "my neighbour keeps bees on the roof"
    cleaned = redacted("invalid input: 'keeps bees on the roof' is bad", prompts=[prompt])
    assert cleaned == "invalid input: '…' is bad"


def test_beginning_and_end_of_a_book_are_hidden() -> None:
    book = "once upon a midnight dreary " + "word " * (1 << 20) + " darkness there and nothing more"
    said = "bad input: 'once upon a midnight dreary' to 'darkness there and nothing more'"
    assert redacted(said, prompts=[book, "hello there"]) == "bad input: '…' to '…'"


def test_what_is_compared_does_not_grow_with_the_prompts() -> None:
    """An error about too long a prompt must not hold everybody's streams while it is read."""
    for prompts in (["x" * (8 << 20)], ["y" * 5000] * 1000, ["z" * (1 << 20)] * 40):
        assert sum(map(len, redaction._excerpts(prompts))) <= redaction._EXAMINED


def test_short_prompts_are_hidden_whole() -> None:
    assert redacted("cannot parse 'hunter2'", prompts=["hunter2"]) == "cannot parse '…'"


def test_ordinary_words_stay() -> None:
    said = "The model `gpt-4o` does not exist or you do not have access to it."
    assert redacted(said, prompts=["hello"]) == said


@given(st.text(max_size=2000))
def test_the_result_is_one_printable_line_of_bounded_length(text: str) -> None:
    cleaned = redacted(text)
    assert cleaned.isprintable()
    assert len(cleaned) <= MAX_LENGTH


def test_control_characters_become_spaces() -> None:
    assert one_line("a\x1b[31m\r\nb\u202ec\x00") == "a [31m b c"
