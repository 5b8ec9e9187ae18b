"""The chat screen driven by keys: what is asked of the backend, and what stands on the screen."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from chatty.rendering.sanitizer import sanitize
from chatty.tui.app import Settings
from chatty.tui.overlays.picker import Picker
from chatty.tui.overlays.question import Question
from chatty.tui.prompts import PromptChoice
from chatty.tui.screens import chat as chat_screen
from chatty.tui.screens.chat import ChatScreen
from chatty.tui.state import OpenConversation
from chatty.tui.widgets.header import HeaderContent
from chatty.tui.wishes import Ask, Returned
from tests.tui.fake_backend import FakeBackend
from tests.tui.scripted_app import scripted


@asynccontextmanager
async def chat(
    scene: str = "idle", size: tuple[int, int] = (120, 40), settings: Settings | None = None
) -> AsyncIterator[tuple[Pilot[None], ChatScreen, FakeBackend]]:
    app, backend = scripted(scene, settings)
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, ChatScreen)
        await until(lambda: screen.showing.shown_id is not None and not backend.store.wishes.earlier_prompts)
        yield pilot, screen, backend


async def until(is_met: Callable[[], bool]) -> None:
    """Return once the condition holds; fail after ten seconds."""

    async def waiting() -> None:
        while not is_met():  # noqa: ASYNC110  # one turn of the loop each time: there is no event for it
            await asyncio.sleep(0)

    await asyncio.wait_for(waiting(), 10)


def row(screen: ChatScreen, name: str) -> str:
    """The text of a one-row widget."""
    return screen.query_one(f"#{name}").render_line(0).text.rstrip()


async def test_enter_sends_what_is_written_and_empties_the_composer() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press(*"hello", "ctrl+j", *"world", "enter")
        assert backend.calls[-1] == ("send", "hello\nworld")
        assert screen.composer.is_empty


async def test_blank_text_is_not_sent() -> None:
    async with chat() as (pilot, _, backend):
        await pilot.press("space", "enter")
        assert backend.calls == []


async def test_esc_stops_the_answer_and_keeps_the_text() -> None:
    async with chat("chat") as (pilot, screen, backend):
        await pilot.press(*"draft", "escape")
        assert backend.calls[-1] == ("stop",)
        assert screen.composer.text == "draft"


async def test_clock_that_is_set_back_counts_no_seconds_below_nothing() -> None:
    async with chat("chat") as (_, screen, _):
        assert screen.store.open is not None
        run = screen.store.open.active_run()
        assert run is not None
        run.started_at_ms += 24 * 3_600_000
        screen.showing.status()
        assert screen.transcript._views[run.reply_id].running_seconds == 0


async def test_esc_without_an_answer_stops_nothing() -> None:
    async with chat() as (pilot, _, backend):
        await pilot.press("escape")
        assert backend.calls == []


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("r", ("again", "m4", None)),
        ("c", ("continue_answer", "m4")),
        ("b", ("branch", "m4")),
        ("left", ("show_sibling", "m4", -1)),
        ("right", ("show_sibling", "m4", 1)),
    ],
)
async def test_key_on_the_selected_message(key: str, call: tuple[object, ...]) -> None:
    async with chat() as (pilot, _, backend):
        await pilot.press("tab", key)
        assert backend.calls[-1] == call


async def test_selection_moves_by_message_and_leaves_to_the_composer() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press("tab", "k", "k")
        assert screen.transcript.selected_id == "m2"
        await pilot.press("j", "escape")
        assert screen.transcript.selected_id is None
        assert screen.focused is screen.composer


async def test_edit_puts_the_question_in_the_composer_and_sends_a_version() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press("tab", "k", "e", "!", "enter")
        assert backend.calls[-1] == (
            "edit",
            "m3",
            "Would that also explain test_backoff on the slow runner?!",
        )
        assert screen.editing_id is None


async def test_edit_keeps_what_was_being_written_among_the_earlier_prompts() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press(*"mine", "tab", "k", "e", "enter", "up", "up")
        assert screen.composer.text == "mine"


async def test_typed_twin_takes_the_number_of_the_message() -> None:
    async with chat() as (pilot, _, backend):
        await pilot.press(*"/again 2", "enter")
        assert backend.calls[-1] == ("again", "m2", None)


@pytest.mark.parametrize("argument", ["99", "0", "first"])
async def test_number_that_no_message_has_means_none(argument: str) -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press(*f"/branch {argument}", "enter")
        assert backend.calls == []
        assert screen.store.note.text == "there is no such message"


async def test_unknown_command_stays_in_the_composer_with_the_nearest_named() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press(*"/modle", "enter")
        assert screen.composer.text == "/modle"
        assert "there is no command /modle" in screen.store.note.text
        assert backend.calls == []


async def test_a_path_is_no_command_and_two_slashes_send_one() -> None:
    async with chat() as (pilot, _, backend):
        await pilot.press(*"/etc/hosts ?", "enter", *"//stop", "enter")
        assert backend.calls[-2:] == [("send", "/etc/hosts ?"), ("send", "/stop")]


async def test_slash_offers_commands_and_enter_runs_the_chosen() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press(*"/new")
        assert screen.menu.is_open
        await pilot.press("enter")
        assert backend.calls[-1] == ("new_conversation",)
        assert not screen.menu.is_open


async def test_menu_moves_nothing() -> None:
    async with chat() as (pilot, screen, _):
        before = [widget.region for widget in (screen.transcript, screen.composer, screen.hints)]
        await pilot.press("slash")
        assert screen.menu.is_open
        assert [widget.region for widget in (screen.transcript, screen.composer, screen.hints)] == before


async def test_keys_typed_ahead_find_the_keyboard_where_it_went() -> None:
    from textual import events

    async with chat() as (_pilot, screen, backend):
        for key in ("tab", "r", "x"):
            screen.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(lambda: screen.composer.text == "x")
        assert backend.calls[-1] == ("again", "m4", None)


async def test_long_paste_is_one_unit_and_travels_whole() -> None:
    from textual import events

    pasted = "line\r\n" * 42
    async with chat() as (pilot, screen, backend):
        screen.composer.post_message(events.Paste(pasted))
        await until(lambda: not screen.composer.is_empty)
        assert len(screen.composer.buffer.text) == 1
        await pilot.press("enter")
        assert backend.calls[-1] == ("send", ("line\n" * 42).strip("\n"))


async def test_what_is_loaded_later_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def load(_: str) -> None:
        has_begun.set()
        may_end.wait(30)

    monkeypatch.setattr(chat_screen, "_LOAD_AFTER_SECONDS", 0.01)
    monkeypatch.setattr(chat_screen, "import_module", load)
    async with chat() as (_, screen, _):
        try:
            await until(has_begun.is_set)
            is_heard = asyncio.Event()
            screen.call_later(is_heard.set)
            await asyncio.wait_for(is_heard.wait(), 10)
        finally:
            may_end.set()


async def test_paste_while_a_message_is_selected_is_written() -> None:
    from textual import events

    async with chat() as (pilot, screen, _):
        await pilot.press("tab")
        pilot.app.post_message(events.Paste("pasted"))
        await until(lambda: screen.composer.text == "pasted")
        assert screen.focused is screen.composer


@pytest.mark.parametrize(
    "text", ["a\x1b]0;title\x07b", "\x9b31mred", "a\u202eb", "a\rb\x08c", "ls\x1b[201~rm"]
)
async def test_paste_is_sanitised_before_anything_is_made_of_it(text: str) -> None:
    from textual import events

    async with chat() as (_pilot, screen, _backend):
        screen.composer.post_message(events.Paste(text))
        await until(lambda: not screen.composer.is_empty)
        assert screen.composer.text == sanitize(text)


async def test_paste_during_a_search_ends_it_and_stays() -> None:
    from textual import events

    async with chat() as (pilot, screen, _):
        await pilot.press("ctrl+r", *"older")
        screen.composer.post_message(events.Paste(" and pasted"))
        await until(lambda: screen.composer.text == "an older prompt and pasted")
        await pilot.press("escape")
        assert screen.composer.text == "an older prompt and pasted"


async def test_up_recalls_earlier_prompts_and_down_returns() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press("up")
        assert screen.composer.text == "Why does test_retry fail one time in ten?"
        await pilot.press("up", "up")
        assert screen.composer.text == "an older prompt"
        await pilot.press("down", "down")
        assert screen.composer.is_empty


async def test_recalled_command_does_not_end_going_back() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press(*"/raw", "enter", "up")
        assert screen.composer.text == "/raw"
        assert not screen.menu.is_open
        await pilot.press("up", "up")
        assert screen.composer.text == "an older prompt"


async def test_up_in_a_written_text_recalls_nothing() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press(*"mine", "up")
        assert screen.composer.text == "mine"


async def test_reverse_search_finds_and_esc_gives_back() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press(*"mine", "ctrl+r", *"older")
        assert screen.composer.text == "an older prompt"
        await pilot.press("escape")
        assert screen.composer.text == "mine"


async def test_composer_grows_to_ten_rows_and_never_over_half_the_window() -> None:
    async with chat(size=(120, 40)) as (pilot, screen, _):
        await pilot.press(*(["ctrl+j"] * 15))
        assert screen.composer.outer_size.height == 12
    async with chat(size=(60, 20)) as (pilot, screen, _):
        await pilot.press(*(["ctrl+j"] * 15))
        assert screen.composer.outer_size.height <= 10


async def test_ctrl_c_clears_and_up_brings_the_text_back() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press(*"lost?", "ctrl+c")
        assert screen.composer.is_empty
        await pilot.press("up")
        assert screen.composer.text == "lost?"


async def test_model_without_a_key_asks_for_it_in_place() -> None:
    async with chat() as (pilot, _screen, backend):
        await pilot.press("ctrl+l", *"opus", "enter", *"sk-secret", "enter")
        assert ("set_key", "anthropic", "sk-secret") in backend.calls
        assert "choose_model" not in {call[0] for call in backend.calls}
        backend.keys_kept.pop()()
        assert backend.calls[-1] == ("choose_model", "anthropic/claude-opus-4.6", False)


async def test_another_answer_waits_for_the_key_of_its_model() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press("tab", "R", *"opus")
        assert "^s" not in screen.app.screen.query_one("#overlay-hints").render_line(0).text
        await pilot.press("enter", *"sk-secret", "enter")
        assert ("set_key", "anthropic", "sk-secret") in backend.calls
        assert "again" not in {call[0] for call in backend.calls}
        backend.keys_kept.pop()()
        assert backend.calls[-1] == ("again", "m4", "anthropic/claude-opus-4.6")


async def test_model_named_with_the_command_is_used_or_looked_for() -> None:
    async with chat() as (pilot, _, backend):
        await pilot.press(*"/model openai/gpt-5.2-mini", "enter")
        assert backend.calls[-1] == ("choose_model", "openai/gpt-5.2-mini", False)
        backend.calls.clear()
        await pilot.press(*"/model opus", "enter")
        assert "choose_model" not in {call[0] for call in backend.calls}
        await pilot.press("enter", *"sk-secret", "enter")
        assert ("set_key", "anthropic", "sk-secret") in backend.calls


async def test_key_is_asked_for_a_provider_that_there_is() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press(*"/key nope", "enter")
        assert screen.app.screen is screen
        assert "no provider nope" in screen.store.note.text
        await pilot.press(*"/key groq", "enter", *"sk-1", "enter")
        assert backend.calls[-1] == ("set_key", "groq", "sk-1")
        await pilot.press(*"/key ", "enter", *"anth", "enter", *"sk-2", "enter")
        assert backend.calls[-1] == ("set_key", "anthropic", "sk-2")


async def test_key_is_drawn_as_dots() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press("ctrl+l", *"opus", "enter", *"sk-1")
        shown = "\n".join(strip.text for strip in screen.app.screen._compositor.render_strips())
        assert "sk-1" not in shown
        assert "••••" in shown


async def test_ctrl_s_makes_a_model_the_default() -> None:
    async with chat() as (pilot, _, backend):
        await pilot.press("ctrl+l", *"mini", "ctrl+s")
        assert backend.calls[-1] == ("choose_model", "openai/gpt-5.2-mini", True)


@pytest.mark.parametrize("name", ["archive", "delete", "restore"])
async def test_conversation_is_put_away_and_brought_back_by_name(name: str) -> None:
    async with chat() as (pilot, _, backend):
        await pilot.press(*f"/{name}", "enter")
        assert backend.calls[-1] == (f"{name}_conversation",)


async def test_project_that_is_not_there_can_be_named() -> None:
    async with chat() as (pilot, _, backend):
        await pilot.press(*"/project ", "backspace", "enter", *"new one", "enter")
        assert backend.calls[-1] == ("choose_project", "new one")


async def test_text_that_was_refused_is_back_before_what_was_written_since() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press(*"since")
        backend.store.give_back(Returned("c1", "refused"))
        await until(lambda: screen.composer.text == "refused\nsince")


async def test_question_of_the_program_is_put_and_yes_acts() -> None:
    acted = asyncio.Event()
    async with chat() as (pilot, screen, backend):
        backend.store.ask(Ask("Key", "Keep it in a file?", "keep", acted.set))
        await until(lambda: isinstance(screen.app.screen, Question))
        await pilot.press("y")
        await asyncio.wait_for(acted.wait(), 10)


async def test_search_shows_hits_and_opens_the_chosen() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press("ctrl+f", "ctrl+f", *"words")
        assert ("search", "words") in backend.calls
        await until(lambda: isinstance(screen.app.screen, Picker) and bool(screen.store.found.hits))
        await until(lambda: not screen.store._dirty)
        await pilot.pause()
        await pilot.press("enter")
        assert backend.calls[-1] == ("open_conversation", "c2", "m9")


async def test_every_list_opens_and_closes_leaving_the_text() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press(*"text")
        for keys in (["ctrl+p"], ["ctrl+l"], ["ctrl+f"], ["ctrl+g"], ["f1"]):
            await pilot.press(*keys)
            assert isinstance(screen.app.screen, Picker), keys
            await pilot.press("escape")
            assert screen.is_current
        assert screen.composer.text == "text"


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20)])
async def test_side_bar_filters_and_opens(size: tuple[int, int]) -> None:
    async with chat(size=size) as (pilot, screen, backend):
        await pilot.press("ctrl+o", *"kyoto", "enter")
        assert backend.calls[-1] == ("open_conversation", "c5")
        assert screen.focused is screen.composer


async def test_side_bar_opens_the_newest_where_the_open_one_is_not_in_it() -> None:
    async with chat() as (pilot, screen, backend):
        newest = max(screen.store.conversations.values(), key=lambda row: row.touched_at_ms)
        screen.store.open_conversation(OpenConversation("unsaved", is_new=True))
        screen.showing.changes()
        await pilot.press("ctrl+o", "enter")
        assert backend.calls[-1] == ("open_conversation", newest.id)


async def test_draft_is_kept_for_each_conversation(tmp_path: Path) -> None:
    settings = Settings(drafts_directory=tmp_path, client_id="a")
    async with chat(settings=settings) as (pilot, screen, backend):
        await pilot.press(*"for the first")
        backend.open_conversation("c2")
        await until(lambda: screen.showing.shown_id == "c2")
        assert screen.composer.is_empty
        backend.open_conversation("c1")
        await until(lambda: screen.showing.shown_id == "c1")
        assert screen.composer.text == "for the first"
    async with chat(settings=settings) as (pilot, screen, _):
        assert screen.composer.text == "for the first"


@pytest.mark.parametrize(
    ("size", "header", "hints"),
    [
        ((120, 40), "api-redesign › Fix the flaky test", "$0.021"),
        ((80, 24), "api-redesign › Fix the flaky test", "12 % · $0.021"),
        ((60, 20), "Fix the flaky test", "$0.021"),
    ],
)
async def test_rows_fit_their_width(size: tuple[int, int], header: str, hints: str) -> None:
    async with chat("chat", size) as (pilot, screen, _):
        await pilot.pause()
        assert row(screen, "header").strip().startswith(header)
        assert row(screen, "hints").endswith(hints)
        assert "? keys" in row(screen, "hints")
        assert row(screen, "status").strip().startswith("answering")


async def test_hints_name_no_key_that_would_be_typed() -> None:
    async with chat("chat") as (pilot, screen, backend):
        assert (
            row(screen, "hints").strip().startswith("esc stop  enter queue  ^j newline  / commands  ? keys")
        )
        await pilot.press("a")
        assert row(screen, "hints").strip().startswith("esc stop  enter queue  ^j newline  ^p commands   ")
        await pilot.press("ctrl+u", "ctrl+r")
        assert row(screen, "hints").strip().startswith("enter take  ^r earlier  esc back   ")
        await pilot.press("escape", *"```", "enter", "a")
        assert row(screen, "hints").strip().startswith("enter newline  tab messages  ^p commands   ")
        await pilot.press("enter")
        assert backend.calls == []


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (120, "4.6k tokens · 12 % · $0.021"),
        (100, "4.6k tokens · 12 % · $0.021"),
        (60, "$0.021"),
        (40, "? keys"),
    ],
)
async def test_figures_push_out_none_of_the_first_hints(columns: int, expected: str) -> None:
    async with chat("chat", (columns, 24)) as (_pilot, screen, _):
        shown = row(screen, "hints").strip()
        assert shown.startswith("esc stop  enter queue  ")
        assert shown.endswith(expected)


async def test_list_of_conversations_has_a_cursor_or_says_that_there_is_nothing() -> None:
    async with chat("chat", (80, 24)) as (pilot, screen, backend):
        await pilot.press("ctrl+o")
        assert row(screen, "hints").strip().startswith("enter open  ↑ ↓ choose  esc back")
        await pilot.press(*"zzzz")
        await pilot.pause()
        assert "nothing fits" in screen.side_bar.render_line(2).text
        assert row(screen, "hints").strip().startswith("esc back   ")
        await pilot.press("enter")
        assert backend.calls == []


async def test_cursor_of_the_list_starts_on_the_newest_where_the_open_one_is_new() -> None:
    async with chat("chat", (80, 24)) as (pilot, screen, _):
        screen.store.open_conversation(OpenConversation("c-new", is_new=True))
        await pilot.pause()
        await pilot.press("ctrl+o")
        assert screen.side_bar.has_cursor


@pytest.mark.parametrize(("project", "is_shown"), [("api-redesign", True), ("a project " * 3, False)])
async def test_project_stands_before_a_title_that_is_cut(project: str, is_shown: bool) -> None:
    async with chat(size=(80, 24)) as (_pilot, screen, _):
        screen.header.content = HeaderContent("A title that goes on and on " * 4, project, "gpt-5.2")
        shown = row(screen, "header").strip()
        assert "…" in shown
        assert shown.startswith(f"{project} › " if is_shown else "A title")


async def test_model_gives_way_to_the_title_where_both_have_no_room() -> None:
    async with chat("failing", (40, 10)) as (_pilot, screen, _):
        shown = row(screen, "header").strip()
        assert shown.startswith("Fix th…y test   ")
        assert "reconnecting" in shown
        assert "gpt" not in shown


async def test_menu_of_commands_keeps_its_cursor_in_sight_on_a_low_screen() -> None:
    async with chat(size=(40, 10)) as (pilot, screen, _):
        await pilot.press("/")
        await pilot.pause()
        menu = screen.menu
        assert menu.region.y >= 1
        for step in range(12):
            chosen = menu.chosen
            assert chosen is not None
            assert any(chosen.insert in menu.render_line(y).text for y in range(menu.size.height)), step
            await pilot.press("down")


@pytest.mark.parametrize("columns", [240, 100])
async def test_rows_below_the_transcript_end_in_one_column(columns: int) -> None:
    async with chat("chat", (columns, 40)) as (_pilot, screen, _):
        start = screen.header.region.x
        ends = {screen.composer.content_region.right - start, screen.hints.content_region.right - start}
        assert len(ends) == 1
        assert ends == {min(120, screen.header.region.width) - 3}


async def test_enter_runs_a_command() -> None:
    async with chat(size=(80, 24)) as (pilot, screen, _):
        await pilot.press(*"/rename ")
        assert row(screen, "hints").strip().startswith("enter run  ^p commands")


async def test_menu_of_commands_stands_in_columns_with_the_keys_that_work_here() -> None:
    async with chat(size=(80, 24)) as (pilot, screen, _):
        await pilot.press(*"/re")
        shown = [screen.menu.render_line(y).text for y in range(screen.menu.size.height)]
        assert (
            len({line.index(title) for line in shown for title in ("Redo", "Rename") if title in line}) == 1
        )
        (redo,) = [line for line in shown if "/redo " in line]
        assert redo.endswith(" ^x r  ")
        (other,) = [line for line in shown if "/retry-with " in line]
        assert other.rstrip().endswith("another model")  # R would be a letter


async def test_unusable_link_is_said_even_when_narrow() -> None:
    async with chat("failing", (60, 20)) as (pilot, screen, _):
        await pilot.pause()
        assert "reconnecting" in row(screen, "header")


async def test_sequence_shows_what_may_follow_and_esc_leaves() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press("ctrl+x")
        assert "e editor" in row(screen, "hints")
        await pilot.press("escape")
        assert "editor" not in row(screen, "hints")


async def test_sequence_shows_on_a_message_only_what_works_there() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press("tab", "ctrl+x")
        assert row(screen, "hints").strip().startswith("m raw  esc leave   ")


async def test_remapped_key_works_and_is_shown() -> None:
    settings = Settings(keys={"send": ["ctrl+e"]})
    async with chat(settings=settings) as (_pilot, screen, _backend):
        assert "^e send" in row(screen, "hints")


async def test_command_and_words_typed_in_one_burst_reach_their_places() -> None:
    from textual import events

    async with chat() as (pilot, screen, backend):
        for character in "/rename A better name\r/new\rwords":
            key = "enter" if character == "\r" else character
            screen.app.post_message(events.Key(key, character))
        await until(lambda: screen.showing.shown_id == "new-1" and screen.composer.text == "words")
        await pilot.pause()
        assert screen.composer.text == "words"
        assert backend.calls == [("rename_conversation", "A better name"), ("new_conversation",)]


async def test_search_that_finds_nothing_says_so_and_for_what(monkeypatch: pytest.MonkeyPatch) -> None:
    async with chat() as (pilot, screen, backend):
        monkeypatch.setattr(backend, "search", lambda words: None)
        await pilot.press("ctrl+f", "ctrl+f")
        found = screen.app.screen.query_one("#list")
        assert "type what you remember" in found.render_line(0).text
        await pilot.press(*"flaky")
        backend.store.apply_found("flak", [])
        screen.showing.changes()
        assert "type what you remember" in found.render_line(0).text
        backend.store.apply_found("flaky", [])
        screen.showing.changes()
        assert "nothing found for flaky" in found.render_line(0).text
        await pilot.press(*["backspace"] * 5)
        assert "type what you remember" in found.render_line(0).text


async def test_note_goes_by_itself_and_a_state_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatty.tui.screens.noting.note_seconds", lambda note: 0.01)
    async with chat() as (_, screen, backend):
        backend.store.say("fake/m is the default now")
        await until(lambda: "fake/m is the default now" in row(screen, "status"))
        await until(lambda: row(screen, "status") == "")
        backend.store.say("editing", stays=True)
        await until(lambda: "editing" in row(screen, "status"))
        backend.store.say("said meanwhile")
        await until(lambda: row(screen, "status") == "")


async def test_key_takes_a_note_away_that_was_there_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with chat() as (pilot, screen, backend):
        backend.store.say("just said")
        await until(lambda: "just said" in row(screen, "status"))
        await pilot.press("a")
        assert backend.store.note.text == "just said"
        monkeypatch.setattr("chatty.tui.screens.noting._READ_SECONDS", 0.0)
        await pilot.press("b")
        await until(lambda: row(screen, "status") == "")


async def test_quitting_is_not_armed_any_more_once_something_is_typed() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press("ctrl+c")
        await until(lambda: "press ^c again" in row(screen, "status"))
        await pilot.press("a", "backspace")
        await pilot.press("ctrl+c")
        assert screen.app.is_running


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_leaving_the_edit_sends_a_message_of_its_own(key: str) -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press("tab", "k", "e", key, *"own", "enter")
        assert backend.calls[-1][0] == "send"
        assert str(backend.calls[-1][1]).endswith("own")
        assert screen.store.note.text == ""


async def test_refused_text_is_called_safe_once_it_is_a_draft_on_the_disk(tmp_path: Path) -> None:
    async with chat(settings=Settings(drafts_directory=tmp_path)) as (_, screen, backend):
        told: list[str] = []
        backend.store.give_back(
            Returned("c1", "precious", lambda: told.extend(path.read_text() for path in tmp_path.iterdir()))
        )
        await until(lambda: bool(told))
        assert "precious" in told[0]
        assert screen.composer.text == "precious"


async def test_model_that_no_list_has_is_offered_when_it_is_in_use_or_typed_in_full() -> None:
    async with chat() as (pilot, screen, backend):
        assert screen.store.open is not None
        screen.store.open.model_provider, screen.store.open.model = "lab", "tuned"
        await pilot.press("ctrl+l", "enter")
        assert backend.calls[-1] == ("choose_model", "lab/tuned", False)
        await pilot.press("ctrl+l", *"openai/gpt-9")
        found = screen.app.screen.query_one("#list")
        assert "not in the list" in found.render_line(1).text
        await pilot.press("enter")
        assert backend.calls[-1] == ("choose_model", "openai/gpt-9", False)
        await pilot.press("ctrl+l", *"openai/gpt-5.2-nano", "ctrl+s")
        assert backend.calls[-1] == ("choose_model", "openai/gpt-5.2-nano", True)


async def test_chosen_theme_is_used_and_kept() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press(*"/theme chatty-light", "enter")
        assert screen.app.theme == "chatty-light"
        assert backend.calls[-1] == ("keep_theme", "chatty-light")
        await pilot.press(*"/theme nothing", "enter")
        assert backend.calls[-1] == ("keep_theme", "chatty-light")
        assert screen.store.note.text == "there is no theme nothing"


async def test_prompt_asks_for_each_variable_before_it_is_put_in() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press("ctrl+g", *"trans", "enter")
        assert screen.app.screen.query_one("#frame").border_title == "translate › from · 1 of 2"
        await pilot.press(*"{{to}}", "enter", *"German", "enter")
        assert screen.composer.text == "From {{to}} into German: {{to}}"


async def test_prompt_whose_questions_are_left_puts_nothing_in() -> None:
    async with chat() as (pilot, screen, _):
        await pilot.press("ctrl+g", *"trans", "enter", *"French", "enter", "escape")
        assert screen.composer.is_empty
        await pilot.press(*"typed on")
        assert screen.composer.text == "typed on"


async def test_name_of_an_overlay_is_never_read_as_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    async with chat() as (pilot, screen, backend):
        monkeypatch.setattr(backend, "prompts", lambda: [PromptChoice("[red]x[/red]", "{{a}}", ("a",))])
        await pilot.press("ctrl+g", "enter")
        title = screen.app.screen.query_one("#frame")._border_title
        assert title is not None
        assert title.plain == "[red]x[/red] › a"


async def test_going_back_through_the_prompts_asks_for_earlier_ones() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press("up")
        assert backend.calls == [("want_earlier_prompts",)]
        backend.store.recall(["older still"])
        await until(lambda: not backend.store.wishes.earlier_prompts)
        await pilot.press("up", "up")
        assert screen.composer.text == "older still"


async def test_search_through_the_prompts_goes_on_among_those_that_come_later() -> None:
    async with chat() as (pilot, screen, backend):
        await pilot.press("ctrl+r", *"zebra")
        assert ("want_earlier_prompts",) in backend.calls
        backend.store.recall(["about a zebra"])
        await until(lambda: screen.composer.text == "about a zebra")
