"""Groq, whose API is OpenAI's under another path and whose SDK wants the older httpx.

All the work is in `_sdk_provider.py` and `_openai_wire.py`; here is only what the Groq SDK is called.
"""

from typing import Any

from chatty.providers._sdk_provider import Sdk, SdkProvider, Vendor
from chatty.providers.base import Capabilities

OWN_ADDRESS = "https://api.groq.com"


def _load() -> Sdk:
    import logging

    import groq  # 130 to 190 ms

    # Its debug lines carry whole requests, prompts included, whatever level the server logs at.
    logging.getLogger("groq").setLevel(logging.WARNING)

    def make_client(base_url: str, http_client: Any) -> Any:
        return groq.AsyncGroq(
            api_key="given with each request",
            # The SDK's paths begin with this; many people's base URL ends with it.
            base_url=base_url.removesuffix("/openai/v1"),
            max_retries=0,
            http_client=http_client,
        )

    return Sdk(
        make_client=make_client,
        stream_class=groq.AsyncStream[object],
        no_header=groq.Omit(),
        status_error=groq.APIStatusError,
        connection_error=groq.APIConnectionError,
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
    completions_path="/openai/v1/chat/completions",
    models_path="/openai/v1/models",
    load=_load,
    renamed_at_home={"max_tokens": "max_completion_tokens"},
)


def new_provider() -> SdkProvider:
    """Return the adapter; nothing is imported or opened before its first use."""
    return SdkProvider(VENDOR)
