"""The merged catalogue: what every provider at hand serves, with prices as far as they are known."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from chatty.protocol import provider as wire_models
from chatty.protocol.errors import ProtocolError
from chatty.providers import catalog
from chatty.providers.base import ModelInfo
from chatty.providers.errors import ProviderError
from chatty.server.context import RequestContext
from chatty.server.endpoints import KnownProvider
from chatty.server.errors import from_provider
from chatty.server.registry import operation

ASK_SECONDS = 8.0
"""How long one provider may take to say what it serves."""


@operation(
    "model.list",
    wire_models.ModelListParams,
    wire_models.ModelListResult,
    kind="query",
    permission="model.read",
    errors=("provider/auth", "provider/timeout", "provider/unreachable"),
)
async def list_(context: RequestContext, params: wire_models.ModelListParams) -> wire_models.ModelListResult:
    """List models. One provider that does not answer never hides the others' models: it is named."""
    services = context.services
    if params.provider is not None:
        known = [await services.endpoints.get(context.scope, params.provider)]
    else:
        known = list(await services.endpoints.known(context.scope))
    await asyncio.to_thread(catalog.preload)
    answers = await asyncio.gather(*(_ask(context, provider) for provider in known))
    failures = [answer.failure for answer in answers if answer.failure is not None]
    if params.provider is not None and failures:
        raise failures[0]
    items = [model for answer in answers for model in answer.models if params.all or model.is_ready]
    default = await _default(context)
    return wire_models.ModelListResult(
        items=[model.model_copy(update={"is_default": model.id == default}) for model in items],
        default=default,
        unanswered=[answer.told() for answer in answers if answer.failure is not None],
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one provider serves: just its default model when it could not be asked or did not say."""

    provider: str
    models: Sequence[wire_models.Model]
    failure: ProtocolError | None = None

    def told(self) -> wire_models.Unanswered:
        assert self.failure is not None
        error = {"message": self.failure.message, **self.failure.to_data()}
        return wire_models.Unanswered(provider=self.provider, error=error)


async def _ask(context: RequestContext, provider: KnownProvider) -> _Answer:
    services = context.services
    endpoint, _ = await services.endpoints.find(provider, context.connection.credentials)
    base_url = provider.base_url if endpoint is None else endpoint.base_url  # the caller's shell may differ
    default = services.endpoints.default_model(provider)
    is_ready = endpoint is not None
    fallback = [_shown(provider, base_url, ModelInfo(default), is_ready=is_ready)] if default else []
    if endpoint is None:
        return _Answer(provider.name, fallback)
    try:
        async with asyncio.timeout(ASK_SECONDS):
            served = await services.providers.get(endpoint.kind).list_models(endpoint)
    except ProviderError as error:
        return _Answer(provider.name, fallback, from_provider(error))
    except TimeoutError:
        silent = f"{provider.name} did not list its models within {ASK_SECONDS:g} s"
        return _Answer(provider.name, fallback, ProtocolError("provider/timeout", silent))
    return _Answer(provider.name, [_shown(provider, base_url, model, is_ready=True) for model in served])


def _shown(
    provider: KnownProvider, base_url: str | None, model: ModelInfo, *, is_ready: bool
) -> wire_models.Model:
    price = catalog.price(provider.name, model.id, base_url=base_url)
    window = model.context_window or catalog.context_window(provider.name, model.id, base_url=base_url)
    return wire_models.Model(
        id=f"{provider.name}/{model.id}",
        provider=provider.name,
        name=model.id,
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
