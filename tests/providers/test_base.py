import copy
import pickle
from types import ModuleType

import pytest

from chatty.providers import groq, guide, openai
from chatty.providers.base import Endpoint, Secret
from chatty.providers.errors import ProviderError


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("sk-canary")
    endpoint = Endpoint("lab", "openai", None, secret)
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r}", repr(endpoint)):
        assert "canary" not in shown
    assert secret.reveal() == "sk-canary"


def test_a_secret_is_not_serialised() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("sk-canary"))


def test_secrets_are_equal_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1


def test_an_endpoint_can_be_copied() -> None:
    endpoint = Endpoint("lab", "openai", "http://127.0.0.1/v1")
    assert copy.copy(endpoint) == endpoint


def test_an_error_knows_whether_it_is_worth_trying_again() -> None:
    errors = [
        ProviderError("m", type="provider/overloaded", provider="p"),
        ProviderError("m", type="provider/auth", provider="p"),
    ]
    assert [error.retryable for error in errors] == [True, False]


@pytest.mark.parametrize(
    ("provider", "base_url", "needs_key"),
    [
        (openai, None, True),
        (openai, "https://api.openai.com/v1", True),
        (openai, "https://api.openai.com/v1/", True),
        (openai, "https://api.openai.com/v1.example/v1", False),
        (openai, "http://127.0.0.1:8080/v1", False),
        (groq, "https://api.groq.com/openai/v1", True),
        (groq, "https://api.groq.com.example/openai/v1", False),
        (guide, None, False),
    ],
)
def test_a_vendors_own_address_needs_a_key_however_it_is_written(
    provider: ModuleType, base_url: str | None, needs_key: bool
) -> None:
    assert provider.new_provider().capabilities.needs_key_at(base_url) is needs_key
