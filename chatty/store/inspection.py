"""Looking a database over without changing it: is it whole, has it the right shape, how much is in it.

For `chatty doctor` and for backups; it opens the file itself and needs no running server. Loading
sqlite-utils takes about 100 ms, so nothing on the way of a request imports this.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import sqlite_utils

from chatty.file_systems import file_system_type
from chatty.store import schema, sqlite_files
from chatty.store.errors import StorageError
from chatty.store.sqlite import connect_reader
from chatty.store.sqlite_errors import translate

_MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found. A database is sound when there are no findings."""

    path: Path
    sqlite_version: str
    """Before 3.51.3, two programs checkpointing at once can damage a file (https://sqlite.org/wal.html)."""
    filesystem: str | None
    schema_version: int
    row_counts: dict[str, int]
    """By table; a table that cannot be counted is missing here and among the findings."""
    findings: list[str]
    """One sentence per damaged page, index, reference or difference from the schema; never stored text."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def inspect(path: Path) -> Inspection:
    """Check every page, every index, every reference and the schema; time grows with the file.

    Raises:
        StorageError: the file cannot be opened as a database at all.
    """
    sqlite_files.examine(path)
    connection = connect_reader(path)
    try:
        database = sqlite_utils.Database(connection)
        findings = [*_damaged_pages(connection), *_broken_references(connection), *_differences(database)]
        counts = _count_rows(database, findings)
        return Inspection(
            path=path,
            sqlite_version=sqlite3.sqlite_version,
            filesystem=file_system_type(path),
            schema_version=_schema_version(connection),
            row_counts=counts,
            findings=findings,
        )
    except sqlite3.Error as error:
        raise translate(error, str(path)) from error
    finally:
        connection.close()


def verify(path: Path) -> None:
    """Raise StorageError unless the file is a sound database of ours: what a backup must pass."""
    inspection = inspect(path)
    if not inspection.is_sound:
        raise StorageError("corrupt", str(path), f"{inspection.findings[0]}.")


def _damaged_pages(connection: sqlite3.Connection) -> list[str]:
    try:
        rows = connection.execute(f"PRAGMA integrity_check({_MOST_FINDINGS})").fetchall()
    except sqlite3.Error as error:
        return [f"the pages cannot be checked: {error}"]
    return [row[0] for row in rows if row[0] != "ok"]


def _broken_references(connection: sqlite3.Connection) -> list[str]:
    try:
        rows = connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST_FINDINGS)
    except sqlite3.Error as error:
        return [f"the references cannot be checked: {error}"]
    return [f"{row[0]} refers to a missing row of {row[2]}" for row in rows]


def _differences(database: sqlite_utils.Database) -> list[str]:
    """Compare tables, columns and indexes with those of a new database."""
    wanted = sqlite_utils.Database(memory=True)
    try:
        for statement in (schema.BOOKKEEPING, *schema.schema_statements("sqlite")):
            wanted.conn.execute(statement)
        return _missing_or_changed(_shape(wanted), _shape(database))
    finally:
        wanted.close()


def _shape(database: sqlite_utils.Database) -> dict[str, str]:
    shape = {}
    for table in database.tables:
        shape[f"table {table.name}"] = ", ".join(
            f"{column.name} {column.type}{' NOT NULL' if column.notnull else ''}" for column in table.columns
        )
        for index in table.indexes:
            shape[f"index {index.name} of {table.name}"] = ", ".join(str(column) for column in index.columns)
    return shape


def _missing_or_changed(wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    missing = [f"{name} is missing" for name in wanted if name not in found]
    changed = [f"{name} differs" for name in wanted if name in found and found[name] != wanted[name]]
    return missing + changed


def _count_rows(database: sqlite_utils.Database, findings: list[str]) -> dict[str, int]:
    counts = {}
    for name in database.table_names():
        if name.startswith(("message_fts", "name_fts")):
            continue
        try:
            counts[name] = database.table(name).count
        except sqlite3.Error as error:
            findings.append(f"{name} cannot be read: {error}")
    return counts


def _schema_version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("SELECT MAX(number) FROM schema_migrations").fetchone()
    return int(version)
