import asyncio
import contextlib
import sqlite3
import stat
from pathlib import Path

import pytest

from chatty.store import bootstrap, instance, projects, schema
from chatty.store.database import SYSTEM, Database, Scope, Work
from chatty.store.errors import StorageError
from chatty.store.postgres import PostgresDatabase, apply, open_postgres
from chatty.store.rows import NewProject
from chatty.store.schema import Migration, migrations, schema_statements, split
from chatty.store.sqlite import open_database
from chatty.store.sqlite_migrations import build, migrate, schema_version
from tests.store.making import NOW


def shape(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    rows = connection.execute(
        "SELECT type, name, COALESCE(sql, '') FROM sqlite_master ORDER BY type, name"
    ).fetchall()
    return [(type_, name, " ".join(sql.split())) for type_, name, sql in rows]


def memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def test_migrations_and_schema_file_build_the_same_sqlite_database() -> None:
    by_file, by_migrations = memory(), memory()
    for statement in schema_statements("sqlite"):
        by_file.execute(statement)
    for migration in migrations("sqlite"):
        for statement in migration.statements:
            by_migrations.execute(statement)
    assert shape(by_file) == shape(by_migrations)
    by_file.close()
    by_migrations.close()


async def test_migrations_and_schema_file_build_the_same_postgres_database(postgres_url: str) -> None:
    built = await open_postgres(postgres_url, namespace="by_file", largest_pool=1)
    migrated = await apply(postgres_url, "by_migrations", migrations("postgres"))
    assert migrated == schema.VERSION
    other = await open_postgres(postgres_url, namespace="by_migrations", largest_pool=1)
    try:
        described = await _describe(built, "by_file")
        assert described == await _describe(other, "by_migrations")
        assert len(described) > 100
    finally:
        await built.close()
        await other.close()


async def _describe(database: PostgresDatabase, namespace: str) -> list[tuple[str, ...]]:
    def work(_scope: Scope) -> Work[list[tuple[str, ...]]]:
        columns = yield (
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
            " WHERE table_schema = $1",
            (namespace,),
        )
        indexes = yield "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = $1", (namespace,)
        rules = yield (
            "SELECT conname, pg_get_constraintdef(c.oid) FROM pg_constraint c"
            " JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = $1",
            (namespace,),
        )
        return [tuple(str(value) for value in row) for row in (*columns, *indexes, *rules)]

    rows: list[tuple[str, ...]] = await database.read(SYSTEM, work)
    return sorted(tuple(value.replace(namespace, "x") for value in row) for row in rows)


def test_numbers_in_the_code_are_those_of_the_files() -> None:
    for engine in ("sqlite", "postgres"):
        assert migrations(engine)[-1].number == schema.VERSION
    assert schema.MIN_READER <= schema.VERSION
    assert schema.MIN_WRITER <= schema.VERSION


def test_gap_and_strange_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "0002_b.sql").write_text("SELECT 1;")
    with pytest.raises(ValueError, match="numbered"):
        migrations("sqlite", tmp_path)
    (tmp_path / "one.sql").write_text("SELECT 1;")
    with pytest.raises(ValueError, match="name"):
        migrations("sqlite", tmp_path)


def test_statements_are_cut_outside_triggers_and_strings() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a;\nEND;\n"
    script = f"CREATE TABLE a (b);\n{trigger}SELECT ';\n';\n"
    assert len(split(script)) == 3
    with pytest.raises(ValueError, match="no end"):
        split("SELECT 1")


async def test_history_is_random_and_stays(database: Database, scope: Scope, tmp_path: Path) -> None:
    row = await database.read(scope, instance.get)
    assert (row.schema_version, row.min_reader, row.min_writer) == (
        schema.VERSION,
        schema.MIN_READER,
        schema.MIN_WRITER,
    )
    other = await open_database(tmp_path / "other.db")
    first = (await other.read(SYSTEM, instance.get)).history_id
    await other.close()
    other = await open_database(tmp_path / "other.db")
    assert (await other.read(SYSTEM, instance.get)).history_id == first
    assert first != row.history_id
    await other.close()


async def test_new_file_and_folder_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "chatty.db"
    database = await open_database(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await database.close()


async def test_owner_is_made_once(database: Database) -> None:
    assert await database.read(SYSTEM, bootstrap.find_local_owner) is None
    first = await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    assert await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW + 1) == first
    assert await database.read(SYSTEM, bootstrap.find_local_owner) == first


async def test_of_many_starters_one_builds(tmp_path: Path) -> None:
    databases = await asyncio.gather(*(open_database(tmp_path / "chatty.db", readers=1) for _ in range(6)))
    histories = {(await database.read(SYSTEM, instance.get)).history_id for database in databases}
    assert len(histories) == 1
    await asyncio.gather(*(database.close() for database in databases))


async def test_of_many_postgres_starters_one_builds(postgres_url: str) -> None:
    databases = await asyncio.gather(
        *(open_postgres(postgres_url, namespace="starters", largest_pool=1) for _ in range(4))
    )
    histories = {(await database.read(SYSTEM, instance.get)).history_id for database in databases}
    assert len(histories) == 1
    await asyncio.gather(*(database.close() for database in databases))


def migration_file(folder: Path, sql: str) -> list[Migration]:
    path = folder / "0003_more.sql"
    path.write_text(sql)
    return [*migrations("sqlite"), Migration(3, "more", path)]


async def filled(path: Path) -> sqlite3.Connection:
    database = await open_database(path)
    workspace, user = await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    scope = Scope(workspace.id, user.id)
    await database.write(scope, projects.insert, NewProject("p", "Thesis"), NOW)
    await database.close()
    return sqlite3.connect(path, isolation_level=None)


async def test_database_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    connection = await filled(tmp_path / "chatty.db")
    known = migration_file(tmp_path, "ALTER TABLE projects ADD COLUMN color TEXT;")
    copy = migrate(connection, tmp_path / "chatty.db", known)
    assert copy is not None
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert schema_version(connection) == 3
    assert connection.execute("SELECT name, color FROM projects").fetchall() == [("Thesis", None)]
    before = sqlite3.connect(copy)
    assert schema_version(before) == 2
    assert before.execute("SELECT name FROM projects").fetchall() == [("Thesis",)]
    before.close()
    assert migrate(connection, tmp_path / "chatty.db", known) is None
    connection.close()


async def test_of_many_starters_one_migrates_and_the_copy_is_from_before(tmp_path: Path) -> None:
    path = tmp_path / "chatty.db"
    (await filled(path)).close()
    known = migration_file(tmp_path, "ALTER TABLE projects ADD COLUMN color TEXT;")

    def start() -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as connection:
            migrate(connection, path, known)

    await asyncio.gather(*(asyncio.to_thread(start) for _ in range(6)))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT MAX(number) FROM schema_migrations").fetchone() == (3,)
    copies = sorted(tmp_path.glob("*.backup*"))
    assert copies
    for copy in copies:
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("SELECT MAX(number) FROM schema_migrations").fetchone() == (2,)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_failing_migration_changes_nothing(tmp_path: Path) -> None:
    connection = await filled(tmp_path / "chatty.db")
    before = list(connection.iterdump())
    known = migration_file(tmp_path, "DELETE FROM projects;\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, tmp_path / "chatty.db", known)
    assert list(connection.iterdump()) == before
    connection.close()


def test_failing_build_leaves_the_database_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = memory()
    monkeypatch.setattr(schema, "schema_statements", lambda engine: ["CREATE TABLE a (b)", "nonsense"])
    with pytest.raises(sqlite3.OperationalError):
        build(connection, "history")
    assert shape(connection) == []
    connection.close()


async def test_newer_schema_is_read_but_not_written(tmp_path: Path) -> None:
    connection = await filled(tmp_path / "chatty.db")
    connection.execute("INSERT INTO schema_migrations VALUES (99, 'future', 0)")
    connection.execute("UPDATE instance SET min_writer = 99")
    connection.close()
    content = (tmp_path / "chatty.db").read_bytes()
    database = await open_database(tmp_path / "chatty.db")
    assert database.read_only
    assert database.problem is not None
    assert database.problem.code == "storage/newer_schema"
    owner = await database.read(SYSTEM, bootstrap.find_local_owner)
    assert owner is not None
    found = await database.read(Scope(owner[0].id), projects.get_by_name, "Thesis")
    assert found.id == "p"
    with pytest.raises(StorageError) as caught:
        await database.write(Scope(owner[0].id), projects.delete, "p", NOW)
    assert caught.value.code == "storage/read_only"
    await database.close()
    assert (tmp_path / "chatty.db").read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chatty.db"]


async def test_newer_schema_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    connection = await filled(tmp_path / "chatty.db")
    connection.execute("INSERT INTO schema_migrations VALUES (99, 'future', 0)")
    connection.execute("UPDATE instance SET min_reader = 99, min_writer = 99")
    connection.close()
    content = (tmp_path / "chatty.db").read_bytes()
    with pytest.raises(StorageError) as caught:
        await open_database(tmp_path / "chatty.db")
    assert caught.value.code == "storage/newer_schema"
    assert str(tmp_path / "chatty.db") in str(caught.value)
    assert (tmp_path / "chatty.db").read_bytes() == content


async def test_newer_schema_on_postgres_is_read_but_not_written(postgres_url: str) -> None:
    database = await open_postgres(postgres_url, namespace="newer", largest_pool=1)

    def outdate(_scope: Scope) -> Work[None]:
        yield "UPDATE instance SET min_writer = 99", ()

    await database.write(SYSTEM, outdate)
    await database.close()
    database = await open_postgres(postgres_url, namespace="newer", largest_pool=1)
    assert database.problem is not None
    assert database.problem.code == "storage/newer_schema"
    assert (await database.read(SYSTEM, instance.get)).min_writer == 99
    with pytest.raises(StorageError):
        await database.write(SYSTEM, bootstrap.ensure_local_owner, NOW)
    await database.close()
