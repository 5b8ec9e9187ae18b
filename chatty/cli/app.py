"""The table of commands. Importing it imports no command: a group is filled when it is named."""

from chatty.cli.lazy_group import CommandAt, Entry, GroupOf, LazyGroup, build_group


def root_command() -> LazyGroup:
    """Build the root: the options of the full-screen client, and every command by its place."""
    from chatty.cli.full_screen import EXAMPLE, full_screen

    root = GroupOf(
        help="Talk to AI models in the terminal. Without a command: the full-screen client.",
        example=EXAMPLE,
        commands={},
    )
    return build_group("chatty", root, entries=ENTRIES, callback=full_screen, invoke_without_command=True)


def _verbs(noun: str, **functions: str) -> dict[str, CommandAt]:
    """Return verb -> place: one module per verb in the noun's package."""
    return {verb: CommandAt(f"chatty.cli.{noun}.{verb}", name) for verb, name in functions.items()}


ENTRIES: dict[str, Entry] = {
    "ask": CommandAt("chatty.cli.ask.command", "ask"),
    "chats": GroupOf(
        help="Conversations: read, search, change, export, import.",
        example="chatty chats list --limit 5",
        default="list",
        commands=_verbs(
            "chats",
            list="list_chats",
            show="show_chat",
            search="search_chats",
            rename="rename_chat",
            archive="archive_chats",
            delete="delete_chats",
            restore="restore_chats",
            fork="fork_chat",
            export="export_chats",
        )
        | {"import": CommandAt("chatty.cli.chats.import_", "import_chats")},
    ),
    "projects": GroupOf(
        help="Projects: folders with instructions of their own.",
        example="chatty projects list",
        default="list",
        commands=_verbs(
            "projects",
            list="list_projects",
            show="show_project",
            new="new_project",
            edit="edit_project",
            archive="archive_project",
            restore="restore_project",
            delete="delete_project",
        ),
    ),
    "prompts": GroupOf(
        help="Prompts: named texts in numbered versions.",
        example="chatty prompts list",
        default="list",
        commands=_verbs(
            "prompts",
            list="list_prompts",
            show="show_prompt",
            new="new_prompt",
            edit="edit_prompt",
            versions="list_versions",
            delete="delete_prompt",
        ),
    ),
    "models": GroupOf(
        help="Models: what can answer, and at which price.",
        example="chatty models list",
        default="list",
        commands=_verbs("models", list="list_models", show="show_model"),
    ),
    "providers": GroupOf(
        help="Providers: who answers, and with which key.",
        example="chatty providers test openai",
        default="list",
        commands=_verbs(
            "providers",
            list="list_providers",
            add="add_provider",
            test="try_provider",
            remove="remove_provider",
        ),
    ),
    "server": GroupOf(
        help="The local background server; it starts by itself.",
        example="chatty server status",
        default="status",
        commands=_verbs(
            "server", start="start_server", stop="stop_server", status="show_status", logs="show_logs"
        ),
    ),
    "doctor": CommandAt("chatty.cli.doctor.command", "doctor"),
    "config": GroupOf(
        help="Settings: read and change them.",
        example="chatty config set model openai/gpt-5",
        default="list",
        commands=_verbs(
            "config", get="get_setting", set="set_setting", list="list_settings", path="show_path"
        ),
    ),
    "completion": GroupOf(
        help="Completion in the shell: show the script, install it.",
        example="chatty completion install",
        default="show",
        commands=_verbs("completion", show="show_script", install="install_script"),
    ),
}
"""Word -> where its function lies. The order is the order of the help."""
