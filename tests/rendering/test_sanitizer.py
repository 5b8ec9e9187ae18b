"""The sanitiser against the corpus, and its laws against text made at random."""

import json
import re
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.rendering.sanitizer import MAX_MARKS, MAX_STRING, StreamSanitizer, json_escape, sanitize
from tests.rendering.terminal_corpus import CASES, ORDINARY, Case

SPECIAL = [
    *"\x00\x07\x08\r\n\t\x0b\x18\x1a\x1b\x7f\x85\x90\x9b\x9c\x9d[]\\3;m aé日😀",
    *("\x1b[", "\x1b]", "\x1b\\", "\x1bP"),
    *"\u200b\u200c\u200d\u200e\u2028\u202e\u2066\u2069\ufe0f\ufeff\u0301\u20e3\ud800\udc00",
    *"\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e007f\U000e0100",
]
hostile_text = st.lists(st.sampled_from(SPECIAL), max_size=40).map("".join)

ENGLISH_FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


def stream(pieces: list[str]) -> str:
    sanitizer = StreamSanitizer()
    return "".join(map(sanitizer.feed, pieces)) + sanitizer.finish()


def is_plain(text: str) -> bool:
    """Judge by the Unicode database alone, not by the sanitiser's own tables."""
    without_flags = text.replace(ENGLISH_FLAG, "")
    for character in without_flags:
        category, code = unicodedata.category(character), ord(character)
        if (category == "Cc" and character not in "\n\t") or category in ("Cs", "Zl", "Zp"):
            return False
        if 0xE0000 <= code < 0xE0100 or 0xE01F0 <= code < 0xE1000 or 0x206A <= code <= 0x206F:
            return False
        if unicodedata.bidirectional(character) in (
            "LRE",
            "RLE",
            "PDF",
            "LRO",
            "RLO",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        ):
            return False
    clusters = re.split(r"[^\u0300-\u036f\u0483-\u0489\u200b-\u200f\u2060-\u2064\ufeff]", without_flags)
    return all(len(cluster) <= 2 * MAX_MARKS + 1 for cluster in clusters)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hostile_text_becomes_plain(case: Case) -> None:
    clean = sanitize(case.text)

    assert clean != case.text
    assert is_plain(clean)
    assert sanitize(clean) == clean


@pytest.mark.parametrize("case", [*CASES, *ORDINARY], ids=lambda case: case.name)
def test_split_anywhere_the_result_is_the_same(case: Case) -> None:
    clean = sanitize(case.text)

    assert stream(list(case.text)) == clean
    for cut in range(len(case.text)):
        assert stream([case.text[:cut], case.text[cut:]]) == clean


@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case.name)
def test_ordinary_text_is_left_alone(case: Case) -> None:
    assert sanitize(case.text) == case.text


def test_corpus_is_large_and_its_names_are_unique() -> None:
    assert len(CASES) >= 600
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("x\x1b]52;c;QUJD\x07y", "xy"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\u202eb", "a‹U+202E›b"),
        ("a\U000e0041b", "a‹U+E0041›b"),
        ("hi" + "\U000e0041" * 23, "hi‹23 tag characters›"),
        ("e" + "\u0301" * 1000, "e" + "\u0301" * 8 + "‹992 combining marks›"),
        ("a\u200b\u200bb", "a\u200b‹U+200B›b"),
        ("a" + "\u200b" * 13 + "b", "a\u200b‹12 zero-width characters›b"),
        ("a\ud800b", "a\ufffdb"),
        ("const {\u3164}", "const {‹U+3164›}"),
        ("\u115f\u1160\uffa0", "‹U+115F›‹U+1160›‹U+FFA0›"),
        ("a\U0001d173b", "a‹U+1D173›b"),
        ("\u2800\u28ff\u2800", "\u2800\u28ff\u2800"),
        ("\x1b]0;evil", "0;evil"),
        ("\x1b]0;evil\nrest", "0;evil\nrest"),
        ("\x1b[31", "31"),
    ],
)
def test_what_a_person_sees(text: str, clean: str) -> None:
    assert sanitize(text) == clean


def test_one_row_has_no_line_breaks_or_tabs() -> None:
    assert sanitize("a\r\nb\tc\u2028d\x1b[0m", multiline=False) == "a b c d"


def test_unterminated_string_delays_a_stream_by_a_bounded_amount() -> None:
    sanitizer = StreamSanitizer()
    body = "x" * (MAX_STRING + 1)

    shown = "".join(map(sanitizer.feed, ["\x1b]", *body]))

    assert shown == body


@given(hostile_text)
def test_sanitised_text_is_plain_and_stays_as_it_is(text: str) -> None:
    clean = sanitize(text)

    assert is_plain(clean)
    assert sanitize(clean) == clean


@given(st.lists(hostile_text, max_size=8))
def test_streaming_equals_the_whole(pieces: list[str]) -> None:
    assert stream(pieces) == sanitize("".join(pieces))


@given(st.lists(st.text(max_size=20), max_size=8))
def test_streaming_equals_the_whole_for_any_text(pieces: list[str]) -> None:
    assert stream(pieces) == sanitize("".join(pieces))


@given(st.text() | hostile_text)
def test_escaped_json_reads_back_the_same_and_holds_no_control(text: str) -> None:
    escaped = json_escape(json.dumps({text: [text]}, ensure_ascii=False))

    assert json.loads(escaped) == json.loads(json.dumps({text: [text]}))
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", escaped)


@given(st.integers(0, 0x10FFFF).map(chr))
def test_every_character_repeated_streams_as_the_whole(character: str) -> None:
    text = "a" + character * 30

    assert is_plain(sanitize(text))
    assert stream([text[:11], text[11:]]) == sanitize(text)


def test_no_mark_of_the_unicode_database_may_pile_up() -> None:
    marks = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Mn", "Me")]

    assert [mark for mark in marks if sanitize("a" + mark * 30).count(mark) > MAX_MARKS] == []
    assert [mark for mark in marks if sanitize("a" + mark * 9).count(mark) > MAX_MARKS] == []


IGNORABLE = (
    *(0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0x200B, 0x2010)),
    *(*range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0),
    *(*range(0xFFF0, 0xFFF9), *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000)),
)
"""Default_Ignorable_Code_Point of Unicode 16.0, DerivedCoreProperties.txt."""


def test_no_run_of_what_may_be_drawn_as_nothing_passes() -> None:
    assert [
        hex(code) for code in IGNORABLE if sanitize("a" + chr(code) * 30).count(chr(code)) > MAX_MARKS
    ] == []


def test_importing_it_loads_the_standard_library_alone() -> None:
    program = (
        "import sys; before = set(sys.modules)\n"
        "from chatty.rendering.sanitizer import sanitize; sanitize('é\\x1b[0m')\n"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*loaded - set(sys.stdlib_module_names))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert loaded.split() == ["chatty"]
