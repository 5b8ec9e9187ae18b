import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, closing

import pytest

from chatty.providers.base import ChatMessage, ChatRequest, Endpoint, Finished, TextDelta, UsageReport
from chatty.providers.guide.answers import answer
from chatty.providers.guide.index import GuideIndex, Hit
from chatty.providers.guide.pages import pages_folder, read_sections
from chatty.providers.guide.provider import GuideProvider
from tests.providers.asking import FakeSleep, ask

ENDPOINT = Endpoint("guide", "guide")
SECTIONS = read_sections(pages_folder())
PAGES = {
    "getting-started",
    "ask-and-scripts",
    "models-and-keys",
    "keys-in-the-terminal",
    "conversations-and-search",
    "projects-and-prompts",
    "server-and-data",
    "when-things-go-wrong",
    "from-python",
    "privacy",
}


@pytest.fixture(scope="module")
def index() -> Iterator[GuideIndex]:
    with closing(GuideIndex(SECTIONS)) as index:
        yield index


@pytest.fixture
def sleep() -> FakeSleep:
    return FakeSleep()


@pytest.fixture
async def guide(sleep: FakeSleep) -> AsyncIterator[GuideProvider]:
    async with aclosing(GuideProvider(sleep)) as guide:
        yield guide


def test_all_pages_are_found_and_cut_into_sections() -> None:
    assert {section.page for section in SECTIONS} == PAGES
    for section in SECTIONS:
        assert section.title
        assert section.text
        assert section.asked_as
        assert "<!--" not in section.text


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("how do I use chatty from python?", "Ask from a Python program"),
        ("How do I set a key?", "Set a key"),
        ("where do I put my OPENAI_API_KEY", "Set a key"),
        ("Which keys work in the terminal?", "The most useful keys"),
        ("keyboard shortcuts", "The most useful keys"),
        ("How do I use chatty in a script?", "Ask a question"),
        ("Can I use a local model?", "Use a local model or a custom endpoint"),
        ("ollama", "Use a local model or a custom endpoint"),
        ("What leaves my machine?", "What leaves the machine"),
        ("do you have telemetry??", "What leaves the machine"),
        ("what is chatty?", "What chatty is"),
        ("how do i get started", "Get started in the first minute"),
        ("how to quit", "Stop, copy and quit"),
        ("newline", "New line in a message"),
        ("how much does it cost", "Prices and costs"),
        ("exit codes", "Exit codes"),
        ("how can I pipe a file into it", "Pipe something in"),
        ("delete a conversation", "Rename, archive and delete"),
        ("how do I export", "Export a conversation"),
        ("import from llm", "Import a conversation"),
        ("rate limit", "Too many requests"),
        ("proxy", "Proxies and certificates"),
        ("how do I change the model", "Choose a model"),
        ("how do I back up", "Back up your data"),
        ("what's a project", "Projects"),
        ("how do prompts with variables work", "Variables in a prompt"),
        ("doctor", "First, run the doctor"),
        ("where are my api keys stored", "Where keys are kept"),
        ("how do I add a custom server", "Use a local model or a custom endpoint"),
        ("which models are there", "Choose a model"),
        ("I deleted a chat by mistake", "Bring back a conversation"),
        ("how do I undo a delete", "Bring back a conversation"),
        ("where is the database", "Where the data is"),
        ("the server does not start", "The server does not start"),
        ("how do I use a prompt in a script", "Prompts"),
        ("is there a team server", "The background server"),
        ("can it run tools", "What chatty cannot do yet"),
        ("can it search the web", "What chatty cannot do yet"),
        ("compare two models", "What chatty cannot do yet"),
        ("run in the background", "Answers in the background"),
        ("how do I remap a key", "Change a key"),
        ("how do I uninstall", "Delete everything"),
        ("how do I install chatty", "Install"),
        ("command not found", "Install"),
        ("does it work over ssh", "Several terminals at once"),
        ("what happens when I close the terminal", "The background server"),
        ("zsh completion", "Shell completion"),
        ("provider/auth", "The key is not accepted"),
        ("how do prompts work", "Prompts"),
        ("can I use claude", "Use a local model or a custom endpoint"),
        ("log file", "Start, stop and inspect it"),
        ("does anyone read my messages", "What leaves the machine"),
        ("self signed certificate", "Proxies and certificates"),
        ("cost of gpt-5", "Prices and costs"),
        ("what is the meaning of life", None),
        ("2+2", None),
        ("wie setze ich einen Schlüssel", None),
        ("asdfgh qwerty", None),
        ("write a poem about the sea", None),
        ("what is the capital of France?", None),
        ("Explain quantum computing", None),
        ('"); DROP TABLE section; -- NEAR(', None),
        ("🦊🦊🦊 zzz", None),
    ],
)
def test_questions_find_their_passage_or_honestly_none(
    index: GuideIndex, question: str, title: str | None
) -> None:
    found = re.match(r"\*\*(.+?)\*\*\n", answer(index, question))
    assert (found[1] if found else None) == title


def test_a_reply_names_its_page(index: GuideIndex) -> None:
    assert "“Models, providers and keys” (models-and-keys)" in answer(index, "How do I set a key?")


@pytest.mark.parametrize("question", ["", "   ", "hello", "Hi there!", "bonjour"])
def test_greetings_are_answered_with_what_can_be_asked(index: GuideIndex, question: str) -> None:
    reply = answer(index, question)
    assert reply.startswith("Hello.")
    assert "How do I set a key?" in reply


@pytest.mark.parametrize(
    "question", ["who are you?", "are you an AI", "are you chatgpt?", "What can you do?", "help", "?"]
)
def test_it_says_that_it_is_not_a_language_model(index: GuideIndex, question: str) -> None:
    assert "not a language model" in answer(index, question)


@pytest.mark.parametrize("question", ["hello", "thanks", "write a sonnet about autumn leaves"])
def test_how_to_choose_a_model_is_said_for_every_face(index: GuideIndex, question: str) -> None:
    reply = answer(index, question)
    assert "ctrl+l on the full screen" in reply
    assert "`-m PROVIDER/MODEL` everywhere else" in reply


def test_nothing_found_says_so_and_how_to_reach_a_model(index: GuideIndex) -> None:
    reply = answer(index, "write a sonnet about autumn leaves")
    assert "not a language model" in reply
    assert "ctrl+l" in reply


def test_the_disclaimer_is_not_in_every_reply(index: GuideIndex) -> None:
    assert "not a language model" not in answer(index, "how do I export")


def test_a_follow_up_is_read_with_the_question_before_it(index: GuideIndex) -> None:
    assert answer(index, "and how do I remove it?", ["How do I set a key?"]).startswith(
        "**Remove or change a key**"
    )


async def test_it_streams_words_at_a_pace_that_nobody_waits_for(
    guide: GuideProvider, sleep: FakeSleep
) -> None:
    reply = await ask(guide, ENDPOINT, ChatRequest("guide", [ChatMessage("user", "exit codes")]))
    deltas = [event.text for event in reply.events if isinstance(event, TextDelta)]
    assert len(deltas) > 50
    assert 0 < sum(sleep.pauses) < 0.4
    assert all(len(delta.split()) == 1 for delta in deltas)


async def test_without_pace_it_does_not_pause(guide: GuideProvider, sleep: FakeSleep) -> None:
    request = ChatRequest("guide", [ChatMessage("user", "exit codes")], {"pace": 0})
    reply = await ask(guide, ENDPOINT, request)
    assert sleep.pauses == []
    paced = await ask(guide, ENDPOINT, ChatRequest("guide", request.messages))
    assert reply.text == paced.text


@pytest.mark.parametrize("pace", [True, -1, float("inf"), float("nan"), "fast", None, []])
async def test_a_pace_that_means_nothing_is_ignored(
    guide: GuideProvider, sleep: FakeSleep, pace: bool | float | str | list[str] | None
) -> None:
    request = ChatRequest("guide", [ChatMessage("user", "exit codes")], {"pace": pace})
    await ask(guide, ENDPOINT, request)
    assert 0 < sum(sleep.pauses) < 0.4


async def test_the_first_words_come_at_once(guide: GuideProvider, sleep: FakeSleep) -> None:
    stream = guide.stream(ENDPOINT, ChatRequest("guide", [ChatMessage("user", "exit codes")]))
    first = await anext(stream)
    await stream.aclose()
    assert any(isinstance(event, TextDelta) for event in first)
    assert sleep.pauses == []


async def test_the_end_is_a_finish_and_an_estimate(guide: GuideProvider) -> None:
    reply = await ask(guide, ENDPOINT, ChatRequest("guide", [ChatMessage("user", "hi")], {"pace": 0}))
    finish, usage = reply.events[-2:]
    assert finish == Finished("stop")
    assert isinstance(usage, UsageReport)
    assert usage.estimated


async def test_it_can_be_closed_in_the_middle_of_a_reply(guide: GuideProvider) -> None:
    stream = guide.stream(ENDPOINT, ChatRequest("guide", [ChatMessage("user", "exit codes")]))
    await anext(stream)
    async with asyncio.timeout(1):
        await stream.aclose()


async def test_an_empty_conversation_is_a_greeting(guide: GuideProvider) -> None:
    reply = await ask(guide, ENDPOINT, ChatRequest("guide", [], {"pace": 0}))
    assert reply.text.startswith("Hello.")


def test_long_text_is_looked_up_by_its_beginning() -> None:
    searched: list[str] = []

    class Index(GuideIndex):
        def search(self, question: str, limit: int = 3) -> Sequence[Hit]:
            searched.append(question)
            return super().search(question, limit)

    with closing(Index(SECTIONS)) as index:
        answer(index, "how do I export a chat? " + "padding " * 500_000, ["earlier " * 500_000])
    assert 0 < max(map(len, searched)) < 5000
