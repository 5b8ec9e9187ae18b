"""Large texts, small windows, hostile words."""

from chatty.rendering.sanitizer import sanitize
from tests.instruments.fake_upstream import FakeUpstream
from tests.journeys.person import Person
from tests.rendering.terminal_corpus import CASES
from tests.tui.terminal import Terminal

HOSTILE = [case for number, case in enumerate(CASES) if number % 40 == 7]
"""Every fortieth text of the corpus: all of them are drawn by the tests of the screens."""


def test_paste_of_2000_lines_is_one_unit_and_travels_whole(person: Person, upstream: FakeUpstream) -> None:
    term = person.open("-m", "openai/tok20-delay0")
    pasted = "\n".join(f"line {number}" for number in range(2000))
    term.send(f"\x1b[200~{pasted}\x1b[201~")
    term.wait_for("[pasted 2000 lines")
    term.send("\r")
    term.wait_until(lambda: len(upstream.requests) == 1)
    messages = upstream.requests[0].json()["messages"]
    assert isinstance(messages, list)
    assert messages[-1]["content"] == pasted


def test_unmarked_paste_of_2000_lines_is_one_message(person: Person, upstream: FakeUpstream) -> None:
    term = person.open("-m", "openai/echo")
    pasted = "\r".join(f"line {number}" for number in range(2_000))
    term.child.delaybeforesend = None  # a paste does not wait for a hand
    for place in range(0, len(pasted), 1_000):
        term.send(pasted[place : place + 1_000])
        term.catch_up()
    # On a busy machine it may come in several pieces.
    term.wait_for("[pasted ")
    term.settle(1.0)
    term.send("\r")
    term.wait_until(lambda: any(request.method == "POST" for request in upstream.requests))
    (sent,) = [request for request in upstream.requests if request.method == "POST"]
    assert '"content":"' + pasted.replace("\r", "\\n") + '"' in sent.body.decode()


def test_window_of_40_by_10_and_back(person: Person) -> None:
    term = person.open("-m", "openai/tok200-delay0")
    person.ask(term, "how small can it be")
    term.wait_for("enter send")
    term.resize(40, 10)
    term.wait_until(lambda: is_drawn(term, 40, 10))
    term.send("\x1b[5~typed")
    term.wait_for("typed")
    term.resize(120, 40)
    term.wait_until(lambda: is_drawn(term, 120, 40) and "Chats" in term.text)
    assert "typed" in term.text
    term.wait_for("● local")


def is_drawn(term: Terminal, columns: int, rows: int) -> bool:
    """Whether the composer's frame fills the window's width near its end."""
    lines = term.text.splitlines()
    frame = [line for line in lines if "╭" in line and line.rstrip().endswith("╮")]
    return len(lines) == rows and bool(frame) and len(frame[-1]) in range(columns - 3, columns + 1)


def test_hostile_answers_are_written_as_their_sanitised_form(person: Person) -> None:
    """The texts come out of the store and over the wire, as an answer would."""
    shown = []
    for texts in ([case.text for case in HOSTILE], [sanitize(case.text) for case in HOSTILE]):
        question = "\n\n".join(texts)
        answer = person.home.one_shot().call(
            "conversation.import", {"conversation": exported(question)}, timeout_seconds=30
        )
        term = person.open("--conversation", answer["conversation_id"], wait="the end of it")
        term.wait_for("● local")
        term.wait_gone("loading")
        term.wait_for("tab messages  / commands  ? keys")  # the last row is drawn last
        written = term.written.decode(errors="replace")
        assert "\x1b]52" not in written
        assert not set(written) & {chr(code) for code in range(0x80, 0xA0)}
        shown.append("\n".join(row[30:] for row in term.text.splitlines()[1:]))
    assert shown[0] == shown[1]


def exported(text: str) -> dict[str, object]:
    """A conversation whose only answer is this text."""
    from chatty.protocol.ids import new_id

    question, reply = new_id(), new_id()
    at = "2026-01-01T12:00:00.000Z"
    message = {"status": "completed", "created_at": at}
    return {
        "id": new_id(),
        "title": "same",
        "created_at": at,
        "leaf": reply,
        "messages": [
            {**message, "id": question, "role": "user", "parts": [{"type": "text", "text": "say it"}]},
            {
                **message,
                "id": reply,
                "parent_id": question,
                "role": "assistant",
                "model": "echo",
                "provider": "openai",
                "parts": [{"type": "text", "text": f"{text}\n\nthe end of it"}],
            },
        ],
    }
