import asyncio
import subprocess
import sys

import pytest

from chatty.providers.errors import ProviderError
from chatty.providers.registry import Providers
from tests.instruments.fake_upstream import FakeUpstream
from tests.providers.asking import ask, endpoint_at, request_for


async def test_all_kinds_are_there() -> None:
    providers = Providers()
    assert providers.kinds == ("openai", "groq", "guide")
    assert [providers.get(kind).capabilities.is_language_model for kind in providers.kinds] == [
        True,
        True,
        False,
    ]
    await providers.aclose()


def test_an_unknown_kind_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ProviderError, match="openai, groq, guide") as refused:
        Providers().get("carrier-pigeon")
    assert refused.value.type == "provider/bad_request"


async def test_warming_leaves_the_event_loop_free_and_makes_the_first_request_quick() -> None:
    providers = Providers()
    async with FakeUpstream() as upstream:
        await asyncio.gather(providers.warm(providers.kinds), providers.warm(["openai"]))
        reply = await ask(providers.get("openai"), endpoint_at(upstream.url), request_for("tok3"))
        await providers.aclose()
    assert reply.ending == "stop"


def _loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    return set(run.stdout.split())


def test_building_the_registry_imports_no_sdk_and_no_http() -> None:
    loaded = _loaded_after("from chatty.providers.registry import Providers; Providers()")
    assert loaded.isdisjoint({"openai", "groq", "httpx", "httpx2", "genai_prices", "pydantic"})


def test_the_guide_answers_without_them_too() -> None:
    code = (
        "import asyncio\n"
        "from chatty.providers.registry import Providers\n"
        "from chatty.providers.base import *\n"
        "async def main():\n"
        "    request = ChatRequest('guide', [ChatMessage('user', 'hi')], {'pace': 0})\n"
        "    stream = Providers().get('guide').stream(Endpoint('guide', 'guide'), request)\n"
        "    return [batch async for batch in stream]\n"
        "assert asyncio.run(main())"
    )
    assert _loaded_after(code).isdisjoint({"openai", "groq", "httpx", "httpx2", "genai_prices", "pydantic"})
