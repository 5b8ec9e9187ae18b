"""Bringing an SQLite database to the schema this program knows.

A file with data in it is copied and the copy verified before anything is changed. Each migration runs in one
transaction with its record, under the database's write lock, so of several starters one does the work.
"""

import contextlib
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chatty.protocol.ids import new_id
from chatty.store import schema
from chatty.store.rows import TABLES, columns
from chatty.store.sqlite_errors import storage_error
from chatty.store.sqlite_files import APPLICATION_ID

_OTHER_COLUMNS: Final = (
    ("conversation_members", "workspace_id, conversation_id, user_id, leaf_message_id"),
    ("run_text", 'workspace_id, run_id, part_idx, g, "offset", text'),
    (
        "message_search",
        "id, workspace_id, message_id, conversation_id, project_id, author_id, role, model, at",
    ),
    ("message_search_text", "id, text, scope"),
    ("message_fts", "rowid, text, scope"),
    ("name_search", "id, workspace_id, kind, ref_id, at, text"),
    ("name_fts", "rowid, text"),
)


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the number of the newest migration that ran; 0 for a database without tables of ours."""
    if not _has_table(connection, "schema_migrations"):
        return 0
    (newest,) = connection.execute("SELECT MAX(number) FROM schema_migrations").fetchone()
    return int(newest or 0)


def is_foreign(connection: sqlite3.Connection) -> bool:
    """Tell whether the database belongs to another program: it has tables and none of ours."""
    (count,) = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    return bool(count) and not _has_table(connection, "schema_migrations")


def check_columns(connection: sqlite3.Connection) -> None:
    """Prepare a statement over every table: a damaged schema shows at once and not in the middle of work.

    Raises:
        sqlite3.Error: a table or column that should be there is not.
    """
    for table, names in (*((table, columns(kind)) for table, kind in TABLES.items()), *_OTHER_COLUMNS):
        connection.execute(f"SELECT {names} FROM {table} LIMIT 0").close()


def build(connection: sqlite3.Connection, history_id: str) -> None:
    """Fill an empty database from the schema file; nothing when another starter was faster."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _has_table(connection, "schema_migrations"):
            _fill(connection, history_id)
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


def migrate(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[schema.Migration] | None = None
) -> Path | None:
    """Run what has not run yet and return the verified copy made before, or None when nothing was due.

    Raises:
        StorageError: the copy cannot be made or does not verify; nothing was changed.
    """
    known = schema.migrations("sqlite") if migrations is None else migrations
    version = schema_version(connection)
    if version >= known[-1].number:
        return None
    copy = _copy(connection, path, version)
    for migration in known[version:]:
        _run(connection, migration)
    return copy


def _fill(connection: sqlite3.Connection, history_id: str) -> None:
    now = time.time_ns() // 1_000_000
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in (schema.BOOKKEEPING, *schema.schema_statements("sqlite")):
        connection.execute(statement)
    connection.executemany(
        "INSERT INTO schema_migrations (number, name, applied_at) VALUES (?, ?, ?)",
        [(migration.number, migration.name, now) for migration in schema.migrations("sqlite")],
    )
    connection.execute(
        "INSERT INTO instance (id, history_id, schema_version, min_reader, min_writer, created_at)"
        " VALUES (1, ?, ?, ?, ?, ?)",
        (history_id, schema.VERSION, schema.MIN_READER, schema.MIN_WRITER, now),
    )


def _run(connection: sqlite3.Connection, migration: schema.Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if schema_version(connection) < migration.number:
            for statement in migration.statements:
                connection.execute(statement)
            now = time.time_ns() // 1_000_000
            connection.execute(
                "INSERT INTO schema_migrations (number, name, applied_at) VALUES (?, ?, ?)",
                (migration.number, migration.name, now),
            )
            if _has_table(connection, "instance"):
                connection.execute(
                    "UPDATE instance SET schema_version = ?, min_reader = ?, min_writer = ?",
                    (migration.number, schema.MIN_READER, schema.MIN_WRITER),
                )
        connection.execute("COMMIT")
    except BaseException:
        _roll_back(connection)
        raise


def _copy(connection: sqlite3.Connection, path: Path, version: int) -> Path | None:
    """Return the verified copy; None when another starter has migrated since the version was read."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    copy = path.with_name(f"{path.name}.schema-{version}.{stamp}.backup")
    unfinished = copy.with_name(f"{copy.name}.{new_id()}.unfinished")
    try:
        os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        copy_database(connection, unfinished)
        with contextlib.closing(sqlite3.connect(unfinished)) as copied:
            is_from_before = schema_version(copied) == version
        if not is_from_before:
            unfinished.unlink()
            return None
        unfinished.replace(copy)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return copy


def copy_database(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the open database into a file with SQLite's backup, and check the copy page by page.

    Raises:
        sqlite3.Error: the copy could not be written.
        StorageError: the copy is damaged.
    """
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        (answer,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    finally:
        copy.close()
    if answer != "ok":
        raise storage_error("corrupt", str(target), "The copy does not verify, so nothing was changed")
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    row = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
    return row.fetchone() is not None


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
