"""Which provider answers under which name, with whose key, and what an unnamed model means.

It calls no provider. Names and addresses come from the store, keys from the vault.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from chatty.protocol.errors import ProtocolError
from chatty.protocol.lifecycle import ProviderCredentials
from chatty.providers import catalog
from chatty.providers.base import Endpoint
from chatty.providers.registry import Providers
from chatty.server.clock import now_ms
from chatty.server.stores import Stores
from chatty.server.turns import ModelChoice
from chatty.server.vault import KeySource, Vault
from chatty.store import provider_endpoints
from chatty.store.database import Scope
from chatty.store.rows import ProviderEndpoint

GUIDE: Final = "guide"
BUILTIN_KINDS: Final[Mapping[str, str]] = {"openai": "openai", "groq": "groq", GUIDE: GUIDE}
"""Built-in provider -> its translator."""


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """A provider as configured, without its key."""

    name: str
    kind: str
    base_url: str | None
    default_model: str | None
    is_builtin: bool


class Endpoints:
    """Finds providers for a caller."""

    def __init__(self, stores: Stores, vault: Vault, providers: Providers) -> None:
        self._stores = stores
        self._vault = vault
        self._providers = providers
        self._known: dict[str, Sequence[KnownProvider]] = {}
        """By workspace; every run asks, and only `put` and `remove` change it."""
        self._changes = 0

    async def known(self, scope: Scope) -> Sequence[KnownProvider]:
        """Return every provider there is: built-in ones first, then named endpoints by name."""
        while (known := self._known.get(scope.workspace_id)) is None:
            changes = self._changes
            rows = await self._stores.durable.read(scope, provider_endpoints.list_all)
            if changes == self._changes:  # else what was read may be older than a change made meanwhile
                self._known[scope.workspace_id] = _with_builtin(rows)
        return known

    async def put(
        self, scope: Scope, name: str, kind: str, base_url: str | None, default_model: str | None
    ) -> None:
        """Write where a provider is reached."""
        await self._stores.durable.write(
            scope, provider_endpoints.put, name, kind, base_url, default_model, None, now_ms()
        )
        self._forget_known(scope)

    async def remove(self, scope: Scope, name: str) -> None:
        """Forget where a provider is reached. Raises `NotFound`."""
        await self._stores.durable.write(scope, provider_endpoints.remove, name)
        self._forget_known(scope)

    def _forget_known(self, scope: Scope) -> None:
        self._changes += 1
        self._known.pop(scope.workspace_id, None)

    async def get(self, scope: Scope, name: str) -> KnownProvider:
        """Return one provider.

        Raises:
            ProtocolError: `not_found`: no provider has this name.
        """
        known = await self.known(scope)
        for provider in known:
            if provider.name == name:
                return provider
        names = ", ".join(provider.name for provider in known)
        raise ProtocolError(
            "not_found",
            f"there is no provider {name[:60]!r}; there are {names}. Add one: chatty providers add NAME",
            details={"kind": "provider"},
        )

    @property
    def keyring_trouble(self) -> str | None:
        """Why the keyring gave no answer when it was asked last; it may give one later."""
        return self._vault.keyring_trouble

    async def find(
        self, provider: KnownProvider, credentials: ProviderCredentials | None
    ) -> tuple[Endpoint | None, KeySource | str]:
        """Return where to reach a provider for this caller, and where its key came from.

        The endpoint is `None` when a key is needed and there is none.
        """
        base_url = provider.base_url
        network: Mapping[str, str] = {}
        if credentials is not None:
            own = credentials.providers.get(provider.name)
            base_url = (own.base_url if own else None) or base_url
            network = credentials.network
        capabilities = self._providers.get(provider.kind).capabilities
        if not capabilities.needs_key:
            return Endpoint(provider.name, provider.kind, base_url, None, network), "not_needed"
        key, source = await self._vault.find(provider.name, credentials)
        if key is None and capabilities.needs_key_at(base_url):
            return None, "missing"
        trouble = None if key else self._vault.keyring_trouble
        return (
            Endpoint(provider.name, provider.kind, base_url, key, network, trouble),
            source if key else "not_needed",
        )

    async def choose(
        self, scope: Scope, wanted: str | None, credentials: ProviderCredentials | None
    ) -> ModelChoice:
        """Return the provider and model that a name means.

        Args:
            scope: whose named endpoints to look at.
            wanted: `PROVIDER/MODEL`, a provider's name for its default model, or `None` for the default.
            credentials: what the caller's shell knows.

        Raises:
            ProtocolError: `not_found` for an unknown provider, `invalid_params/model_ambiguous` when
                several providers could answer, `invalid_params/model_missing` when a provider has no
                default model.
        """
        if wanted is None:
            return await self._default(scope, credentials)
        name, slash, model = wanted.partition("/")
        if not slash and all(provider.name != name for provider in await self.known(scope)):
            raise ProtocolError(
                "not_found",
                f"{name[:60]!r} names no provider; a model is written PROVIDER/MODEL, see: chatty models",
                details={"kind": "provider"},
            )
        provider = await self.get(scope, name)
        if slash and model:
            return ModelChoice(provider.name, model)
        if (model_of := self.default_model(provider)) is None:
            raise ProtocolError(
                "invalid_params/model_missing",
                f"say which model of {name}: {name}/MODEL. `chatty models list --provider {name}` lists them",
            )
        return ModelChoice(provider.name, model_of)

    def default_model(self, provider: KnownProvider) -> str | None:
        """Return what a provider's bare name means."""
        return provider.default_model or catalog.default_model(provider.kind if provider.is_builtin else "")

    async def _default(self, scope: Scope, credentials: ProviderCredentials | None) -> ModelChoice:
        ready: list[ModelChoice] = []
        for provider in await self.known(scope):
            if provider.kind == GUIDE:
                continue
            endpoint, _ = await self.find(provider, credentials)
            model = self.default_model(provider)
            if endpoint is not None and model is not None:
                ready.append(ModelChoice(provider.name, model))
        if len(ready) > 1:
            names = ", ".join(f"{choice.provider}/{choice.model}" for choice in ready)
            raise ProtocolError(
                "invalid_params/model_ambiguous",
                f"several providers are ready ({names}); choose one: chatty config set model PROVIDER/MODEL",
                details={"choices": [f"{choice.provider}/{choice.model}" for choice in ready]},
            )
        return ready[0] if ready else ModelChoice(GUIDE, GUIDE)


def _with_builtin(rows: Sequence[ProviderEndpoint]) -> Sequence[KnownProvider]:
    named = {row.name: row for row in rows}
    found = []
    for name, kind in BUILTIN_KINDS.items():
        row = named.pop(name, None)
        base_url, default_model = (row.base_url, row.default_model) if row else (None, None)
        found.append(KnownProvider(name, kind, base_url, default_model, is_builtin=True))
    found += [
        KnownProvider(row.name, row.kind, row.base_url, row.default_model, is_builtin=False)
        for row in named.values()
    ]
    return found
