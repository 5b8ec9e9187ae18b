"""Finding one's way: names, search, models, projects, commands and keys."""

from tests.journeys.person import Person
from tests.tui.terminal import Terminal


def asked(person: Person, term: Terminal, question: str) -> None:
    """Ask the echo, and return when it has answered."""
    person.ask(term, question)
    term.wait_until(lambda: "enter send" in term.text and f"▌ {question}" in term.text)


def test_renamed_conversation_is_called_so_everywhere(person: Person) -> None:
    one = person.open("-m", "openai/echo")
    asked(person, one, "some question")
    other = person.open("-m", "openai/echo", wait="some question")
    one.send("/rename The better name\r")
    one.wait_until(lambda: one.text.count("The better name") == 2)
    other.wait_for("The better name")


def test_search_finds_old_words_and_shows_them_in_their_place(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    asked(person, term, "where is the needle")
    for number in range(12):
        asked(person, term, f"filler number {number}")
    assert "needle" not in transcript(term)
    term.send("/new\r")
    term.wait_for("answers here")
    term.send("/search needle\r")
    term.wait_until(lambda: "go there" in term.text and term.text.count("needle") >= 3)
    term.send("\r")
    # The newest hit is the answer that repeats the words: it stands at the top, the question above it.
    term.wait_until(lambda: "where is the needle" in transcript(term))
    assert "filler number 11" not in transcript(term)


def test_model_picker_lists_what_the_vendor_serves(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    term.send("\x0c")
    term.wait_for("tok100-delay20")
    term.send("tok100")
    term.wait_gone("md5000")
    term.send("\r")
    term.wait_for("tok100-delay20 ▾")


def test_default_model_is_kept_for_the_next_start(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    term.send("\x0c")
    term.wait_for("tok100-delay20")
    term.send("tok100\x13")
    term.wait_for("openai/tok100-delay20 is the default now")
    again = person.open()
    again.wait_for("tok100-delay20 ▾")


def test_conversation_moves_into_a_project_that_is_made_on_the_way(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    asked(person, term, "put me away")
    term.send("/project Paper trail\r")
    term.wait_for("Paper trail › put me away")
    again = person.open(
        "--project", "Paper trail", "-m", "openai/echo", wait="Paper trail › New conversation"
    )
    asked(person, again, "another one")
    again.wait_for("Paper trail › another one")


def test_deleted_conversation_comes_back(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    asked(person, term, "short-lived")
    term.send("/delete\r")
    term.wait_for("/restore brings it back")
    term.wait_for("answers here")
    term.send("/restore\r")
    term.wait_until(lambda: "▌ short-lived" in term.text)


def test_deleting_is_told_to_whoever_has_it_open(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    asked(person, term, "short-lived")
    other = person.open("-c", wait="▌ short-lived")
    other.wait_until(lambda: "● local" in other.text)
    term.send("/delete\r")
    other.wait_for("deleted in another window")
    other.send("/rename of no use\r")
    other.wait_for("there is no such conversation")
    assert "of no use" not in other.text
    other.send("kept all the same\r")
    other.wait_until(lambda: "│ kept all the same" in other.text)


def test_palette_and_help_offer_only_what_works(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    term.send("?")
    term.wait_for("do it")
    for absent in ("Good answer", "Allow once", "Write a note"):
        assert absent not in term.text
    term.send("\x1b")
    term.wait_gone("do it")
    term.send("/")
    term.wait_for("/new")
    term.send("theme")
    term.wait_for("Choose a theme")


def test_versions_of_a_question_are_walked_with_the_arrows(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    asked(person, term, "first version")
    term.send("\tke")
    term.wait_for("editing:")
    term.send("\x01second or \x05\r")
    term.wait_for("‹ 2/2 ›")
    term.wait_until(lambda: term.text.count("second or first version") >= 2)
    term.send("\tk\x1b[D")
    term.wait_for("‹ 1/2 ›")
    term.wait_until(lambda: "▌ first version" in term.text)
    # The version that came is the selected one: the way back is the other arrow.
    term.send("\x1b[C")
    term.wait_for("‹ 2/2 ›")
    term.send("e")
    term.wait_for("editing:")
    term.wait_until(lambda: "│ second or first version" in term.text)


def test_branch_goes_on_elsewhere(person: Person) -> None:
    term = person.open("-m", "openai/echo")
    asked(person, term, "root question")
    term.send("\tb")
    # The newer of two rows in the side bar is the open one.
    term.wait_until(lambda: [row[:2] for row in listed(term, "root question")] == [" ▌", "  "])
    asked(person, term, "only in the branch")


def listed(term: Terminal, title: str) -> list[str]:
    """The rows of the side bar with this title."""
    return [row[:30] for row in term.text.splitlines()[1:] if title in row[:30]]


def transcript(term: Terminal) -> str:
    """The screen right of the side bar, below the header."""
    return "\n".join(row[30:] for row in term.text.splitlines()[1:])


def test_deleted_conversation_is_brought_back_and_no_longer_called_deleted(newcomer: Person) -> None:
    term = newcomer.open("-m", "guide")
    newcomer.ask(term, "hello")
    term.wait_for("I am the guide built into chatty")
    term.wait_for("enter send")
    term.send("/delete\r")
    term.wait_for("/restore brings it back")
    term.wait_gone("I am the guide built into chatty")
    term.send("/restore\r")
    term.wait_for("restored")
    term.wait_for("I am the guide built into chatty")
    assert "deleted" not in term.text
