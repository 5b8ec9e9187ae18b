"""Providers: who can answer, and the keys people give for them. Keys go in and never come out."""

import re
import time
from typing import Final
from urllib.parse import urlsplit

from chatty.protocol import provider as models
from chatty.protocol.base import Empty
from chatty.protocol.errors import ProtocolError
from chatty.providers.errors import ProviderError
from chatty.providers.redaction import without_password
from chatty.server.context import RequestContext
from chatty.server.endpoints import BUILTIN_KINDS, KnownProvider
from chatty.server.errors import from_provider
from chatty.server.live.producing import key_missing
from chatty.server.registry import operation

_ADDRESS: Final = re.compile(r"https?://[^\s/?#]+[^\s?#\0-\x1f\x7f]*")
"""What the adapters take."""


@operation(
    "provider.list",
    models.ProviderListParams,
    models.ProviderListResult,
    kind="query",
    permission="provider.read",
)
async def list_(context: RequestContext, params: models.ProviderListParams) -> models.ProviderListResult:
    """List every provider, those that are ready first."""
    known = await context.services.endpoints.known(context.scope)
    shown = [await _shown(context, provider) for provider in known]
    return models.ProviderListResult(items=sorted(shown, key=lambda item: item.key_source == "missing"))


@operation(
    "provider.add",
    models.ProviderAddParams,
    models.ProviderAddResult,
    kind="mutation",
    permission="provider.write",
    errors=("storage/keyring_unavailable", "storage/keyring_locked", "storage/keys_file"),
)
async def add(context: RequestContext, params: models.ProviderAddParams) -> models.ProviderAddResult:
    """Add a named endpoint, or change one that exists: its key, its default model.

    The key is stored first: without it nothing is half done. It goes to the address it was given for, and
    to no other: an address that comes without one has none.
    """
    services = context.services
    services.refuse_if_read_only()
    known = next((p for p in await services.endpoints.known(context.scope) if p.name == params.name), None)
    _refuse_what_adds_nothing(params, known)
    if params.api_key is not None:
        await services.vault.keep(params.name, params.api_key, params.keep_in)
    elif params.base_url is not None and known is not None:
        await services.vault.forget(params.name)
    if params.base_url is not None:
        kind = BUILTIN_KINDS.get(params.name) or params.kind or "openai"
        await services.endpoints.put(context.scope, params.name, kind, params.base_url, params.default_model)
    elif known is not None and (params.default_model is not None or params.kind is not None):
        kind = BUILTIN_KINDS.get(params.name) or params.kind or known.kind
        default_model = params.default_model or known.default_model
        await services.endpoints.put(context.scope, params.name, kind, known.base_url, default_model)
    services.engine.look_for_keys_again(context.principal.user_id)
    provider = await services.endpoints.get(context.scope, params.name)
    return models.ProviderAddResult(provider=await _shown(context, provider))


@operation(
    "provider.test",
    models.ProviderTestParams,
    models.ProviderTestResult,
    kind="query",
    permission="provider.read",
)
async def test(context: RequestContext, params: models.ProviderTestParams) -> models.ProviderTestResult:
    """Ask a provider for its models. A failure is part of the answer, not an error of the request."""
    services = context.services
    provider = await services.endpoints.get(context.scope, params.name)
    began = time.perf_counter()
    error: ProtocolError | None = None
    count = 0
    endpoint, _ = await services.endpoints.find(provider, context.connection.credentials)
    if endpoint is None:
        error = key_missing(provider.name, services.endpoints.keyring_trouble, is_kept=False)
    else:
        try:
            count = len(await services.providers.get(endpoint.kind).list_models(endpoint))
        except ProviderError as failure:
            error = from_provider(failure)
    return models.ProviderTestResult(
        ok=error is None,
        models=count,
        error=None if error is None else {"message": error.message, **error.to_data()},
        elapsed_ms=round((time.perf_counter() - began) * 1000, 1),
    )


@operation(
    "provider.remove",
    models.ProviderRemoveParams,
    Empty,
    kind="mutation",
    permission="provider.write",
    errors=("storage/keyring_locked",),
)
async def remove(context: RequestContext, params: models.ProviderRemoveParams) -> Empty:
    """Forget a named endpoint and its key, or the key of a built-in provider."""
    services = context.services
    services.refuse_if_read_only()
    provider = await services.endpoints.get(context.scope, params.name)
    had_key = await services.vault.forget(params.name)
    if not provider.is_builtin or provider.base_url or provider.default_model:
        await services.endpoints.remove(context.scope, params.name)
    elif not had_key:
        raise ProtocolError(
            "not_found",
            f"no key is kept for {params.name}; one that is exported in a shell goes with that shell",
            details={"kind": "key"},
        )
    return Empty()


async def _shown(context: RequestContext, provider: KnownProvider) -> models.Provider:
    # Where this caller's requests go: a variable of its shell may name another address.
    endpoint, source = await context.services.endpoints.find(provider, context.connection.credentials)
    base_url = endpoint.base_url if endpoint is not None else provider.base_url
    return models.Provider(
        name=provider.name,
        kind=provider.kind,
        base_url=without_password(base_url) if base_url else None,
        default_model=context.services.endpoints.default_model(provider),
        key_source=source,
        builtin=provider.is_builtin,
    )


def _refuse_what_adds_nothing(params: models.ProviderAddParams, known: KnownProvider | None) -> None:
    """Refuse what no provider can be made of, before anything is kept."""
    if params.name == "guide":
        raise ProtocolError("invalid_params", "the guide is built in and needs nothing")
    if params.base_url is not None:
        _refuse_bad_address(params.base_url)
    elif known is None:
        raise ProtocolError(
            "invalid_params", f"{params.name} is new: say where it is, --base-url http://HOST:PORT/v1"
        )
    elif params.api_key is None and params.default_model is None and params.kind is None:
        raise ProtocolError(
            "invalid_params",
            f"{params.name} is known; without a key, an address or a default model there is nothing to keep",
        )


def _refuse_bad_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        is_good = _ADDRESS.fullmatch(address) and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise ProtocolError(
            "invalid_params", "base_url: an address like http://127.0.0.1:8080/v1, without ? and # behind it"
        )
    if "@" in parts.netloc:
        raise ProtocolError(
            "invalid_params",
            "base_url: no name and password in the address, where they are kept for all to read; "
            "give the key by itself",
        )
