from decimal import Decimal

import pytest

from chatty.providers import catalog
from chatty.providers.base import ChatMessage, UsageReport
from chatty.providers.catalog import Price

USAGE = UsageReport(input_tokens=1000, cached_input_tokens=200, output_tokens=500, reasoning_tokens=100)


def test_known_models_have_a_price_a_window_and_a_cost() -> None:
    assert catalog.price("openai", "gpt-4o") == Price(Decimal("2.5"), Decimal("1.25"), Decimal(10))
    assert catalog.context_window("openai", "gpt-4o") == 128_000
    assert catalog.cost_micros("openai", "gpt-4o", USAGE) == 7250


@pytest.mark.parametrize(
    ("provider", "model", "base_url"),
    [
        ("openai", "no-such-model", None),
        ("lab", "gpt-4o", None),
        ("openai", "gpt-4o", "http://127.0.0.1:8080/v1"),
        ("groq", "gpt-4o", "http://127.0.0.1:8080/v1"),
        ("guide", "guide", "http://127.0.0.1:8080/v1"),
        ("openai", "text-embedding-3-small", None),
    ],
)
def test_what_is_not_known_is_none_and_never_zero(provider: str, model: str, base_url: str | None) -> None:
    assert catalog.price(provider, model, base_url=base_url) is None
    assert catalog.cost_micros(provider, model, USAGE, base_url=base_url) is None


def test_a_window_belongs_to_a_vendor_as_well() -> None:
    assert catalog.context_window("lab", "gpt-4o", base_url="http://127.0.0.1:8080/v1") is None


def test_a_custom_name_for_a_vendors_own_address_has_the_vendors_price() -> None:
    assert catalog.cost_micros("work", "gpt-4o", USAGE, base_url="https://api.openai.com/v1") == 7250


def test_our_table_fills_the_holes() -> None:
    assert catalog.context_window("groq", "llama-3.3-70b-versatile") == 131_072
    assert catalog.cost_micros("groq", "llama-3.3-70b-versatile", USAGE) == 985


def test_the_guide_costs_nothing() -> None:
    assert catalog.cost_micros("guide", "guide", USAGE) == 0


def test_more_cached_than_read_is_not_a_crash() -> None:
    odd = UsageReport(input_tokens=10, cached_input_tokens=50, output_tokens=1, reasoning_tokens=0)
    cost = catalog.cost_micros("openai", "gpt-4o", odd)
    assert cost is not None
    assert cost > 0


@pytest.mark.parametrize("provider", ["openai", "groq", "guide"])
def test_default_models_are_priced(provider: str) -> None:
    model = catalog.default_model(provider)
    assert model is not None
    assert catalog.price(provider, model) is not None


def test_a_custom_endpoint_has_no_default_model() -> None:
    assert catalog.default_model("lab") is None


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("The quick brown fox jumps over the lazy dog.", 8, 14),
        ("東京都は日本の首都です", 6, 12),
        ("Привет, как у тебя дела сегодня?", 7, 14),
        ("x" * 4000, 900, 1100),
    ],
)
def test_estimates_are_near(text: str, least: int, most: int) -> None:
    assert least <= catalog.estimate_tokens(text) <= most


def test_an_estimated_usage_says_so() -> None:
    messages = [ChatMessage("system", "be brief"), ChatMessage("user", "hello there")]
    assert catalog.estimate_usage(messages, "hi") == UsageReport(13, 0, 1, 0, estimated=True)
