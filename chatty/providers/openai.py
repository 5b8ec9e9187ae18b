"""OpenAI, and every server that speaks its chat completions: one adapter, chosen by base URL.

Ollama, llama.cpp, vLLM, LM Studio, OpenRouter, DeepSeek and Mistral are endpoints of this kind. All the
work is in `_sdk_provider.py` and `_openai_wire.py`; here is only what the OpenAI SDK is called.
"""

from typing import Any

from chatty.providers._sdk_provider import Sdk, SdkProvider, Vendor
from chatty.providers.base import Capabilities

OWN_ADDRESS = "https://api.openai.com/v1"


def _load() -> Sdk:
    import logging

    import openai  # 340 to 520 ms

    import chatty.providers.transport  # noqa: F401  its httpx in the same thread, for the same reason

    # Its debug lines carry whole requests, prompts included, whatever level the server logs at.
    logging.getLogger("openai").setLevel(logging.WARNING)

    def make_client(base_url: str, http_client: Any) -> Any:
        client = openai.AsyncOpenAI(
            api_key="given with each request", base_url=base_url, max_retries=0, http_client=http_client
        )
        # The SDK takes these from this process's environment, which is not the caller's.
        client.organization = client.project = None
        return client

    return Sdk(
        make_client=make_client,
        stream_class=openai.AsyncStream[object],
        no_header=openai.Omit(),
        status_error=openai.APIStatusError,
        connection_error=openai.APIConnectionError,
    )


VENDOR = Vendor(
    capabilities=Capabilities(
        needs_key=True,
        takes_base_url=True,
        lists_models=True,
        reports_usage=True,
        reasons=True,
        is_language_model=True,
        own_address=OWN_ADDRESS,
    ),
    completions_path="/chat/completions",
    models_path="/models",
    load=_load,
    renamed_at_home={"max_tokens": "max_completion_tokens"},
)


def new_provider() -> SdkProvider:
    """Return the adapter; nothing is imported or opened before its first use."""
    return SdkProvider(VENDOR)
