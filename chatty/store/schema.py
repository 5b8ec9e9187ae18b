"""The schema's number and the files that make it. What runs them is in `sqlite_migrations` and `postgres`.

`migrations/NNNN_name.sql` serves both engines, `NNNN_name.sqlite.sql` and `NNNN_name.postgres.sql` one each.
They are cut into statements by SQLite's own rule. A new database is made from `schema.<engine>.sql`, which is
what all migrations together make. Shipped files are never edited.
"""

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Engine = Literal["sqlite", "postgres"]

VERSION: Final = 2
"""The number of the newest migration."""
MIN_READER: Final = 2
"""The lowest VERSION of a program that can read what this one writes."""
MIN_WRITER: Final = 2
"""The lowest VERSION of a program that may write beside this one."""

_FOLDER = Path(__file__).parent
_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>\w+?)(?:\.(?P<engine>sqlite|postgres))?\.sql")

BOOKKEEPING: Final = """\
CREATE TABLE IF NOT EXISTS schema_migrations (
  number BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  applied_at BIGINT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step; it runs in one transaction with the record that it ran."""

    number: int
    name: str
    path: Path

    @property
    def statements(self) -> list[str]:
        """The SQL, cut into statements."""
        return split(self.path.read_text(encoding="utf-8"))


def migrations(engine: Engine, folder: Path = _FOLDER / "migrations") -> list[Migration]:
    """Return the engine's migrations in order.

    Raises:
        ValueError: the numbers have a gap or one is there twice, or a file's name is not understood.
    """
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(f"not a migration's name: {path.name}")
        if match["engine"] in (None, engine):
            found.append(Migration(int(match["number"]), match["name"], path))
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations for {engine} are not numbered 1 to {len(found)}")
    return found


def schema_statements(engine: Engine) -> list[str]:
    """Return the statements that make a new database."""
    return split((_FOLDER / f"schema.{engine}.sql").read_text(encoding="utf-8"))


def split(script: str) -> list[str]:
    """Cut a script into statements; a semicolon inside a trigger or a string does not cut."""
    statements = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    if pending.strip():
        raise ValueError("the last statement has no end")
    return statements
