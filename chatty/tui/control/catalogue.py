"""What can be chosen: models, projects and prompts, and the providers that stand behind them.

No provider is asked for anything on behalf of someone who has never sent a message: the names of its models
are fetched when they are wanted.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from chatty.client import settings
from chatty.protocol.errors import ProtocolError
from chatty.protocol.ids import new_id
from chatty.tui import wire
from chatty.tui.backend import nothing
from chatty.tui.control.choices import Choices
from chatty.tui.control.desk import Desk
from chatty.tui.control.offers import endpoint_name, offers
from chatty.tui.prompts import PromptChoice
from chatty.tui.wishes import Ask

_RECENT_MODELS = 3
_KEY_REFUSED = "provider/auth"


class Catalogue:
    """Models, projects, prompts and providers.

    Args:
        config_file: where a default model is written.
        model: `PROVIDER/MODEL` as the command line names it: it goes before a project's own.
        default_model: the same as the settings name it; None: what is ready decides.
        project: name of the project to work in.
    """

    def __init__(
        self,
        desk: Desk,
        choices: Choices,
        config_file: str,
        *,
        model: str | None,
        default_model: str | None,
        project: str | None,
    ) -> None:
        self._desk = desk
        self._store = desk.store
        self._choices = choices
        self._config_file = config_file
        self._has_choice = (model or default_model) is not None
        self._wanted_project = project
        self._providers: list[dict[str, Any]] = []
        self.prompts: list[PromptChoice] = []
        choices.model = wire.split_model(model or default_model)
        choices.is_model_chosen = model is not None

    # Models.

    async def load(self) -> None:
        """Fetch projects, prompts and providers anew."""
        await self._load_projects()
        await self._load_providers()
        rows = await self._desk.every("prompt.list", {})
        self.prompts = [wire.prompt(row) for row in rows]

    def offer_providers(self) -> None:
        """Ask who should answer, unless that was decided before."""
        if not self._has_choice:
            self._store.offer(offers(self._providers))

    async def load_models(self) -> None:
        """Fetch the models of every provider; the server asks those it can reach."""
        answer = await self._desk.call("model.list", {"all": True})
        newest = sorted(self._store.conversations.values(), key=lambda row: row.touched_at_ms, reverse=True)
        recent = list(dict.fromkeys(row.model for row in newest if row.model))[:_RECENT_MODELS]
        self._store.apply_models(answer["items"], recent)
        if not self._has_choice:
            self._begin_with(answer.get("default"))

    def choose_model(self, model_id: str, *, as_default: bool) -> None:
        """Use a model in the open conversation, and in new ones if it becomes the default."""
        chosen = wire.split_model(model_id)
        self._store.set_model(*chosen, is_chosen=True)
        opened = self._store.open
        if as_default:
            self._has_choice = True
            self._choices.model, self._choices.is_model_chosen = chosen, False
            self._desk.begin(self._keep_default(model_id))
        if opened is not None and opened.id and not opened.is_new:
            self._desk.begin(self.set_model(opened.id, model_id))

    async def set_model(self, conversation_id: str, model_id: str) -> None:
        """Let this model answer in a conversation from now on. Raises ProtocolError."""
        params = {"conversation_id": conversation_id, "model": model_id}
        await self._desk.call("conversation.update", params)

    async def _keep_default(self, model_id: str) -> None:
        await asyncio.to_thread(settings.set, self._config_file, "model", model_id)
        self._store.say(f"{model_id} is the default now")

    def _usual_model(self, project_id: str) -> tuple[str, str]:
        """What answers in a project when nothing else is chosen."""
        own = self._store.project_models.get(project_id)
        return wire.split_model(own) if own else self._choices.model

    # The theme.

    def keep_theme(self, name: str) -> None:
        """Begin with this theme from now on."""
        self._desk.begin(self._keep_theme(name))

    async def _keep_theme(self, name: str) -> None:
        await asyncio.to_thread(settings.set, self._config_file, "screen.theme", name)
        self._store.say(f"the theme is {name} from now on")

    # Projects.

    def choose_project(self, name: str) -> None:
        """Put the open conversation into a project, made now if there is none of that name."""
        self._desk.begin(self._choose_project(name))

    async def _choose_project(self, name: str) -> None:
        project_id = await self._find_or_make_project(name)
        self._choices.project_id, self._choices.project_name = project_id, wire.line(name)
        self._store.set_project(project_id, name)
        opened = self._store.open
        if opened is not None and not opened.is_model_chosen:
            self._store.set_model(*self._usual_model(project_id), is_chosen=False)
        if opened is not None and opened.id and not opened.is_new:
            params = {"conversation_id": opened.id, "project_id": project_id}
            await self._desk.call("conversation.update", params)

    async def _find_or_make_project(self, name: str) -> str:
        for project_id, known in self._store.projects.items():
            if known.casefold() == wire.line(name).casefold():
                return project_id
        project_id = new_id()
        await self._desk.call("project.create", {"id": project_id, "name": name})
        self._store.apply_projects({**self._store.projects, project_id: wire.line(name)})
        return project_id

    async def _load_projects(self) -> None:
        rows = await self._desk.every("project.list", {})
        models = {row["id"]: row["default_model"] for row in rows if row.get("default_model")}
        self._store.apply_projects({row["id"]: wire.line(row["name"]) for row in rows}, models)
        wanted, self._wanted_project = self._wanted_project, None
        if wanted is not None:
            await self._choose_project(wanted)

    # Providers.

    async def _load_providers(self) -> None:
        answer = await self._desk.call("provider.list", {})
        self._providers = answer["items"]
        if not self._has_choice:
            self._begin_with(_answering_unnamed(self._providers))

    def _begin_with(self, model_id: str | None) -> None:
        """New conversations use this model, and the open one if nothing else was chosen for it; None: several
        could answer, and somebody has to choose."""
        self._store.ask_for_choice(is_needed=model_id is None)
        if model_id is None:
            return
        self._choices.model = wire.split_model(model_id)
        opened = self._store.open
        if opened is not None and not opened.model:
            self._store.set_model(*self._choices.model, is_chosen=False)

    def providers(self) -> list[str]:
        """Names of the providers that a key can be set for, as far as they are known."""
        return [wire.line(row["name"]) for row in self._providers if row["kind"] != "guide"]

    def choose_provider(self, name: str) -> None:
        """Begin with this provider's usual model; of a server of one's own with its first."""
        self._desk.begin(self._choose_provider(name))

    async def _choose_provider(self, name: str) -> None:
        row = next((row for row in self._providers if row["name"] == name), {})
        model = row.get("default_model")
        if model is None and name != "guide":
            await self.load_models()
            model = next((found.name for found in self._store.models if found.provider == name), None)
        if model is None:
            self._store.say(f"{name} names no model: choose one with ^l")
        else:
            # The guide is only a beginning: whoever sets up a provider later wants that one.
            self.choose_model(f"{name}/{model}", as_default=name != "guide")

    def add_endpoint(self, address: str) -> None:
        """Use a server at this address."""
        self._desk.begin(self._add_endpoint(address))

    async def _add_endpoint(self, address: str) -> None:
        name = endpoint_name(address)
        await self._desk.call("provider.add", {"name": name, "base_url": address})
        await self._load_providers()
        await self._choose_provider(name)

    def set_key(self, provider: str, key: str, then: Callable[[], None] = nothing) -> None:
        """Keep a provider's key in the keyring, or after a question in a file, and try it; see `Backend`."""
        self._desk.begin(self._set_key(provider, key, "keyring", then))

    async def _set_key(self, provider: str, key: str, keep_in: str, then: Callable[[], None]) -> None:
        try:
            await self._desk.call("provider.add", {"name": provider, "api_key": key, "keep_in": keep_in})
        except ProtocolError as error:
            if error.type != "storage/keyring_unavailable":
                raise
            self._store.ask(self._ask_for_file(provider, key, error.details.get("trouble"), then))
            return
        tried = await self._desk.call("provider.test", {"name": provider})
        problem = tried.get("error") or {}
        self._store.say(problem.get("message") or f"the key of {provider} works: {tried['models']} models")
        await self._load_providers()
        await self.load_models()
        if problem.get("type") != _KEY_REFUSED:
            then()

    def _ask_for_file(self, provider: str, key: str, trouble: object, then: Callable[[], None]) -> Ask:
        def keep() -> None:
            self._desk.begin(self._set_key(provider, key, "file", then))

        reason = str(trouble) if trouble else "this system has no keyring"
        text = f"{wire.line(reason).capitalize()}. Keep the key in a file that only you can read?"
        title = wire.PROVIDER_TITLES.get(provider, wire.line(provider))
        return Ask(f"Key of {title}", text, "keep it there", keep)


def _answering_unnamed(providers: Sequence[dict[str, Any]]) -> str | None:
    """What the server takes for an unnamed model, found without asking any provider: the usual model of the
    one that is ready and has one, else the guide; None where several are."""
    usual = [
        f"{row['name']}/{row['default_model']}"
        for row in providers
        if row["kind"] != "guide" and row["key_source"] != "missing" and row.get("default_model")
    ]
    return (usual or ["guide/guide"])[0] if len(usual) <= 1 else None
