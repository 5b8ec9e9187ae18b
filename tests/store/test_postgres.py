import asyncio

import pytest

from chatty.store.database import SYSTEM, Scope, Work
from chatty.store.errors import StorageError
from chatty.store.postgres import PostgresDatabase, open_postgres, without_password
from chatty.store.postgres_errors import translate


def add_name(scope: Scope, name: str) -> Work[None]:
    yield "INSERT INTO users VALUES ($1, NULL, $1, 'active', NULL, 0, 0, 1)", (name,)


def rename(scope: Scope, first: str, second: str) -> Work[None]:
    yield "SET LOCAL deadlock_timeout = 10", ()
    for name in (first, second):
        yield "UPDATE users SET version = version + 1 WHERE id = $1", (name,)


def versions(scope: Scope) -> Work[list[int]]:
    rows = yield "SELECT version FROM users ORDER BY id", ()
    return [row["version"] for row in rows]


async def test_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StorageError) as caught:
        await open_postgres("postgresql://me:hush@127.0.0.1:1/chatty")
    assert caught.value.code == "storage/unavailable"
    assert caught.value.retryable
    assert "127.0.0.1:1/chatty" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_address_is_shown_without_user_password_and_options() -> None:
    assert without_password("postgresql://me:hush@db.test/chatty?sslkey=x") == "postgresql://db.test/chatty"


async def test_units_that_deadlock_are_run_again(postgres_database: PostgresDatabase) -> None:
    for name in ("a", "b"):
        await postgres_database.write(SYSTEM, add_name, name)
    await asyncio.gather(
        *(postgres_database.write(SYSTEM, rename, *pair) for pair in (("a", "b"), ("b", "a")) * 4)
    )
    assert await postgres_database.read(SYSTEM, versions) == [9, 9]


async def test_lost_connection_is_reported_and_replaced(postgres_database: PostgresDatabase) -> None:
    def cut_own_connection(scope: Scope) -> Work[None]:
        yield "SELECT pg_terminate_backend(pg_backend_pid())", ()

    with pytest.raises(StorageError) as caught:
        await postgres_database.write(SYSTEM, cut_own_connection)
    assert caught.value.code == "storage/unavailable"
    assert await postgres_database.read(SYSTEM, versions) == []


async def test_statement_that_takes_too_long_is_stopped(postgres_database: PostgresDatabase) -> None:
    def sleep(scope: Scope) -> Work[None]:
        yield "SET LOCAL statement_timeout = 20", ()
        yield "SELECT pg_sleep(10)", ()

    with pytest.raises(StorageError) as caught:
        await postgres_database.write(SYSTEM, sleep)
    assert caught.value.code == "storage/busy"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("53100", "storage/full"),
        ("25006", "storage/read_only"),
        ("XX001", "storage/corrupt"),
        ("57P01", "storage/unavailable"),
        ("28P01", "storage/unavailable"),
        ("40001", "storage/busy"),
    ],
)
def test_codes_of_the_server_have_a_type(code: str, expected: str) -> None:
    class FakeServerError(Exception):
        sqlstate = code

    translated = translate(FakeServerError(), "server")
    assert translated is not None
    assert translated.code == expected


def test_mistakes_of_ours_are_not_the_servers() -> None:
    assert translate(TypeError(), "server") is None
    import asyncpg

    assert translate(asyncpg.DataError("wrong type"), "server") is None
