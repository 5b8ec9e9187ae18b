"""The provider keys of the caller's own environment, as ``initialize`` carries them.

They are sent only over a unix socket whose owner was checked; the caller of this module sees to
that. Nothing here is stored, logged or given to a child process. Standard library only.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER_VARIABLES = (
    ("openai", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    ("groq", "GROQ_API_KEY", "GROQ_BASE_URL"),
)
"""Provider, its key's variable, its address's variable: the names their own tools read."""

NETWORK_VARIABLES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""How the caller's shell reaches the network; a proxy's address may hold a password."""


def provider_credentials(environ: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """Return ``{"providers": {name: {"api_key"?, "base_url"?}}, "network": {variable: value}}``.

    Providers of which nothing is set are left out, and so are empty values.
    """
    providers: dict[str, object] = {}
    for name, key_variable, address_variable in PROVIDER_VARIABLES:
        credential = {}
        if key := environ.get(key_variable):
            credential["api_key"] = key
        if address := environ.get(address_variable):
            credential["base_url"] = address
        if credential:
            providers[name] = credential
    network: dict[str, object] = {
        variable: value for variable in NETWORK_VARIABLES if (value := environ.get(variable))
    }
    return {"providers": providers, "network": network}
