"""The merged catalogue: what every provider at hand serves, with prices as far as they are known."""

import asyncio
import logging

from chatty.protocol import provider as wire_models
from chatty.protocol.errors import ProtocolError
from chatty.providers import catalog
from chatty.providers.errors import ProviderError
from chatty.server.context import RequestContext
from chatty.server.endpoints import KnownProvider
from chatty.server.errors import from_provider
from chatty.server.registry import operation

logger = logging.getLogger(__name__)

ASK_SECONDS = 8.0
"""How long one provider may take to say what it serves."""


@operation(
    "model.list",
    wire_models.ModelListParams,
    wire_models.ModelListResult,
    kind="query",
    permission="model.read",
    errors=("provider/auth", "provider/unreachable"),
)
async def list_(context: RequestContext, params: wire_models.ModelListParams) -> wire_models.ModelListResult:
    """List models. One provider that does not answer never hides the others' models."""
    services = context.services
    if params.provider is not None:
        known = [await services.endpoints.get(context.scope, params.provider)]
    else:
        known = list(await services.endpoints.known(context.scope))
    await asyncio.to_thread(catalog.preload)
    found = await asyncio.gather(
        *(_served(context, provider, is_only=params.provider is not None) for provider in known)
    )
    items = [model for models in found for model in models if params.all or model.is_ready]
    default = await _default(context)
    return wire_models.ModelListResult(
        items=[model.model_copy(update={"is_default": model.id == default}) for model in items],
        default=default,
    )


async def _served(
    context: RequestContext, provider: KnownProvider, *, is_only: bool
) -> list[wire_models.Model]:
    """Return a provider's models; just its default when it cannot be asked."""
    services = context.services
    endpoint, _ = await services.endpoints.find(provider, context.connection.credentials)
    default = services.endpoints.default_model(provider)
    fallback = [_shown(provider, default, None, is_ready=endpoint is not None)] if default else []
    if endpoint is None:
        return fallback
    try:
        async with asyncio.timeout(ASK_SECONDS):
            served = await services.providers.get(endpoint.kind).list_models(endpoint)
    except (ProviderError, TimeoutError) as error:
        logger.info("%s did not list its models: %s", provider.name, error)
        if is_only and isinstance(error, ProviderError):
            raise from_provider(error) from error
        return fallback
    return [_shown(provider, model.id, model.context_window, is_ready=True) for model in served]


def _shown(
    provider: KnownProvider, model: str, context_window: int | None, *, is_ready: bool
) -> wire_models.Model:
    price = catalog.price(provider.name, model, base_url=provider.base_url)
    window = context_window or catalog.context_window(provider.name, model, base_url=provider.base_url)
    return wire_models.Model(
        id=f"{provider.name}/{model}",
        provider=provider.name,
        name=model,
        context_tokens=window,
        input_usd_per_million=float(price.input_usd) if price else None,
        output_usd_per_million=float(price.output_usd) if price else None,
        is_ready=is_ready,
    )


async def _default(context: RequestContext) -> str | None:
    try:
        choice = await context.services.endpoints.choose(context.scope, None, context.connection.credentials)
    except ProtocolError:
        return None
    return f"{choice.provider}/{choice.model}"
