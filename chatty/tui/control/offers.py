"""Who could answer, as the first-run screen offers it. Pure."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from chatty.tui import wire
from chatty.tui.wishes import ProviderOffer

OWN_SERVER = "own-server"
"""Name of the offer that stands for a server of one's own, which is asked for."""

_FOUND_WORDS = {"keyring": "its key is in the keyring", "file": "its key is in a file only you can read"}
_ENVIRONMENT_WORDS = {"openai": "OPENAI_API_KEY is set", "groq": "GROQ_API_KEY is set"}


def offers(providers: Sequence[dict[str, Any]]) -> list[ProviderOffer]:
    """The offers for the providers of `provider.list`: found ones, those to set up, the guide."""
    shown = [_offer(provider) for provider in providers if provider["kind"] != "guide"]
    return [
        *(offer for offer in shown if offer.group == "Found"),
        *(offer for offer in shown if offer.group == "Set up"),
        ProviderOffer(
            OWN_SERVER, "Another server", "needs an address", "any OpenAI-compatible one", "Set up"
        ),
        ProviderOffer("guide", "The guide", "ready", "offline, answers about chatty", "Built in"),
    ]


def endpoint_name(address: str) -> str:
    """A provider's name made of an address: `http://127.0.0.1:8080/v1` is `127.0.0.1-8080`."""
    try:
        place = urlsplit(address).netloc
    except ValueError:
        place = ""
    name = re.sub(r"[^a-z0-9._-]+", "-", place.rpartition("@")[2].lower()).strip("-._")
    return name[:63] or "own-server"


def _offer(provider: dict[str, Any]) -> ProviderOffer:
    name = wire.line(provider["name"])
    title = wire.PROVIDER_TITLES.get(name, name)
    source = provider["key_source"]
    if source == "missing":
        return ProviderOffer(name, title, "needs a key", "", "Set up")
    if source == "environment":
        found = _ENVIRONMENT_WORDS.get(name, "its key is set in your shell")
    else:
        found = _FOUND_WORDS.get(source) or f"at {wire.line(provider.get('base_url'))}"
    return ProviderOffer(name, title, "ready", found, "Found")
