"""The transcript: a window of messages, and a view that does not move while someone reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.events import Key

from chatty.client.updates import Delta
from chatty.tui.screens.chat import ChatScreen
from chatty.tui.store import Store
from chatty.tui.widgets.message_window import WINDOW_AT_FIRST, WINDOW_AT_MOST
from chatty.tui.widgets.row_index import Spot
from chatty.tui.widgets.transcript import Transcript
from tests.instruments.waiting import until
from tests.tui.fake_backend import FakeBackend
from tests.tui.scenes import event, large, message, numbered, open_snapshot, snapshot, text
from tests.tui.scripted_app import scripted


@asynccontextmanager
async def transcript(
    scene: str, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[Transcript, Store, FakeBackend, ChatScreen]]:
    app, backend = scripted(scene)
    async with app.run_test(size=size):
        screen = app.screen
        assert isinstance(screen, ChatScreen)
        await drawn(screen)
        yield screen.transcript, backend.store, backend, screen


async def drawn(screen: ChatScreen) -> None:
    """Paint what is due and return once it is laid out."""
    screen.showing.changes()
    done = asyncio.Event()
    screen.call_after_refresh(done.set)
    await asyncio.wait_for(done.wait(), 10)


def shown(view: Transcript) -> list[str]:
    """The rows on the screen."""
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def delta(store: Store, words: str) -> None:
    opened = store.open
    assert opened is not None
    part = opened.messages["m4"].parts[1]
    store.apply("c1", Delta("m4", 1, part.received, words, 0, "text"))


async def test_opening_many_messages_mounts_twenty() -> None:
    async with transcript("long") as (view, _, _, _):
        assert len(view._views) == WINDOW_AT_FIRST
        assert view._window.ids[-1] == "m10000"


async def test_scrolling_up_brings_more_and_the_rows_stay_where_they_were() -> None:
    async with transcript("long") as (view, _, _, screen):
        view._scroll_rows_to(view.size.height + 3)
        await drawn(screen)
        before = shown(view)
        view._extend_up()
        await drawn(screen)
        assert len(view._window.ids) == 2 * WINDOW_AT_FIRST
        assert shown(view) == before


async def test_window_never_exceeds_its_bound() -> None:
    async with transcript("all-loaded") as (view, _, _, screen):
        for _ in range(15):
            view.page(-1)
            view._scroll_rows_to(0)
            await drawn(screen)
        assert len(view._views) == WINDOW_AT_MOST
        view.to_end()
        assert view._window.ids[-1] == "m10000"


async def test_reaching_the_first_loaded_message_asks_for_older_ones() -> None:
    async with transcript("long") as (view, _, backend, screen):
        view.to_top()
        await drawn(screen)
        await until(lambda: bool(backend.calls))
        assert set(backend.calls) == {("want_messages", "m9951", "before")}


async def test_going_further_up_asks_again_in_case_it_failed() -> None:
    async with transcript("long") as (view, _, backend, screen):
        view.to_top()
        await drawn(screen)
        backend.calls.clear()
        view.page(-1)
        await drawn(screen)
        assert set(backend.calls) == {("want_messages", "m9951", "before")}


async def test_coming_back_to_a_conversation_older_messages_are_asked_for_again() -> None:
    async with transcript("long") as (view, store, backend, screen):
        view.to_top()
        for _ in range(2):
            open_snapshot(store, large(10_000, 50, 0))
            await drawn(screen)
        backend.calls.clear()
        view.to_top()
        await drawn(screen)
        assert set(backend.calls) == {("want_messages", "m9951", "before")}


def page_of(first: int, last: int) -> dict[str, object]:
    messages = [{**numbered(n, 0), "parent_id": f"m{n - 1}"} for n in range(first, last + 1)]
    return {"messages": messages, "siblings": [], "has_older": first > 1}


def go_to(store: Store, number: int) -> None:
    """A hit of the search is at hand, with what surrounds it."""
    store.apply_around("c1", page_of(number - 25, number), page_of(number + 1, number + 25))
    store.show_message(f"m{number}")


async def test_place_far_from_the_end_is_shown_and_the_end_is_one_key_away() -> None:
    async with transcript("long") as (view, store, _, screen):
        go_to(store, 501)
        await drawn(screen)
        assert "Question 501?" in shown(view)[1]
        assert len(view._views) <= WINDOW_AT_MOST
        assert (view.new_lines, view.is_far_from_end) == (0, True)
        await drawn(screen)
        assert "↓ newest  end" in screen.status.render_line(0).text
        view.to_end()
        assert view._window.ids[-1] == "m10000"
        assert (view.new_lines, view.is_far_from_end) == (0, False)


@pytest.mark.parametrize(("direction", "where", "edge"), [(-1, "before", "m476"), (1, "behind", "m526")])
async def test_paging_goes_on_from_there_in_both_directions(direction: int, where: str, edge: str) -> None:
    async with transcript("long") as (view, store, backend, screen):
        go_to(store, 501)
        await drawn(screen)
        for _ in range(60):
            view.page(direction)
        await drawn(screen)
        assert set(backend.calls) == {("want_messages", edge, where)}
        before = shown(view)
        if direction < 0:
            store.apply_older("c1", page_of(426, 475))
        else:
            store.apply_newer("c1", page_of(527, 576))
        await drawn(screen)
        assert shown(view) == before
        view.page(direction)
        assert shown(view) != before


async def test_place_becomes_a_part_of_the_path_when_the_gap_is_closed() -> None:
    async with transcript("long") as (view, store, _, screen):
        go_to(store, 9_920)
        await drawn(screen)
        before = shown(view)
        store.apply_newer("c1", page_of(9_946, 9_990))
        await drawn(screen)
        assert shown(view) == before
        assert not view._window.is_away
        for _ in range(200):
            view.page(1)
        assert view._window.ids[-1] == "m10000"
        assert not view.is_far_from_end


async def test_view_stays_where_one_reads_when_the_link_comes_back() -> None:
    async with transcript("long") as (view, store, backend, screen):
        go_to(store, 501)
        await drawn(screen)
        view.page(1)
        before = shown(view)
        top = view._top()
        assert top is not None
        store.apply("c1", large(10_000, 50, 0))
        await drawn(screen)
        assert shown(view) == before
        assert backend.calls[-1] == ("want_messages", top.message_id, "around")
        number = int(top.message_id[1:])
        store.apply_around("c1", page_of(number - 25, number), page_of(number + 1, number + 25))
        await drawn(screen)
        assert shown(view) == before


async def test_tab_selects_what_one_reads() -> None:
    async with transcript("long") as (view, store, _, screen):
        go_to(store, 501)
        await drawn(screen)
        view.select_newest()
        assert view.selected_id == "m501"


def arrive(store: Store, number: int) -> None:
    """A message comes behind the last one."""
    told = {**numbered(number, 0), "parent_id": f"m{number - 1}"}
    store.apply("c1", event(1_000_000 + number, "message.created", {"message": told}))


async def test_window_keeps_its_bound_when_a_message_comes() -> None:
    async with transcript("all-loaded") as (view, store, _, screen):
        view.to_top()
        await drawn(screen)
        before = shown(view)
        arrive(store, 10_001)
        await drawn(screen)
        assert view._window.ids == [f"m{number}" for number in range(1, WINDOW_AT_MOST + 1)]
        assert shown(view) == before


async def test_reading_at_the_lower_end_of_a_full_window_a_new_message_is_counted() -> None:
    async with transcript("all-loaded") as (view, store, _, screen):
        view.page(-1)
        while len(view._window.ids) < WINDOW_AT_MOST:
            view._extend_up()
        await drawn(screen)
        before = shown(view)
        arrive(store, 10_001)
        await drawn(screen)
        assert len(view._window.ids) == WINDOW_AT_MOST
        assert view._window.ids[-1] == "m10001"
        assert view.new_lines > 0
        assert shown(view) == before


async def test_view_follows_the_answer_until_one_scrolls_up() -> None:
    async with transcript("chat") as (view, store, _, screen):
        delta(store, "3. and then\n4. the last\n")
        await drawn(screen)
        assert any("the last" in line for line in shown(view))
        view.page(-1)
        before = shown(view)
        delta(store, "5. more\n6. and more\n7. and even more\n")
        await drawn(screen)
        assert shown(view) == before
        assert view.new_lines == 3
        await drawn(screen)
        assert "↓ 3 new lines  end" in screen.status.render_line(0).text
        view.to_end()
        assert view.new_lines == 0


async def test_folding_reasoning_renders_it_only_when_asked() -> None:
    async with transcript("idle") as (view, _, _, screen):
        view.to_top()
        assert not any("Two readings" in line for line in shown(view))
        view.show_message("m2")
        view._select("m2")
        view.toggle_fold()
        await drawn(screen)
        assert any("▾ thought" in line for line in shown(view))
        assert any("Two readings of one clock." in line for line in shown(view))


async def test_another_width_wraps_anew() -> None:
    async with transcript("idle", (60, 20)) as (view, _, _, _):
        assert max(len(line) for line in shown(view)) <= 58


@pytest.mark.parametrize(("before", "after"), [(60, 100), (100, 60), (100, 82)])
async def test_what_one_reads_stays_when_the_width_changes(before: int, after: int) -> None:
    app, backend = scripted("empty")
    async with app.run_test(size=(before, 20)) as pilot:
        screen = app.screen
        assert isinstance(screen, ChatScreen)
        view = screen.transcript
        words = "\n\n".join(
            f"{'before ' * 30}\n\n```\ncode\n```\n\n- place{n} {'after ' * 30}" for n in range(9)
        )
        open_snapshot(backend.store, snapshot([message(1, "assistant", [text(words)], 0)]))
        await drawn(screen)
        view._scroll_rows_to(row_of(view, "place4"))
        view._seen = Spot("m1", row_of(view, "place6"))
        await pilot.resize_terminal(after, 20)
        await drawn(screen)
        assert "place4" in shown(view)[0]
        assert view._seen == ("m1", row_of(view, "place6"))


def row_of(view: Transcript, words: str) -> int:
    """The row of the transcript that has the words."""
    return next(row for row in range(view._rows.rows) if words in view._plain(row))


async def test_selected_message_has_the_bar_down_its_height() -> None:
    async with transcript("idle") as (view, _, _, _):
        view.select_newest()
        bars = [line for line in shown(view) if line.startswith(" ▌")]
        assert bars[-2:] == [f" ▌ {line[3:]}" for line in bars[-2:]]
        assert bars[-1] == " ▌ Yes, it would."


async def test_broken_answer_keeps_its_text_and_says_what_can_be_done() -> None:
    async with transcript("failing") as (view, _, _, _):
        text = "\n".join(shown(view))
        assert "Yes. The fixture pins clock for the" in text
        assert "failed  the provider is overloaded (529) · 380 tokens kept" in text
        assert "tab then r retry  c continue  R another model" in text
        view.select_newest()
        assert "   r retry  c continue" in "\n".join(line.replace("▌", " ") for line in shown(view))


async def test_mouse_selection_gives_the_text_on_the_screen() -> None:
    from textual.geometry import Offset
    from textual.selection import Selection

    async with transcript("idle") as (view, _, _, _):
        row = next(number for number in range(view._rows.rows) if "Yes, it would." in view._plain(number))
        found = view.get_selection(Selection(Offset(3, row), Offset(6, row)))
        assert found is not None
        assert found[0] == "Yes"


async def test_empty_conversation_says_who_answers_and_what_to_press() -> None:
    async with transcript("empty") as (view, _, _, _):
        assert shown(view)[:3] == ["   guide answers here", "", "   ^l  choose who answers"]


async def test_scrolling_sideways_ends_where_the_widest_row_does() -> None:
    async with transcript("empty", (60, 20)) as (view, store, _, screen):
        wide = [text("```\n" + "0123456789" * 8 + "\n```")]
        open_snapshot(store, snapshot([message(1, "assistant", wide, 0)]))
        await drawn(screen)
        before = shown(view)
        for _ in range(9):
            view.scroll_code(1)
        at_end = shown(view)
        assert at_end != before
        view.scroll_code(-1)
        assert shown(view) != at_end


async def test_scrollbar_is_of_whole_cells() -> None:
    async with transcript("idle", (60, 12)) as (view, _, _, _):
        size = view.scrollable_content_region.height
        for row in range(view._rows.rows - size):
            view.scroll_to(y=row, animate=False)
            bar = view.vertical_scrollbar
            drawn_bar = bar.renderer.render_bar(size, view._rows.rows, size, row)
            assert {segment.text for segment in drawn_bar.segments} == {" "}


async def test_keys_scroll_long_code_while_a_message_is_selected() -> None:
    async with transcript("empty", (60, 20)) as (view, store, _, screen):
        wide = [text("```\n" + "0123456789" * 8 + "\n```")]
        open_snapshot(store, snapshot([message(1, "assistant", wide, 0)]))
        screen.run("select")
        await drawn(screen)
        before = shown(view)
        await view._on_key(Key("shift+right", None))
        assert shown(view) != before
        await view._on_key(Key("shift+left", None))
        assert shown(view) == before
