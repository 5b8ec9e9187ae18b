"""What the guide says: the passage that fits a question, a greeting, or an honest "nothing found".

Pure but for the index it is given. Every reply is Markdown; none pretends to be a model's.
"""

import re
from collections.abc import Sequence
from typing import Final

from chatty.providers.guide.index import GuideIndex, Hit, content_words

_ENOUGH: Final = 0.5
"""The part of a question's words that a section must contain to count as about it."""
_MAX_ANSWER_LENGTH: Final = 1400

_WORD = re.compile(r"\w+")
_GREETINGS = frozenset(
    _WORD.findall(
        "hi hello hey hallo hej hola bonjour salut ciao moin servus yo greetings good morning day there"
    )
)
_THANKS = frozenset(
    _WORD.findall("thanks thank you thx ty danke merci gracias cheers ok okay great cool nice bye")
)
_ABOUT = re.compile(
    r"\b(?:who|what) (?:are|r) (?:you|u)\b"
    r"|\bare you (?:a |an )?(?:ro)?(?:bot|ai|llm|(?:chat)?gpt|claude|model|human|real|language)"
    r"|\bwhat can (?:you|i) (?:do|ask)\b|\bwhat do you (?:do|know)\b|^\s*/?help\W*$|^\s*\?\s*$"
)

_EXAMPLES: Final = """
- How do I set a key?
- Which keys work in the terminal?
- How do I use chatty in a script?
- Can I use a local model?
- What leaves my machine?
"""

_CHOOSE: Final = (
    "A model is chosen with ctrl+l on the full screen, and with `-m PROVIDER/MODEL` everywhere else."
)
"""How to choose, whatever the guide was asked from: it does not know."""

_WELCOME: Final = f"""\
Hello. I am the guide built into chatty: I look things up in its documentation and quote what fits. I am not \
a language model, so I cannot chat or write for you. You could ask me:
{_EXAMPLES}
To talk to a real model, set a key (`OPENAI_API_KEY` or `GROQ_API_KEY`), or add any server that speaks \
OpenAI's protocol with `chatty providers add`. {_CHOOSE}"""

_ABOUT_ME: Final = f"""\
I am the guide built into chatty. I am not a language model: I search chatty's documentation, quote the \
passage that fits best and name its page. I need no key and no network, and I cost nothing. You could ask me:
{_EXAMPLES}"""

_WELCOME_BACK: Final = f"""\
Gladly. Ask me anything else about chatty; for everything beyond it, choose a model. {_CHOOSE}"""

_NOTHING: Final = f"""\
I found nothing about that in chatty's documentation. I am the built-in guide, not a language model: I can \
only look things up there. You could ask me:
{_EXAMPLES}
For anything else, set a key for a provider and choose one of its models. {_CHOOSE}"""


_LONGEST_QUESTION: Final = 2000
"""Characters of a message that are looked up: every word of a piped log would cost a search."""


def answer(index: GuideIndex, question: str, earlier: Sequence[str] = ()) -> str:
    """Return the reply to a question; `earlier` are the user's messages before it, oldest first."""
    question, earlier = question[:_LONGEST_QUESTION], [text[:_LONGEST_QUESTION] for text in earlier[-1:]]
    asked = question.lower()
    words = set(_WORD.findall(asked))
    if _ABOUT.search(asked):
        return _ABOUT_ME
    if words <= _GREETINGS:
        return _WELCOME
    if words <= _THANKS:
        return _WELCOME_BACK
    hits = _fitting(index, question, earlier)
    return _quotation(hits) if hits else _NOTHING


def _fitting(index: GuideIndex, question: str, earlier: Sequence[str]) -> Sequence[Hit]:
    """Return hits that cover the question, alone or as a follow-up of the one before."""
    words = content_words(question)
    if not words and "chatty" in question.lower():
        return index.search("overview")  # "what is chatty?" consists of common words
    hits = [hit for hit in index.search(question) if _is_about(hit)]
    is_short = len(words) <= 1
    if (not hits or is_short) and earlier:
        together = index.search(f"{question} {earlier[-1]}")
        hits = [hit for hit in together if hit.coverage > _ENOUGH] or hits
    return hits


def _is_about(hit: Hit) -> bool:
    """Tell whether a section answers: half of the words by chance, in its text alone, are not enough."""
    return hit.coverage > _ENOUGH or (hit.coverage == _ENOUGH and hit.is_named)


def _quotation(hits: Sequence[Hit]) -> str:
    section = hits[0].section
    text = _shortened(section.text)
    reply = f"**{section.title}**\n\n{text}\n\n*From the page “{section.page_title}” ({section.page})"
    reply += ", looked up by the built-in guide.*"
    others = [f"“{hit.section.title}”" for hit in hits[1:] if hit.section.title != section.title]
    if others:
        reply += f"\n\nSee also: {', '.join(others)}."
    return reply


def _shortened(text: str) -> str:
    """Return whole paragraphs up to a length, at least one; code blocks stay whole."""
    if len(text) <= _MAX_ANSWER_LENGTH:
        return text
    kept: list[str] = []
    for block in text.split("\n\n"):
        if kept and sum(map(len, kept)) + len(block) > _MAX_ANSWER_LENGTH:
            break
        kept.append(block)
    return "\n\n".join(kept)
