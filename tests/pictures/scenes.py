"""The screens that pictures are taken of: how to get there, and what is seen."""

from collections.abc import Callable
from dataclasses import dataclass

from chatty.protocol.ids import new_id
from tests.pictures import words
from tests.pictures.sitting import Sitting, Size, Theme
from tests.tui.terminal import Terminal

SIZES = (Size(120, 40), Size(80, 24), Size(60, 20))


@dataclass(frozen=True, slots=True)
class Scene:
    """One screen."""

    name: str
    title: str
    says: str
    """What is on it, in one sentence."""
    play: Callable[[Sitting], Terminal]
    themes: tuple[Theme, ...] = ("dark",)


def _first_run(person: Sitting) -> Terminal:
    person.home.environ |= {"OPENAI_API_KEY": "sk-pictures"}
    term = person.open(wait="OPENAI_API_KEY is set" if person.size.columns >= 70 else "Who should answer?")
    term.wait_for("ready")
    return term


def _empty(person: Sitting) -> Terminal:
    return person.open_chat()


def _chat(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)
    person.ask_and_wait(term, words.PLAN)
    return term


def _answering(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)
    person.ask(term, words.EXPLAIN)
    term.wait_for("awaits.")
    term.send("\x1b[5~")
    term.wait_for("new lines")
    term.wait_for("answering 4 s")
    return term


def _failed(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask(term, words.BUSY)
    term.wait_for("tab then r retry")
    term.wait_for("enter send")
    return term


def _wrong_key(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask(term, words.DENIED)
    term.wait_for("tab then r retry")
    term.wait_for("enter send")
    return term


def _interrupted(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask(term, words.SUMMARY)
    term.wait_for("warned")
    term.watch(1.5)  # by then it is on the disk
    person.home.kill()
    term.wait_for("interrupted")
    term.wait_gone("reconnecting")
    term.wait_for("enter send")
    return term


def _offline(person: Sitting) -> Terminal:
    """A server that is not started from here stays away once it is stopped."""
    person.give_key()
    person.give_past()
    socket = person.home.locations.socket_path
    term = person.open("-m", f"openai/{words.MODEL}", wait="answers here", server=f"unix:{socket}")
    person.wait_settled(term)
    person.ask_and_wait(term, words.FLAKY)
    person.home.kill()
    term.wait_for("reconnecting")
    person.ask(term, words.PLAN)
    term.wait_for("1 message waiting")
    return term


def _side_bar(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)
    term.send("\x0f")
    term.wait_for("type to filter".lstrip("t"))
    return term


def _search(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)
    term.send("/search retry\r")
    term.wait_for("go there")
    term.wait_for("Postgres vacuum")
    term.wait_for("a probe is asked again")
    return term


def _jump(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)
    term.send("/search readiness\r")
    term.wait_for("Should the readiness")
    term.wait_for("go there")
    term.send("\r")
    term.wait_gone("go there")
    term.wait_for("A retry inside it")
    return term


def _models(person: Sitting) -> Terminal:
    person.give_key()
    person.give_past()
    person.add_lab()
    term = person.open("-m", f"openai/{words.MODEL}", wait="answers here")
    person.wait_settled(term)
    person.ask_and_wait(term, words.FLAKY)
    term.send("\x0c")
    term.wait_for("gpt-5-nano")
    return term


def _commands(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)
    term.send("\x10")
    term.wait_for("enter run")
    return term


def _completing(person: Sitting) -> Terminal:
    term = person.open_chat()
    term.send("/re")
    term.wait_for("/rename")
    return term


def _help(person: Sitting) -> Terminal:
    term = person.open_chat()
    term.send("?")
    term.wait_for("do it")
    return term


def _projects(person: Sitting) -> Terminal:
    for name in ("api-redesign", "Household", "Team onboarding"):
        person.call("project.create", id=new_id(), name=name)
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)
    _command(term, "choose a project")
    term.wait_for("Household")
    return term


def _prompts(person: Sitting) -> Terminal:
    person.make_prompts()
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)  # by then the prompts have come too
    term.send("\x07")
    term.wait_for("commit-message")
    return term


def _selected(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)
    person.ask_and_wait(term, words.PLAN)
    term.send("\t")
    term.wait_for("more")
    return term


def _rename(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)
    _command(term, "rename")
    term.wait_for("save")
    return term


def _deleted(person: Sitting) -> Terminal:
    term = person.open_chat()
    person.ask_and_wait(term, words.FLAKY)
    term.send("/delete\r")
    term.wait_for("/restore brings")
    return term


def _key(person: Sitting) -> Terminal:
    """No keyring here: the key is asked for, then where it may be kept."""
    person.home.environ |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    term = person.open(wait="Who should answer?")
    term.wait_for("needs a key")
    term.send("\x1b[A" * 9)
    term.send("\r")
    term.wait_for("keep and try")
    term.send("sk-pictures\r")
    term.wait_for("keep it there")
    return term


def _command(term: Terminal, name: str) -> None:
    """Choose a command in the palette."""
    term.send("\x10")
    term.wait_for("enter run")
    term.send(name)
    term.wait_for(name)
    term.send("\r")


SCENES = (
    Scene(
        "chat",
        "A conversation",
        "Prose, code, a numbered list and a table, at rest",
        _chat,
        ("dark", "light"),
    ),
    Scene(
        "first-run",
        "The first run",
        "Who should answer? What was found is ready",
        _first_run,
        ("dark", "light"),
    ),
    Scene("empty", "An empty conversation", "Who answers, and what can be pressed", _empty),
    Scene(
        "answering", "An answer on its way", "Somebody has scrolled up and new lines come below", _answering
    ),
    Scene("failed", "A vendor that is overloaded", "What happened and what can be done", _failed),
    Scene("wrong-key", "A key that is refused", "What happened and what can be done", _wrong_key),
    Scene("interrupted", "A server that was killed", "The text so far, and the way on", _interrupted),
    Scene("offline", "A server that is away", "A message waits until it is back", _offline),
    Scene("side-bar", "The list of conversations", "With the keyboard in its filter", _side_bar),
    Scene("search", "Search", "Every place that has the word, by conversation", _search),
    Scene("jump", "A place that was found", "The message in its conversation", _jump),
    Scene("models", "The model picker", "Vendors, prices, and one without a key", _models),
    Scene("commands", "The command palette", "All that can be asked for", _commands),
    Scene("completing", "Typed commands", "What could be meant", _completing),
    Scene("help", "The keys", "Those that work here, then all others", _help),
    Scene("projects", "Projects", "Where the conversation belongs", _projects),
    Scene("prompts", "Prompts", "Texts to begin with", _prompts),
    Scene("selected", "A selected message", "Its figures and its keys", _selected),
    Scene("rename", "A new title", "One line to write", _rename),
    Scene("deleted", "A deleted conversation", "Gone from the list, and the way back", _deleted),
    Scene("key", "A key without a keyring", "A question before it goes to a file", _key),
)
