"""What models cost and how much they read: known facts, or plainly unknown.

The facts come from the genai-prices package (offline data, 47 vendors) and from a small table of ours where
it has a hole. Unknown is None and never zero. A price belongs to a vendor and not to a model's name: the same
name served at a custom address costs nobody knows what. Nothing here asks the network.

The first look-up imports genai-prices, about 120 ms: `preload` does that in a thread, ahead of time.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from chatty.providers.base import ChatMessage, UsageReport

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo as PricedModel

_MILLION: Final = Decimal(1_000_000)
_TOKENS_PER_MESSAGE: Final = 4
"""What the vendors' chat formats add to each message, roughly."""


_WIDE_SCRIPTS = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U0001f000-\U0003ffff]+")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, at the lowest tier."""

    input_usd: Decimal
    cached_input_usd: Decimal
    """The same as `input_usd` when the vendor gives no discount."""
    output_usd: Decimal


@dataclass(frozen=True, slots=True)
class _Override:
    """What we know better than the package; a field that is None changes nothing."""

    context_window: int | None = None
    price: Price | None = None


_FREE: Final = Price(Decimal(0), Decimal(0), Decimal(0))

_OVERRIDES: Final = {
    ("guide", "guide"): _Override(price=_FREE),
    # console.groq.com/docs/models, November 2026
    ("groq", "llama-3.3-70b-versatile"): _Override(context_window=131_072),
    ("groq", "llama-3.1-8b-instant"): _Override(context_window=131_072),
    ("groq", "meta-llama/llama-4-maverick-17b-128e-instruct"): _Override(context_window=131_072),
    ("groq", "meta-llama/llama-4-scout-17b-16e-instruct"): _Override(context_window=131_072),
    ("groq", "qwen/qwen3-32b"): _Override(context_window=131_072),
}

_DEFAULT_MODELS: Final = {"openai": "gpt-5-mini", "groq": "openai/gpt-oss-120b", "guide": "guide"}

_PRICED_PROVIDERS: Final = frozenset({"openai", "groq"})
"""Names that mean the vendor itself as long as no base URL says otherwise."""


def preload() -> None:
    """Import the price data, so that no request waits for it; blocks, so use a thread."""
    _find("openai", "gpt-5-mini", None)


def default_model(provider: str) -> str | None:
    """Return the model to use when only a provider was chosen; None for custom endpoints."""
    return _DEFAULT_MODELS.get(provider)


def context_window(provider: str, model: str, *, base_url: str | None = None) -> int | None:
    """Return how many tokens the model reads and writes together, or None when that is not known.

    `base_url` is the endpoint's, None at the vendor's own address.
    """
    override = _override(provider, model, base_url)
    if override.context_window is not None:
        return override.context_window
    found = _find(provider, model, base_url)
    return found.context_window if found else None


def price(provider: str, model: str, *, base_url: str | None = None) -> Price | None:
    """Return what the model costs, or None when that is not known."""
    override = _override(provider, model, base_url)
    if override.price is not None:
        return override.price
    found = _find(provider, model, base_url)
    return _price_of(found) if found else None


def cost_micros(provider: str, model: str, usage: UsageReport, *, base_url: str | None = None) -> int | None:
    """Return the cost in millionths of a US dollar, rounded to the nearest; None when it is not known.

    Tiers and cache discounts are those of the vendor. An estimated usage gives an estimated cost.
    """
    override = _override(provider, model, base_url)
    if override.price is not None:
        return _rounded(_flat_cost(override.price, usage))
    found = _find(provider, model, base_url)
    return _calculated(found, usage) if found else None


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text is: good to a third, for display and reserve, never for billing.

    No tokenizer ships its tables, so this counts characters by script: about four to a token in ASCII, three
    in other alphabets, fewer than one and a half in Chinese, Japanese and Korean.
    """
    if text.isascii():
        return math.ceil(len(text) / 4)
    wide = sum(map(len, _WIDE_SCRIPTS.findall(text)))
    ascii_length = len(text.encode("ascii", "ignore"))
    return math.ceil(ascii_length / 4 + wide * 0.8 + (len(text) - ascii_length - wide) / 3)


def estimate_usage(messages: Sequence[ChatMessage], reply: str) -> UsageReport:
    """Return an estimate, marked as such, for a reply whose provider reported nothing."""
    return UsageReport(
        input_tokens=sum(estimate_tokens(message.text) + _TOKENS_PER_MESSAGE for message in messages),
        cached_input_tokens=0,
        output_tokens=estimate_tokens(reply),
        reasoning_tokens=0,
        estimated=True,
    )


def _override(provider: str, model: str, base_url: str | None) -> _Override:
    return _OVERRIDES.get((provider, model), _Override()) if base_url is None else _Override()


@lru_cache(maxsize=1024)
def _find(provider: str, model: str, base_url: str | None) -> "PricedModel | None":
    from genai_prices.data_snapshot import get_snapshot  # 120 ms

    if base_url is None and provider not in _PRICED_PROVIDERS:
        return None
    try:
        _, found = get_snapshot().find_provider_model(model, None, None if base_url else provider, base_url)
    except LookupError:
        return None
    return found


def _calculated(found: "PricedModel", usage: UsageReport) -> int | None:
    from datetime import UTC, datetime

    from genai_prices import Usage

    prices = found.get_prices(datetime.now(UTC))
    counted = Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=min(usage.cached_input_tokens, usage.input_tokens),
        output_tokens=usage.output_tokens,
    )
    if prices.input_mtok is None or prices.output_mtok is None:
        return None
    return _rounded(prices.calc_price(counted)["total_price"])


def _price_of(found: "PricedModel") -> Price | None:
    from datetime import UTC, datetime

    prices = found.get_prices(datetime.now(UTC))
    input_usd, output_usd = _lowest(prices.input_mtok), _lowest(prices.output_mtok)
    if input_usd is None or output_usd is None:
        return None
    cached = _lowest(prices.cache_read_mtok)
    return Price(input_usd, input_usd if cached is None else cached, output_usd)


def _lowest(amount: object) -> Decimal | None:
    """Return a price, or the first tier of a tiered one."""
    base = getattr(amount, "base", amount)
    return base if isinstance(base, Decimal) else None


def _flat_cost(flat: Price, usage: UsageReport) -> Decimal:
    fresh = max(usage.input_tokens - usage.cached_input_tokens, 0)
    total = fresh * flat.input_usd + usage.cached_input_tokens * flat.cached_input_usd
    return (total + usage.output_tokens * flat.output_usd) / _MILLION


def _rounded(usd: Decimal) -> int:
    return int((usd * _MILLION).to_integral_value(ROUND_HALF_UP))
