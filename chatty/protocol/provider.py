"""Providers: the vendors and endpoints that answer, and the models they serve. Secrets are write-only."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from chatty.protocol.base import JsonObject, Params, Result, WireModel
from chatty.protocol.message import ModelName


def _checked_name(name: str) -> str:
    if not re.fullmatch(_NAME, name):
        raise ValueError(
            "a provider's name is up to 63 lower-case letters, digits, dots, dashes and underscores"
        )
    return name


_NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"
ProviderName = Annotated[str, AfterValidator(_checked_name), Field(json_schema_extra={"pattern": _NAME})]
ProviderKind = Literal["openai", "groq"]


class Provider(WireModel):
    """A vendor or endpoint, without its key."""

    name: str
    kind: str
    """Which translator it uses: ``openai``, ``groq`` or ``guide``."""
    base_url: str | None = None
    default_model: str | None = None
    key_source: str
    """``environment``, ``keyring``, ``file``, ``missing``, or ``not_needed``."""
    builtin: bool


class ProviderListParams(Params):
    """Every provider, ready or not."""


class ProviderListResult(Result):
    """Providers, those that are ready first."""

    items: list[Provider]


class ProviderAddParams(Params):
    """Add a named endpoint, or change one that exists: its key, its default model.

    With ``base_url`` it is described anew, and a key that was kept for another address is forgotten.
    """

    name: ProviderName
    kind: ProviderKind | None = None
    """Absent: the provider's own, or ``openai`` for a new name."""
    base_url: Annotated[str, Field(max_length=2000)] | None = None
    default_model: Annotated[str, Field(max_length=300)] | None = None
    api_key: Annotated[str, Field(min_length=1, max_length=10000)] | None = Field(default=None, repr=False)
    keep_in: Literal["keyring", "file"] = "keyring"
    """Where the key is kept. ``file`` is a plain, labelled file only the owner can read."""


class ProviderAddResult(Result):
    """The provider as it is now."""

    provider: Provider


class ProviderTestParams(Params):
    """Ask a provider for its models, as the cheapest proof that the key works."""

    name: ProviderName


class ProviderTestResult(Result):
    """Whether it answered."""

    ok: bool
    models: int
    """How many models it serves."""
    error: JsonObject | None = None
    elapsed_ms: float


class ProviderRemoveParams(Params):
    """Forget a named endpoint, or the key of a built-in provider."""

    name: ProviderName


class Model(WireModel):
    """Something that can answer."""

    id: str
    """``PROVIDER/MODEL``."""
    provider: str
    name: str
    context_tokens: int | None = None
    input_usd_per_million: float | None = None
    """List price; ``None`` when unknown."""
    output_usd_per_million: float | None = None
    is_ready: bool
    """Its provider can be asked now."""
    is_default: bool = False


class ModelListParams(Params):
    """The merged catalogue."""

    provider: ProviderName | None = None
    all: bool = False
    """Also what no provider at hand serves."""


class Unanswered(WireModel):
    """A provider that could be asked for its models and did not say."""

    provider: str
    error: JsonObject
    """As in a failed run: ``message``, ``type``, ``retryable`` and what belongs to the type."""


class ModelListResult(Result):
    """Models by provider and name."""

    items: list[Model]
    default: ModelName | None = None
    """What an unnamed model means on this connection; ``None`` when a choice is needed."""
    unanswered: list[Unanswered] = []
    """Whose models are missing here, and why."""
