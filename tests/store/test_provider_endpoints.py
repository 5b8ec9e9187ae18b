import pytest

from chatty.store import provider_endpoints
from chatty.store.database import Database, Scope
from chatty.store.errors import NotFound
from chatty.store.rows import ProviderEndpoint
from tests.store.making import NOW, other_tenant


async def test_endpoint_is_put_changed_listed_and_removed(database: Database, scope: Scope) -> None:
    put = provider_endpoints.put
    first = await database.write(scope, put, "work", "openai", "https://x.test/v1", "m", None, NOW)
    assert first == ProviderEndpoint(
        scope.workspace_id, "work", "openai", "https://x.test/v1", "m", None, NOW, NOW, 1
    )
    second = await database.write(scope, put, "work", "openai", None, None, '{"a":1}', NOW + 1)
    assert second == ProviderEndpoint(
        scope.workspace_id, "work", "openai", None, None, '{"a":1}', NOW, NOW + 1, 2
    )
    await database.write(scope, put, "home", "groq", None, None, None, NOW)
    listed = await database.read(scope, provider_endpoints.list_all)
    assert [endpoint.name for endpoint in listed] == ["home", "work"]
    assert await database.write(scope, provider_endpoints.remove, "work") == second
    for lookup in (provider_endpoints.get, provider_endpoints.remove):
        with pytest.raises(NotFound):
            await database.write(scope, lookup, "work")


async def test_endpoint_of_another_tenant_is_not_there(database: Database, scope: Scope) -> None:
    await database.write(scope, provider_endpoints.put, "work", "openai", None, None, None, NOW)
    other = await other_tenant(database)
    assert await database.read(other, provider_endpoints.list_all) == []
    with pytest.raises(NotFound):
        await database.read(other, provider_endpoints.get, "work")
