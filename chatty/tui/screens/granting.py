"""Acts on what the program behind the screen wants of the person."""

from functools import partial
from typing import TYPE_CHECKING

from chatty.tui.overlays.entry import Entry
from chatty.tui.overlays.question import Question
from chatty.tui.screens.chat_actions import key_entry
from chatty.tui.screens.first_run import FirstRun
from chatty.tui.wishes import Ask, ProviderOffer, Returned, Wishes

if TYPE_CHECKING:
    from chatty.tui.screens.chat import ChatScreen


def grant(screen: "ChatScreen", wishes: Wishes) -> None:
    """Do what is wanted, once."""
    screen.composer.add_earlier(wishes.earlier_prompts)
    for returned in wishes.texts:
        screen.writing.give_back(returned)
    if wishes.texts:
        screen.call_later(_keep, screen, wishes.texts)
    for question in wishes.questions:
        _ask(screen, question)
    if wishes.offers and screen.composer.is_empty and screen.app.screen is screen:
        # Whoever has begun to write has decided to ask what is there.
        _offer(screen, wishes.offers)
    if wishes.show_message:
        screen.transcript.show_message(wishes.show_message)


async def _keep(screen: "ChatScreen", texts: list[Returned]) -> None:
    """Bring what was given back to the disk; where that fails nobody is told that it is safe."""
    if await screen.writing.save():
        for returned in texts:
            returned.when_kept()


def _ask(screen: "ChatScreen", question: Ask) -> None:
    def answered(is_yes: bool | None) -> None:
        if is_yes:
            question.act()

    screen.app.push_screen(Question(question.name, question.text, question.yes), answered)


def _offer(screen: "ChatScreen", offers: list[ProviderOffer], at: str = "") -> None:
    """Ask who should answer, with the cursor on an offer."""
    screen.app.push_screen(FirstRun(offers, at), partial(_chosen, screen, offers))


def _chosen(screen: "ChatScreen", offers: list[ProviderOffer], name: str | None) -> None:
    """Begin with who was chosen; ask first for what is missing. Nobody chosen is the guide."""
    offer = next((offer for offer in offers if offer.name == name), None)
    if offer is None or offer.state == "ready":
        screen.backend.choose_provider(offer.name if offer else "guide")
        return

    def given(words: str | None) -> None:
        if not words:
            _offer(screen, offers, offer.name)
        elif offer.state == "needs a key":
            # Who answers is settled with the key, not before: it may be refused, or not be kept at all.
            screen.backend.set_key(offer.name, words, partial(screen.backend.choose_provider, offer.name))
        else:
            screen.backend.add_endpoint(words)

    is_for_key = offer.state == "needs a key"
    screen.app.push_screen(key_entry(offer.title) if is_for_key else _address_entry(), given)


def _address_entry() -> Entry:
    return Entry("Its address", placeholder="http://127.0.0.1:8080/v1", hint="use it")
