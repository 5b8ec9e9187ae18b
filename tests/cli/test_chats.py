"""``chatty chats``: what it asks for, what it prints, and what goes out and comes back in."""

import json
from pathlib import Path
from typing import Any

import pytest

from chatty.client.draft_files import draft_name
from chatty.client.locations import Locations
from tests.cli.conftest import Run
from tests.cli.fake_server import FakeServer, Json, Refusal
from tests.cli.golden import assert_golden
from tests.cli.processes import OnTerminal
from tests.cli.samples import AT, FIRST, HOSTILE_TITLE, SECOND, conversation, message


@pytest.fixture
def two(server: FakeServer) -> FakeServer:
    rows = [conversation(), conversation(SECOND, HOSTILE_TITLE)]
    server.on("conversation.list", lambda p: {"items": [] if p.get("archived") else rows, "next": None})
    server.on(
        "conversation.get",
        lambda p: {"conversation": next(r for r in rows if r["id"] == p["conversation_id"])},
    )
    return server


def test_list_is_a_table_of_sanitised_cells(two: FakeServer, run: Run) -> None:
    result = run("chats", "list")
    assert result.returncode == 0
    assert_golden("chats-list.txt", result.stdout)


def test_list_without_a_verb_and_with_its_options(two: FakeServer, run: Run) -> None:
    assert run("chats", "--limit", "2").stdout == run("chats", "list").stdout


def test_list_on_a_narrow_terminal_is_cut_to_its_width(two: FakeServer, environment: dict[str, str]) -> None:
    with OnTerminal(environment, "chats", "list") as terminal:
        terminal.resize(60)
        assert terminal.wait() == 0
        rows = terminal.output.decode().split("\r\n")
    assert max(map(len, rows)) <= 60
    assert "\x1b" not in "".join(rows)


def test_list_as_json_has_the_shape_of_all_lists(two: FakeServer, run: Run) -> None:
    value = json.loads(run("chats", "list", "--json").stdout)
    assert value == {"items": [conversation(), conversation(SECOND, HOSTILE_TITLE)], "next": None}


def test_list_follows_pages_up_to_the_limit_and_hands_out_the_cursor(server: FakeServer, run: Run) -> None:
    def page(params: Json) -> Json:
        start = int(params.get("cursor", "0"))
        rows = [
            conversation(f"01900000-0000-7000-8000-{n:012x}") for n in range(start, start + params["limit"])
        ]
        return {"items": rows, "next": str(start + params["limit"])}

    server.on("conversation.list", page)
    value = json.loads(run("chats", "list", "--limit", "250", "--json").stdout)
    assert (len(value["items"]), value["next"]) == (250, "250")
    assert [asked["limit"] for asked in server.params_of("conversation.list")] == [200, 50]


def test_empty_list_says_what_to_do_on_standard_error(server: FakeServer, run: Run) -> None:
    server.on("conversation.list", {"items": [], "next": None})
    result = run("chats", "list")
    assert (result.returncode, result.stdout) == (0, "")
    assert "chatty ask" in result.stderr


MESSAGES = [
    message(0, "user", "What grows?"),
    message(1, "assistant", "# Much\n\nPotatoes."),
    message(
        2,
        "user",
        "And this?",
        parts=[
            {"type": "text", "text": "And this?"},
            {"type": "text", "text": "```\nleaf\n```\n", "name": "leaf.md"},
        ],
    ),
    message(3, "assistant", "Half", status="failed", error={"type": "provider/auth", "message": "No key."}),
]


@pytest.fixture
def told(two: FakeServer) -> FakeServer:
    two.on("message.list", {"messages": MESSAGES, "has_older": False})
    return two


def test_show_prints_the_path_in_use(told: FakeServer, run: Run) -> None:
    assert_golden("chats-show.md", run("chats", "show", FIRST).stdout)


def test_show_calls_other_people_by_their_names(two: FakeServer, run: Run) -> None:
    own, other = message(0, "user", "Mine"), message(1, "user", "Theirs", author={"id": "x", "name": "Ada"})
    two.on("message.list", {"messages": [own, other], "has_older": False})
    shown = run("chats", "show", FIRST).stdout
    assert [line for line in shown.splitlines() if line.startswith("## ")] == ["## you", "## Ada"]


def test_show_as_json(told: FakeServer, run: Run) -> None:
    value = json.loads(run("chats", "show", "last", "--json").stdout)
    assert value["conversation"] == conversation()
    assert [row["text"] for row in value["messages"]] == [
        "What grows?",
        "# Much\n\nPotatoes.",
        "And this?\n\nleaf.md:\n```\nleaf\n```\n",
        "Half",
    ]
    assert value["messages"][1] == {**MESSAGES[1], "text": "# Much\n\nPotatoes."}


def test_show_as_json_has_every_field_that_the_wire_left_out(two: FakeServer, run: Run) -> None:
    bare = {key: value for key, value in message(1, "assistant", "x").items() if value is not None}
    used = {"input_tokens": 3, "cached_input_tokens": 0, "output_tokens": 2, "reasoning_tokens": 0}
    rows = [{**bare, "usage": {**used, "estimated": True}}, message(2, "user", "y")]
    two.on("message.list", {"messages": rows, "has_older": False})
    shown = json.loads(run("chats", "show", "last", "--json").stdout)["messages"]
    assert [row["usage"] for row in shown] == [{**used, "cost_usd": None, "estimated": True}, None]


def test_show_reads_older_pages(two: FakeServer, run: Run) -> None:
    def page(params: Json) -> Json:
        if "before" not in params:
            return {"messages": MESSAGES[2:], "has_older": True}
        assert params["before"] == MESSAGES[2]["id"]
        return {"messages": MESSAGES[:2], "has_older": False}

    two.on("message.list", page)
    value = json.loads(run("chats", "show", "last", "--json").stdout)
    assert [row["id"] for row in value["messages"]] == [row["id"] for row in MESSAGES]


def test_show_tree_prints_every_branch_once(two: FakeServer, run: Run) -> None:
    sibling = message(4, "assistant", "Otherwise", parent_id=MESSAGES[0]["id"])
    nodes = [*MESSAGES[:2], sibling]
    pages: dict[str | None, Json] = {None: {"nodes": nodes[:2], "next": "x"}, "x": {"nodes": nodes[2:]}}
    two.on("message.tree", lambda p: pages[p.get("cursor")])
    two.on(
        "message.list",
        lambda p: {
            "messages": MESSAGES[:2] if p["leaf"] == MESSAGES[1]["id"] else [MESSAGES[0], sibling],
            "has_older": False,
        },
    )
    value = json.loads(run("chats", "show", "last", "--tree", "--json").stdout)
    assert [row["id"] for row in value["messages"]] == [row["id"] for row in nodes]


def test_unique_beginning_of_an_id_is_enough(told: FakeServer, run: Run) -> None:
    assert run("chats", "show", FIRST[:13]).returncode == 0
    assert run("chats", "show", "01900000").returncode == 2, "two conversations begin so"
    assert run("chats", "show", "0190").returncode == 2, "too short to be meant"
    assert run("chats", "show", "ffffffff").returncode == 5


def test_search_prints_hits(server: FakeServer, run: Run) -> None:
    hit = {
        "kind": "message",
        "conversation_id": FIRST,
        "message_id": MESSAGES[1]["id"],
        "prompt_id": None,
        "title": "Garden",
        "snippet": "many \x1b[5mpotatoes",
        "marks": [[5, 13]],
        "role": "assistant",
        "at": AT,
    }
    server.on("search.query", {"items": [hit], "next": "c"})
    assert_golden("chats-search.txt", run("chats", "search", "potatoes -beans", "--limit", "1").stdout)
    assert json.loads(run("chats", "search", "x", "--limit", "1", "--json").stdout) == {
        "items": [hit],
        "next": "c",
    }
    assert server.params_of("search.query")[0]["query"] == "potatoes -beans"


def test_hit_in_a_title_has_no_message_and_says_so(server: FakeServer, run: Run) -> None:
    hit = {"kind": "conversation", "conversation_id": FIRST, "title": "Garden", "snippet": "Garden", "at": AT}
    server.on("search.query", {"items": [hit], "next": None})
    (shown,) = json.loads(run("chats", "search", "garden", "--json").stdout)["items"]
    assert shown == {**hit, "message_id": None}


def test_rename(two: FakeServer, run: Run) -> None:
    two.on("conversation.update", lambda p: {"conversation": conversation(title=p["title"]), "seq": 5})
    assert run("chats", "rename", "last", "New", "name").stdout == "renamed: New name\n"
    assert two.params_of("conversation.update") == [{"conversation_id": FIRST, "title": "New name"}]


@pytest.mark.parametrize(("verb", "word"), [("archive", "archived"), ("delete", "deleted")])
def test_what_is_put_away_can_be_brought_back(two: FakeServer, run: Run, verb: str, word: str) -> None:
    two.on(f"conversation.{verb}", {})
    undo = f"chatty chats restore {FIRST}"
    assert run("chats", verb, "last").stdout == f"{word} {FIRST}\nundo: {undo}\n"
    value = json.loads(run("chats", verb, FIRST, SECOND, "--json").stdout)
    assert value["items"][0] == {"id": FIRST, "status": word, "undo": undo}
    assert len(two.params_of(f"conversation.{verb}")) == 3
    assert run("chats", verb, "last", FIRST).returncode == 0
    assert len(two.params_of(f"conversation.{verb}")) == 4, "named twice, changed once"


def test_deleting_for_good_asks_a_person_and_offers_no_undo(
    two: FakeServer, run: Run, environment: dict[str, str]
) -> None:
    two.on("conversation.delete", {})
    draft = Path(Locations.from_environment(environment).drafts_dir) / "local" / draft_name(FIRST, "a")
    draft.parent.mkdir(parents=True)
    draft.write_text("{}")
    unasked = run("chats", "delete", "last", "--for-good")
    assert (unasked.returncode, "--yes" in unasked.stderr) == (2, True)
    assert two.params_of("conversation.delete") == []
    assert draft.exists()
    assert run("chats", "delete", "last", "--for-good", "--yes").stdout == f"removed {FIRST}\n"
    assert not draft.exists()
    assert two.params_of("conversation.delete") == [{"conversation_id": FIRST, "for_good": True}]
    with OnTerminal(environment, "chats", "delete", SECOND, "--for-good") as terminal:
        terminal.read_until(b"for good? [y/N]")
        assert b"\x1b" not in terminal.output
        terminal.type(b"n\n")
        assert terminal.wait() == 130
    assert len(two.params_of("conversation.delete")) == 1


def test_restore_finds_what_was_deleted(server: FakeServer, run: Run) -> None:
    rows = [conversation(SECOND), conversation(deleted_at=AT)]
    server.on("conversation.list", {"items": rows, "next": None})
    server.on("conversation.restore", {"conversation": conversation()})
    assert run("chats", "restore", FIRST).stdout == f"restored {FIRST}\n"
    assert run("chats", "restore", FIRST[:13]).stdout == f"restored {FIRST}\n"
    assert run("chats", "restore", SECOND[:13]).returncode == 5, "that one was never away"
    last = run("chats", "restore", "last")
    assert (last.returncode, "id" in last.stderr) == (2, True), "the last one is there: it needs no restoring"


def test_what_can_be_restored_is_listed_without_what_is_gone_for_good(server: FakeServer, run: Run) -> None:
    rows = [
        conversation("01900000-0000-7000-8000-000000000001", "Early", deleted_at="2024-06-02T00:00:00.000Z"),
        conversation("01900000-0001-7000-8000-000000000002", "Here"),
        conversation("01900000-0002-7000-8000-000000000003", "", deleted_at=AT, message_count=0),
        conversation("01900000-0003-7000-8000-000000000004", "Late", deleted_at="2024-06-03T00:00:00.000Z"),
    ]
    server.on("conversation.list", {"items": rows, "next": None})
    listed = json.loads(run("chats", "list", "--deleted", "--json").stdout)
    assert [row["title"] for row in listed["items"]] == ["Late", "Early"]
    assert run("chats", "list", "--deleted", "--archived").returncode == 2


def test_nothing_archived_is_no_reason_to_start_a_conversation(server: FakeServer, run: Run) -> None:
    server.on("conversation.list", {"items": [], "next": None})
    server.on("project.list", {"items": [], "next": None})
    assert run("chats", "list", "--archived").stderr == "no conversation is archived\n"
    assert run("projects", "list", "--archived").stderr == "no project is archived\n"


def test_fork_prints_the_new_id(two: FakeServer, run: Run) -> None:
    two.on("conversation.fork", lambda p: {"conversation": conversation(p["id"]), "seq": 1})
    result = run("chats", "fork", "last", "--message", MESSAGES[1]["id"], "--title", "Again")
    (asked,) = two.params_of("conversation.fork")
    assert result.stdout == asked["id"] + "\n"
    assert (asked["message_id"], asked["title"]) == (MESSAGES[1]["id"], "Again")


def exported(conversation_id: str) -> Json:
    messages = [
        {
            "id": MESSAGES[0]["id"],
            "parent_id": None,
            "role": "user",
            "status": "completed",
            "parts": [{"type": "text", "text": "a \x9b b"}],
            "created_at": AT,
        }
    ]
    return {
        "format": "chatty/1",
        "conversation": {"id": conversation_id, "title": "Garden", "created_at": AT, "messages": messages},
    }


@pytest.fixture
def exporting(told: FakeServer) -> FakeServer:
    told.on("conversation.export", lambda p: exported(p["conversation_id"]))
    return told


def test_export_to_read(exporting: FakeServer, run: Run) -> None:
    assert_golden("chats-export.md", run("chats", "export", FIRST).stdout)
    assert_golden("chats-export.html", run("chats", "export", FIRST, SECOND, "--format", "html").stdout)


def test_html_holds_nothing_foreign_unescaped(two: FakeServer, run: Run) -> None:
    attack = '<script>alert(1)</script><img src=x onerror="x">&\x1b[2J'
    two.on("message.list", {"messages": [message(0, "user", attack)], "has_older": False})
    page = run("chats", "export", "last", "--format", "html").stdout
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_exports_in_our_own_formats_are_read_back(exporting: FakeServer, run: Run, tmp_path: Path) -> None:
    known: set[str] = set()

    def take(params: Json) -> Json:
        taken = params["conversation"]["id"]
        skipped = taken in known
        known.add(taken)
        return {"conversation_id": taken, "messages": 0 if skipped else 1, "skipped": skipped}

    exporting.on("conversation.import", take)
    one, many, lines = tmp_path / "one.json", tmp_path / "many.json", tmp_path / "lines.jsonl"
    assert run("chats", "export", FIRST, "--format", "json", "-o", str(one)).stdout == ""
    run("chats", "export", FIRST, SECOND, "--format", "json", "-o", str(many))
    run("chats", "export", FIRST, SECOND, "--format", "jsonl", "-o", str(lines))
    assert json.loads(one.read_text()) == exported(FIRST)
    assert "\x9b" not in one.read_text()
    value = json.loads(run("chats", "import", str(one), str(many), str(lines), "--json").stdout)
    assert value == {"conversations": 2, "messages": 2, "skipped": 3, "errors": []}


def test_line_of_an_export_ends_by_a_newline_and_nothing_else(
    exporting: FakeServer, run: Run, tmp_path: Path
) -> None:
    """JSON may hold U+2028, U+0085 and their like as they are (RFC 8259, section 7)."""
    exporting.on("conversation.import", {"conversation_id": FIRST, "messages": 1, "skipped": False})
    documents = []
    for one in (FIRST, SECOND):
        document = exported(one)
        document["conversation"]["title"] = "two\u2028lines\u0085or three"
        documents.append(json.dumps(document, ensure_ascii=False))
    file = tmp_path / "c.jsonl"
    file.write_bytes("\r\n".join(documents).encode())
    value = json.loads(run("chats", "import", str(file), "--json").stdout)
    assert value == {"conversations": 2, "messages": 2, "skipped": 0, "errors": []}


def test_dry_run_writes_nothing(server: FakeServer, run: Run, tmp_path: Path) -> None:
    def get(params: Json) -> Json:
        if params["conversation_id"] == SECOND:
            return {"conversation": conversation(SECOND)}
        raise Refusal("not_found", "no")

    server.on("conversation.get", get)
    server.on("conversation.list", {"items": [], "next": None})
    file = tmp_path / "c.jsonl"
    file.write_text("".join(json.dumps(exported(one)) + "\n" for one in (FIRST, SECOND)))
    result = run("chats", "import", str(file), "--dry-run")
    assert result.stdout == "would import 1 conversations with 1 messages; 1 were here already\n"
    assert server.params_of("conversation.import") == []


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_importing_what_was_deleted_says_so(
    server: FakeServer, run: Run, tmp_path: Path, options: list[str]
) -> None:
    def get(params: Json) -> Json:
        raise Refusal("not_found", "no")

    server.on("conversation.get", get)
    server.on("conversation.list", {"items": [conversation(deleted_at=AT)], "next": None})
    server.on("conversation.import", {"conversation_id": FIRST, "messages": 0, "skipped": True})
    file = tmp_path / "c.json"
    file.write_text(json.dumps(exported(FIRST)))
    result = run("chats", "import", str(file), *options)
    assert result.returncode == 9
    assert f"chatty chats restore {FIRST}" in result.stderr
    assert "0 were here already" in result.stdout


def test_file_of_another_kind_is_one_error(server: FakeServer, run: Run, tmp_path: Path) -> None:
    server.on("conversation.list", {"items": [], "next": None})
    file = tmp_path / "c.md"
    file.write_text("# Garden\n\n## you\n\na question\n")
    result = json.loads(run("chats", "import", str(file), "--json").stdout)
    assert [error["where"] for error in result["errors"]] == [str(file)]


def test_what_cannot_be_imported_is_named_and_the_rest_goes_in(
    server: FakeServer, run: Run, tmp_path: Path
) -> None:
    server.on("conversation.import", {"conversation_id": FIRST, "messages": 1, "skipped": False})
    wrong: dict[str, Any] = exported(SECOND)
    wrong["conversation"]["id"] = "no id"
    file = tmp_path / "c.jsonl"
    file.write_text(f'{json.dumps(exported(FIRST))}\n{{"format": "other"}}\nnot json\n{json.dumps(wrong)}\n')
    result = run("chats", "import", str(file), str(tmp_path / "nowhere"), "--json")
    value = json.loads(result.stdout)
    assert result.returncode == 2
    assert (value["conversations"], value["messages"], value["skipped"]) == (1, 1, 0)
    wheres = [f"{file}:2", f"{file}:3", f"{file}:4", str(tmp_path / "nowhere")]
    assert [error["where"] for error in value["errors"]] == wheres


@pytest.mark.parametrize(
    "content", [b"", b"[" * 100_000, b"\xff\xfe", b"{}", b"[1]", b'{"format": "chatty/1"}']
)
def test_broken_files_are_one_error_each(
    run: Run, server: FakeServer, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "broken"
    file.write_bytes(content)
    result = run("chats", "import", str(file), "--json")
    assert result.returncode == 2
    assert len(json.loads(result.stdout)["errors"]) == 1


def test_export_says_what_it_wrote_and_what_it_replaced(
    exporting: FakeServer, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "out\x1b[31m.html"
    shown = f"{tmp_path}/out.html"
    words = ("chats", "export", FIRST, SECOND, "--format", "html", "-o", str(file))
    assert [(result.stdout, result.stderr) for result in (run(*words), run(*words))] == [
        ("", f"chatty: wrote 2 conversations to {shown}\n"),
        ("", f"chatty: wrote 2 conversations to {shown}, replacing what was there\n"),
    ]
    assert run("chats", "export", FIRST, "-o", "/dev/stdout").stderr == ""


def test_export_replaces_a_file_whole_and_keeps_its_mode(
    exporting: FakeServer, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "out.md"
    file.write_text("old")
    file.chmod(0o640)
    run("chats", "export", FIRST, "-o", str(file))
    assert file.read_text().startswith("# Garden")
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["out.md"]
    assert run("chats", "export", FIRST, "-o", str(tmp_path / "no" / "way")).returncode == 10
