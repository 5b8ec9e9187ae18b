"""What the actions on conversations, views and the program do: ask the backend, or open an overlay."""

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from chatty.tui.overlays import lists
from chatty.tui.overlays.entry import Entry
from chatty.tui.overlays.models import ModelPicker
from chatty.tui.overlays.picker import Picked, Picker
from chatty.tui.overlays.search import SearchPicker
from chatty.tui.screens.copying import copy
from chatty.tui.screens.inserting import pick_prompt
from chatty.tui.widgets.drawn import Drawn
from chatty.tui.widgets.status_row import is_quit_note, quit_note

if TYPE_CHECKING:
    from chatty.tui.screens.chat import ChatScreen


def _send(screen: "ChatScreen", _: str) -> None:
    screen.composer.submit()


def _stop(screen: "ChatScreen", _: str) -> None:
    """Esc closes the nearest thing; with none open it stops the answer. It never clears text."""
    opened = screen.store.open
    if screen.has_class("-side-bar-open"):
        screen.leave_side_bar()
    elif screen.get_selected_text():
        screen.clear_selection()
    elif screen.composer.buffer.selection is not None:
        screen.composer.buffer.anchor = None
        screen.composer.refresh()
    elif screen.end_edit():
        pass
    elif opened is not None and opened.active_run() is not None:
        screen.backend.stop()


def _history(screen: "ChatScreen", _: str) -> None:
    screen.set_focus(screen.composer)
    screen.composer.start_search()


def _prompt(screen: "ChatScreen", _: str) -> None:
    pick_prompt(screen)


def _editor(screen: "ChatScreen", _: str) -> None:
    from chatty.tui.screens.editor import edit_outside

    screen.run_worker(edit_outside(screen), group="editor", exclusive=True)


def _redo(screen: "ChatScreen", _: str) -> None:
    screen.composer.redo()


def _new(screen: "ChatScreen", _: str) -> None:
    screen.backend.new_conversation()
    screen.set_focus(screen.composer)


def _chats(screen: "ChatScreen", argument: str) -> None:
    if not screen.has_class("-wide"):
        screen.add_class("-side-bar-open")
    screen.set_focus(screen.side_bar)
    if argument:
        screen.side_bar.insert(argument)


def _search(screen: "ChatScreen", argument: str) -> None:
    def go(picked: Picked | None) -> None:
        if picked is not None:
            conversation_id, _, message_id = picked.value.partition(" ")
            screen.backend.open_conversation(conversation_id, message_id)

    screen.app.push_screen(SearchPicker(argument, screen.backend.search), go)


def _find(screen: "ChatScreen", argument: str) -> None:
    opened = screen.store.open
    if opened is None:
        return

    def go(picked: Picked | None) -> None:
        if picked is not None and picked.key == "ctrl+f":
            _search(screen, picked.typed)
        elif picked is not None:
            screen.transcript.show_message(picked.value)

    loaded = [opened.messages[key] for key in opened.path if key in opened.messages]
    screen.app.push_screen(lists.find_picker(loaded, argument), go)


def _project(screen: "ChatScreen", argument: str) -> None:
    _choose(screen, lists.project_picker(screen.backend.projects()), screen.backend.choose_project, argument)


def _rename(screen: "ChatScreen", argument: str) -> None:
    title = screen.store.open.title if screen.store.open else ""
    _enter(screen, Entry("Title", text=title), screen.backend.rename_conversation, argument)


def _archive(screen: "ChatScreen", _: str) -> None:
    screen.backend.archive_conversation()


def _delete_chat(screen: "ChatScreen", _: str) -> None:
    """Not asked first: it can be undone."""
    screen.backend.delete_conversation()


def _restore(screen: "ChatScreen", _: str) -> None:
    screen.backend.restore_conversation()


def _model(screen: "ChatScreen", argument: str) -> None:
    """The full name of a model that is known is enough; anything else is looked for in the list."""
    if any(row.id == argument for row in screen.store.models):
        use_model(screen, argument, as_default=False)
        return
    screen.refresh()
    opened = screen.store.open
    current = f"{opened.model_provider}/{opened.model}" if opened else ""

    def use(picked: Picked | None) -> None:
        if picked is not None:
            use_model(screen, picked.value, as_default=picked.key == "ctrl+s")

    screen.backend.want_models()
    screen.app.push_screen(ModelPicker(screen.store.models, current, argument), use)


def use_model(screen: "ChatScreen", model_id: str, *, as_default: bool) -> None:
    """Use a model in the open conversation, and from now on if it becomes the default."""
    with_key(screen, model_id, partial(screen.backend.choose_model, model_id, as_default=as_default))


def with_key(screen: "ChatScreen", model_id: str, use: Callable[[], None]) -> None:
    """Use a model; ask for its provider's key first when there is none."""
    row = next((row for row in screen.store.models if row.id == model_id), None)
    if row is None or row.has_key:
        use()
        return

    def keep(key: str | None) -> None:
        if key is not None:
            screen.backend.set_key(row.provider, key, use)

    screen.app.push_screen(key_entry(row.provider_title), keep)


def _key(screen: "ChatScreen", argument: str) -> None:
    providers = screen.backend.providers()

    def ask(name: str) -> None:
        def keep(key: str | None) -> None:
            if key is not None:
                screen.backend.set_key(name, key)

        if providers and name not in providers:
            screen.say(f"there is no provider {name}; `chatty providers add` makes one")
        else:
            screen.app.push_screen(key_entry(name), keep)

    _choose(screen, lists.name_picker("Key of", providers), ask, argument)


def key_entry(provider: str) -> Entry:
    """Ask for a provider's key."""
    return Entry(
        f"Key of {provider}",
        placeholder="paste the key; kept in a file only if you say so",
        hint="keep and try",
        is_secret=True,
    )


def _page_up(screen: "ChatScreen", _: str) -> None:
    screen.transcript.page(-1)


def _page_down(screen: "ChatScreen", _: str) -> None:
    screen.transcript.page(1)


def _top(screen: "ChatScreen", _: str) -> None:
    screen.transcript.to_top()


def _end(screen: "ChatScreen", _: str) -> None:
    screen.transcript.to_end()


def _code_left(screen: "ChatScreen", _: str) -> None:
    screen.transcript.scroll_code(-1)


def _code_right(screen: "ChatScreen", _: str) -> None:
    screen.transcript.scroll_code(1)


def _raw(screen: "ChatScreen", _: str) -> None:
    screen.say("answers as written" if screen.transcript.toggle_raw() else "answers rendered")


def _redraw(screen: "ChatScreen", _: str) -> None:
    for widget in screen.query(Drawn):
        widget.recover()
    screen.backend.redraw()
    screen.app.refresh(layout=True)


def _theme(screen: "ChatScreen", argument: str) -> None:
    """Use a theme at once and from now on; `auto` is what suits the terminal."""
    from chatty.tui.themes import AUTO, THEMES, theme_for

    names = [AUTO, *(theme.name for theme in THEMES)]

    def use(name: str) -> None:
        if name not in names:
            screen.say(f"there is no theme {name}")
            return
        screen.app.theme = theme_for(os.environ) if name == AUTO else name
        screen.backend.keep_theme(name)

    _choose(screen, lists.name_picker("Theme", names), use, argument)


def _palette(screen: "ChatScreen", _: str) -> None:
    _choose(screen, lists.command_picker(screen.keymap), screen.run)


def _help(screen: "ChatScreen", _: str) -> None:
    _choose(screen, lists.help_picker(screen.keymap, screen.places()), screen.run)


def _suspend(screen: "ChatScreen", _: str) -> None:
    """Stop until the shell brings us back. In the session's own process group there is no such shell: the
    terminal was opened for this program alone, and would be lost with it."""
    if os.getpgrp() == os.getsid(0):
        screen.say("there is no shell here that could bring it back")
    else:
        screen.app.action_suspend_process()


def _interrupt(screen: "ChatScreen", _: str) -> None:
    """^c copies a selection, else clears the composer, else quits when pressed twice."""
    selected = screen.get_selected_text() or screen.composer.buffer.selected_text
    if selected:
        copy(screen, screen.composer.chips.expand(selected))
        screen.clear_selection()
    elif not screen.composer.is_empty:
        screen.composer.clear()
        screen.end_edit()
    elif is_quit_note(screen.store.note.text):
        screen.app.exit()
    else:
        screen.say(quit_note(screen.store))


def _quit(screen: "ChatScreen", _: str) -> None:
    screen.app.exit()


def _choose(screen: "ChatScreen", picker: Picker, use: Callable[[str], None], argument: str = "") -> None:
    """Use the argument of a typed command, else let the user choose."""
    if argument:
        use(argument)
    else:
        screen.app.push_screen(picker, lambda picked: use(picked.value) if picked else None)


def _enter(screen: "ChatScreen", entry: Entry, use: Callable[[str], None], argument: str) -> None:
    """Use the argument of a typed command, else let the user write."""
    if argument:
        use(argument)
    else:
        screen.app.push_screen(entry, lambda text: use(text) if text else None)


DEEDS: "dict[str, Callable[[ChatScreen, str], None]]" = {
    "send": _send,
    "stop": _stop,
    "history": _history,
    "prompt": _prompt,
    "editor": _editor,
    "redo": _redo,
    "new": _new,
    "chats": _chats,
    "search": _search,
    "find": _find,
    "project": _project,
    "rename": _rename,
    "archive": _archive,
    "delete-chat": _delete_chat,
    "restore": _restore,
    "model": _model,
    "key": _key,
    "page-up": _page_up,
    "page-down": _page_down,
    "top": _top,
    "end": _end,
    "code-left": _code_left,
    "code-right": _code_right,
    "raw": _raw,
    "redraw": _redraw,
    "theme": _theme,
    "palette": _palette,
    "help": _help,
    "suspend": _suspend,
    "interrupt": _interrupt,
    "quit": _quit,
}
