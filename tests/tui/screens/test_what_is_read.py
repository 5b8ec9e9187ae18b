"""The words on the screen: that they are true of the moment, and whole where the window is small."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.screen import Screen

from chatty.tui.keymap import Keymap
from chatty.tui.overlays import lists
from chatty.tui.overlays.models import ModelPicker
from chatty.tui.overlays.picker import Picker
from chatty.tui.overlays.question import Question
from chatty.tui.screens.chat import ChatScreen
from chatty.tui.screens.chat_actions import key_entry
from chatty.tui.screens.first_run import FirstRun
from chatty.tui.state import Link, Message, ModelRow, OpenConversation, Part, Run
from chatty.tui.store import Store
from chatty.tui.widgets.hints_row import share_words
from chatty.tui.widgets.message_rows import ending_rows
from chatty.tui.widgets.status_row import doing
from tests.tui.scenes import OFFERS
from tests.tui.screens.test_chat import chat, row, until

NARROW = (60, 20)


def words(screen: Screen[Any]) -> str:
    """Everything on the screen, row by row."""
    width, height = screen.size
    lines = screen._compositor.render_strips()
    assert len(lines) == height
    return "\n".join(line.crop(0, width).text.rstrip() for line in lines)


def keys_of(screen: ChatScreen) -> str:
    """The hints row, where the keyboard is now."""
    return row(screen, "hints").strip()


async def test_empty_conversation_offers_no_way_to_messages_that_are_not_there() -> None:
    async with chat("empty") as (_, screen, _backend):
        assert keys_of(screen).startswith("enter send  ^j newline  ^l model  / commands  ? keys")


async def test_keys_of_a_selected_message_are_those_that_work_on_it() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press("tab")
        assert keys_of(screen).startswith("r retry  y copy  b branch  esc back  ? more")
        await pilot.press("k")
        assert keys_of(screen).startswith("e edit  r retry  y copy  esc back  ? more")


@pytest.mark.parametrize("size", [(80, 24), NARROW])
async def test_list_of_conversations_leaves_the_row_that_says_its_keys(size: tuple[int, int]) -> None:
    async with chat(size=size) as (pilot, screen, _):
        await pilot.press("ctrl+o")
        await until(lambda: screen.side_bar.size.height == size[1] - 1)
        assert keys_of(screen).startswith("enter open  ↑ ↓ choose  esc back")


async def test_who_answers_is_said_as_soon_as_it_is_known() -> None:
    async with chat("empty") as (pilot, screen, backend):
        backend.store.open_conversation(OpenConversation("n1", is_new=True))
        await pilot.pause()
        assert "answers here" not in words(screen)
        backend.store.ask_for_choice(is_needed=True)
        await pilot.pause()
        assert "nobody answers here yet" in words(screen)
        backend.store.set_model("openai", "gpt-5.2", is_chosen=False)
        await pilot.pause()
        assert "gpt-5.2 answers here" in words(screen)


def broken(text: str) -> Message:
    reply = Message("m", None, "assistant", status="failed", error="busy")
    reply.parts = [Part("text", [text], len(text))] if text else []
    return reply


def ways(message: Message) -> str:
    return "".join(span.text for span in ending_rows(message, 80, selected=False)[-1])


def test_answer_without_a_word_cannot_be_continued() -> None:
    assert ways(broken("Yes, ")) == "tab then r retry  c continue  R another model"
    assert ways(broken("")) == "tab then r retry  R another model"


def test_way_on_that_does_not_fit_is_left_out_whole() -> None:
    rows = ending_rows(broken("Yes, "), 36, selected=False)
    assert "".join(span.text for span in rows[-1]) == "tab then r retry  c continue"


async def test_command_is_whole_in_the_menu_and_its_meaning_gives_way() -> None:
    async with chat(size=(40, 10)) as (pilot, screen, _):
        await pilot.press(*"/re")
        shown = words(screen)
        assert "/redo" in shown  # where the cursor is
        assert "/retry-with  Answer with anot" in shown


@pytest.mark.parametrize(
    ("picker", "wanted"),
    [
        (lambda: lists.command_picker(Keymap()), "Earlier prompts"),
        (lambda: ModelPicker([ModelRow("openai", "gpt-5.2-codex", "OpenAI")], ""), "gpt-5.2-codex"),
    ],
)
async def test_name_is_whole_in_a_list_in_a_tiny_window(picker: Callable[[], Picker], wanted: str) -> None:
    async with chat(size=(40, 10)) as (pilot, _, _backend):
        await pilot.app.push_screen(picker())
        await pilot.pause()
        assert wanted in words(pilot.app.screen)


def test_message_that_waits_for_the_link_is_not_being_answered() -> None:
    store = Store()
    opened = OpenConversation("c1")
    opened.runs["r1"] = Run("r1", "m2", "queued", 0)
    store.open_conversation(opened)
    assert doing(store, 3_000)[0].text == "queued 3 s"
    store.apply_link(Link("local", "connecting", messages_waiting=1))
    assert "".join(span.text for span in doing(store, 3_000)) == "offline · 1 message waiting"


def test_little_of_the_window_is_not_nothing() -> None:
    assert [share_words(share) for share in (0.004, 0.01, 0.125)] == ["<1 %", "1 %", "12 %"]


@pytest.mark.parametrize("size", [(120, 40), (80, 24), NARROW, (40, 10)])
async def test_first_run_cuts_nothing_and_has_its_keys_in_the_last_row(size: tuple[int, int]) -> None:
    async with chat("empty", size=size) as (pilot, screen, _):
        await pilot.app.push_screen(FirstRun(OFFERS))
        await pilot.pause()
        shown = words(pilot.app.screen)
        assert "…" not in shown
        last = shown.splitlines()[-1].split()
        assert last[:2] == ["↑", "↓"]
        assert last[-2:] == ["^c", "quit"]
        assert "Ollama" in shown
        for _ in range(len(OFFERS)):
            await pilot.press("down")
        assert "The guide" in words(pilot.app.screen)
        assert screen.is_mounted


async def test_first_run_settles_who_answers_once_the_key_is_kept() -> None:
    async with chat("empty") as (pilot, _, backend):
        backend.store.offer([offer for offer in OFFERS if offer.name in ("anthropic", "guide")])
        await until(lambda: isinstance(pilot.app.screen, FirstRun))
        await pilot.press("up", "enter", *"sk-1", "enter")
        assert backend.calls == [("set_key", "anthropic", "sk-1")]
        backend.keys_kept.pop()()
        assert backend.calls[-1] == ("choose_provider", "anthropic")


async def test_question_is_asked_whole_in_a_small_window() -> None:
    text = "This system has no keyring. Keep the key in a file that only you can read?"
    async with chat(size=(40, 10)) as (pilot, _, _backend):
        await pilot.app.push_screen(Question("Key", text, "keep it there"))
        await pilot.pause()
        shown = words(pilot.app.screen)
        assert text in " ".join(shown.split())
        assert "y keep it there  n leave it" in shown


async def test_list_that_is_empty_says_so_and_one_that_is_filtered_says_that() -> None:
    async with chat() as (pilot, _, _backend):
        await pilot.app.push_screen(lists.prompt_picker([]))
        await pilot.pause()
        assert "no prompts yet" in words(pilot.app.screen)
        await pilot.press("x")
        assert "nothing fits" in words(pilot.app.screen)


@pytest.mark.parametrize("size", [(120, 40), NARROW])
async def test_model_without_a_key_says_so_at_every_width(size: tuple[int, int]) -> None:
    models = [ModelRow("groq", "openai/gpt-oss-120b", "Groq", 131_000, 0.15, 0.6, has_key=False)]
    async with chat(size=size) as (pilot, _, _backend):
        await pilot.app.push_screen(ModelPicker(models, ""))
        await pilot.pause()
        line = next(line for line in words(pilot.app.screen).splitlines() if "gpt-oss" in line)
        assert "openai/gpt-oss-120b" in line
        assert "no key" in line


async def test_help_names_the_key_that_every_terminal_has() -> None:
    async with chat(size=NARROW) as (pilot, screen, _):
        await pilot.press("?", *"keys that")
        shown = words(pilot.app.screen)
        assert "?" in shown.split()
        assert "f1" not in shown
        assert screen.is_mounted


async def test_list_says_how_much_lies_below() -> None:
    async with chat(size=NARROW) as (pilot, _, _backend):
        await pilot.press("ctrl+p")
        await until(lambda: "more" in words(pilot.app.screen).splitlines()[-1])
        before = words(pilot.app.screen).splitlines()[-1]
        await pilot.press("pagedown")
        await until(lambda: words(pilot.app.screen).splitlines()[-1] != before)
        for _ in range(10):
            await pilot.press("pagedown")
        await until(lambda: "more" not in words(pilot.app.screen).splitlines()[-1])


async def test_question_for_a_key_promises_no_keyring_before_one_is_found() -> None:
    async with chat(size=NARROW) as (pilot, _, _backend):
        await pilot.app.push_screen(key_entry("OpenAI"))
        await pilot.pause()
        shown = words(pilot.app.screen)
        assert "kept in a file only if you say so" in shown
        assert "keyring" not in shown
