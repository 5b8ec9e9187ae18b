from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatty.protocol.ids import new_id
from chatty.store import conversations, messages, projects, search
from chatty.store.database import Database, Scope
from chatty.store.errors import InvalidCursor
from chatty.store.rows import Conversation, NewMessage, NewPart, NewProject, SearchHit
from chatty.store.search_query import Query, Term, parse, tokens
from chatty.store.search_statements import fts_expression, tsquery, tsvector
from tests.store.making import NOW, begin_reply, find, new_conversation, say

TEXTS = {
    "fox": "The quick brown Fox jumps over the lazy dog",
    "cafe": "Brown coffee in the Café Zürich, naïve as ever",
    "code": 'snake_case and kebab-case and "quotes" AND NOT (parens) *stars* x86-64',
    "greek": "Ελληνικά και русский текст",
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("brown", ["cafe", "fox"]),
        ("BROWN fox", ["fox"]),
        ("cafe zurich", ["cafe"]),
        ("Café", ["cafe"]),
        ('"quick brown"', ["fox"]),
        ('"brown quick"', []),
        ("brown -fox", ["cafe"]),
        ('brown -"quick brown"', ["cafe"]),
        ("jum*", ["fox"]),
        ("ju*", []),
        ("kebab-case", ["code"]),
        ("case-kebab", []),
        ("snake_case", ["code"]),
        ("русский", ["greek"]),
        ("ΕΛΛΗΝΙΚΆ", ["greek"]),
        ("brown nothing", []),
        ("-brown", []),
        ("", []),
        ('"', []),
    ],
)
async def test_words_phrases_prefixes_and_exclusions(
    database: Database, scope: Scope, conversation: Conversation, text: str, found: list[str]
) -> None:
    ids = {}
    for number, (name, said) in enumerate(TEXTS.items()):
        message = await say(database, scope, conversation.id, said, at_ms=NOW + number)
        ids[message.id] = name
    assert [ids[hit.id] for hit in await find(database, scope, text)] == found


async def test_deleted_conversation_is_not_found_until_it_is_restored(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    said = await say(database, scope, conversation.id, "A walrus")
    await database.write(scope, conversations.delete, conversation.id, NOW + 1)
    assert await find(database, scope, "walrus") == []
    await database.write(scope, conversations.restore, conversation.id, NOW + 2)
    assert [hit.id for hit in await find(database, scope, "walrus")] == [said.id]


async def test_hit_says_all_that_a_list_shows(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    await database.write(scope, conversations.update, conversation.id, {"title": "Animals"}, None, NOW)
    asked = await say(database, scope, conversation.id, "Who?", at_ms=NOW + 1)
    reply = await begin_reply(
        database, scope, asked, "completed", [NewPart(text="A walrus,\nno other walrus.")], NOW + 2
    )
    assert await find(database, scope, "walrus") == [
        SearchHit(
            kind="message",
            id=reply.id,
            conversation_id=conversation.id,
            conversation_title="Animals",
            project_id=None,
            role="assistant",
            author_id=None,
            model="m-1",
            at=NOW + 2,
            snippet="A \x02walrus\x03, no other \x02walrus\x03.",
        )
    ]
    (title,) = await find(database, scope, "animals")
    assert (title.kind, title.id, title.snippet) == ("conversation", conversation.id, "\x02Animals\x03")


async def test_filters_narrow(database: Database, scope: Scope, conversation: Conversation) -> None:
    project = (await database.write(scope, projects.insert, NewProject(new_id(), "P"), NOW)).row
    inside = (
        await database.write(
            scope, conversations.insert, new_conversation("walrus title", project.id), None, NOW
        )
    ).row
    one = await say(database, scope, conversation.id, "walrus one", at_ms=NOW + 10)
    two = await say(database, scope, inside.id, "walrus two", at_ms=NOW + 20)
    three = await begin_reply(database, scope, two, "completed", [NewPart(text="walrus three")], NOW + 30)

    async def ids(filters: search.Filters) -> list[str]:
        return [hit.id for hit in await find(database, scope, "walrus", filters)]

    assert await ids(search.Filters()) == [three.id, two.id, one.id, inside.id]
    assert await ids(search.Filters(project_id=project.id)) == [three.id, two.id, inside.id]
    assert await ids(search.Filters(project_id=conversations.NO_PROJECT)) == [one.id]
    assert await ids(search.Filters(conversation_id=conversation.id)) == [one.id]
    assert await ids(search.Filters(role="assistant")) == [three.id]
    assert await ids(search.Filters(model="m-1")) == [three.id]
    assert await ids(search.Filters(model="M-")) == [three.id]
    assert await ids(search.Filters(model="m_1")) == []
    assert await ids(search.Filters(author_id=scope.user_id)) == [two.id, one.id]
    assert await ids(search.Filters(before=NOW + 20)) == [one.id, inside.id]
    assert await ids(search.Filters(after=NOW + 20)) == [three.id, two.id]
    assert await ids(search.Filters(before=NOW + 30, after=NOW + 11)) == [two.id]
    assert await ids(search.Filters(kinds=frozenset({"conversation"}))) == [inside.id]
    assert await ids(search.Filters(kinds=frozenset({"message"}), project_id=project.id)) == [
        three.id,
        two.id,
    ]
    await database.write(scope, conversations.archive, inside.id, NOW)
    assert await ids(search.Filters(archived=False)) == [one.id]
    assert await ids(search.Filters(archived=True)) == [three.id, two.id, inside.id]


async def test_moved_conversation_is_found_in_its_new_project_only(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    old, new = [
        (await database.write(scope, projects.insert, NewProject(new_id(), name), NOW)).row
        for name in ("old", "new")
    ]
    said = [await say(database, scope, conversation.id, "walrus") for _ in range(3)]
    for project in (old, new):
        patch: conversations.ConversationPatch = {"project_id": project.id}
        await database.write(scope, conversations.update, conversation.id, patch, None, NOW)
    assert await find(database, scope, "walrus", search.Filters(project_id=old.id)) == []
    found = await find(database, scope, "walrus", search.Filters(project_id=new.id))
    assert {hit.id for hit in found} == {message.id for message in said}


async def test_pages_hold_every_hit_once_even_of_one_instant(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    made = [(await say(database, scope, conversation.id, "walrus")).id for _ in range(40)]
    titled = [new_conversation("walrus") for _ in range(5)]
    for new in titled:
        await database.write(scope, conversations.insert, new, None, NOW)
    seen: list[str] = []
    cursor = None
    while True:
        page = await database.read(scope, search.query, parse("walrus"), 7, cursor)
        seen += [hit.id for hit in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(made + [new.id for new in titled])
    with pytest.raises(InvalidCursor):
        await database.read(scope, search.query, parse("walrus"), 7, "WyJ4Il0")


async def test_rare_filter_among_many_matches_ends_in_pages_not_in_a_long_walk(
    database: Database, scope: Scope, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_SCAN_LIMIT", 10)
    stranger = replace(scope, user_id=new_id())
    wanted = await say(database, stranger, conversation.id, "walrus", at_ms=NOW)
    for number in range(30):
        await say(database, scope, conversation.id, "walrus", at_ms=NOW + 1 + number)
    filters = search.Filters(author_id=stranger.user_id)
    pages, cursor = [], None
    for _ in range(20):
        page = await database.read(scope, search.query, parse("walrus"), 5, cursor, filters)
        pages.append([hit.id for hit in page.items])
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(pages) > 1
    assert [id for found in pages for id in found] == [wanted.id]


async def test_scope_tokens_cannot_be_searched_for(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    await say(database, scope, conversation.id, "walrus")
    letters = conversation.id.replace("-", "")
    for text in (f"c{letters}", f"\ue000c{letters}", "\ue000ruser", "ruser", "c019*", f"c{letters[:6]}*"):
        assert await find(database, scope, text) == []


async def test_message_without_text_is_not_indexed(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    new = NewMessage(new_id(), conversation.id, "user")
    await database.write(scope, messages.insert, new, [NewPart("image", data="{}")], None, NOW)
    await database.write(scope, messages.delete, new.id, NOW)
    assert await find(database, scope, "image") == []


def test_query_is_understood() -> None:
    assert parse('Foo "Bar  baz" qux* -no -"not this" ab* x_y') == Query(
        (
            Term(("foo",)),
            Term(("bar", "baz")),
            Term(("qux",), is_prefix=True),
            Term(("no",), is_excluded=True),
            Term(("not", "this"), is_excluded=True),
            Term(("ab",)),
            Term(("x", "y")),
        )
    )
    assert parse('"unclosed phrase') == Query((Term(("unclosed", "phrase")),))
    assert len(parse(" ".join(f"w{n}" for n in range(100))).terms) == 32


def test_expressions_quote_every_token() -> None:
    query = parse('and "or not" near* -x')
    expected = '("\ue000pabc" AND "and" AND "or not" AND "near" *) NOT "x"'
    assert fts_expression(query, ("\ue000pabc",)) == expected
    assert tsquery(query) == "('and') & ('or' <-> 'not') & ('near':*) & !('x')"
    assert tsvector("b a B") == "'b':1,3 'a':2"


def test_tsvector_stays_below_the_engine_limit() -> None:
    vector = tsvector(" ".join(f"{n:x}" for n in range(400_000)))
    assert 100_000 < len(vector) < 1_500_000
    assert tsvector("x" * 5000) == f"'{'x' * 255}':1"


@given(st.text(max_size=60))
def test_tokens_hold_letters_and_digits_only(text: str) -> None:
    assert all(character.isalnum() for token in tokens(text) for character in token)


NASTY = [
    '"', '""', "'", "*", "-", "- -", '-"', "(", ")", "AND", "NOT x", "a AND", "NEAR(a b)", "a:b", "text:x",
    "^a",
    "{text scope}: a", "a + b", "\\", "\\'", "'; DROP TABLE messages; --", "%", "_", "\0", "\x02", "a\nb",
    "-*",
    "&", "|", "!", "<->", "a & !b", ":*", "'a':*", "\ud800", "\ue000", "𝒳", "é*", "́", "x" * 5000, "a " * 500,
    "ⅷ ½ ²", "İstanbul", "ß STRASSE", "ﬁ", "あいう", "한글*", "٣", "\u200dab*", "a*b*", "--a", "-a*", '"a*"',
]  # fmt: skip


async def test_nothing_that_is_typed_is_a_syntax_error(
    database: Database, scope: Scope, conversation: Conversation
) -> None:
    for text in NASTY:
        await say(database, scope, conversation.id, text or "x")
    for text in NASTY:
        await find(database, scope, text)
        await find(database, scope, f"{text} -{text} {text}*", search.Filters(model=text, role=text))
