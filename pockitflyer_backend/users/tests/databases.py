"""Databases of a test's own, on the engine that all tests run on; no test runner has made them.

On SQLite each is a file; on PostgreSQL a database of the server that DATABASE_URL names.
"""

import itertools
import os
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from django.conf import settings

from pockitflyer.database import SQLITE

ON_SQLITE = settings.DATABASES["default"]["ENGINE"] == SQLITE

BACKEND = Path(__file__).resolve().parents[2]

Row = tuple[Any, ...]


class Own(ABC):
    """A database of a test's own, and the folder of its pictures."""

    media: Path

    name: str
    """What `allow` is told."""

    address: str
    """What the command line is told and both programs print."""

    environment: dict[str, str]
    """The variables with which the backend works on it."""

    entry: dict[str, Any]
    """What stands in DATABASES for it."""

    @abstractmethod
    def query(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Returns the rows of a query, or none of a statement; `%s` stands for a value."""

    @abstractmethod
    def run(self, script: str) -> None:
        """Runs statements."""

    @abstractmethod
    def everything(self) -> list[str]:
        """Returns every table, every row and every counter, a line each."""

    @abstractmethod
    def columns(self, table: str) -> list[str]:
        """Returns the names of the columns of a table."""

    @abstractmethod
    def copy(self, folder: Path) -> "Own":
        """Returns a copy of it, with its pictures in `folder`."""

    def drop(self) -> None:
        """Takes it away."""

    def count(self, table: str) -> int:
        return cast(int, self.query(f'SELECT count(*) FROM "{table}"')[0][0])

    def rows_of_the_application(self) -> list[str]:
        """Returns all rows but those of Seedbed, which hold when they were written."""
        return [line for line in self.everything() if "INTO" in line and "seedbed_" not in line]


class File(Own):
    """A file of SQLite."""

    def __init__(self, file: Path, media: Path) -> None:
        self.file, self.media = file, media
        self.name, self.address = file.name, f"sqlite:{file.name}"
        self.environment = {"POCKITFLYER_SQLITE": str(file)}
        self.entry = {"ENGINE": SQLITE, "NAME": file, "OPTIONS": {"timeout": 0.1}}

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return connection.execute(sql.replace("%s", "?"), values).fetchall()

    def run(self, script: str) -> None:
        with closing(sqlite3.connect(self.file)) as connection:
            connection.executescript(script)

    def everything(self) -> list[str]:
        with closing(sqlite3.connect(self.file)) as connection:
            return list(connection.iterdump())

    def columns(self, table: str) -> list[str]:
        return [name for (name,) in self.query("SELECT name FROM pragma_table_info(%s)", [table])]

    def copy(self, folder: Path) -> Own:
        for file in self.file.parent.glob(f"{self.file.name}*"):
            shutil.copy(file, folder)
        return File(folder / self.file.name, folder / "media")


class OfServer(Own):
    """A database of a PostgreSQL server."""

    numbers = itertools.count()

    def __init__(self, media: Path, template: str = "template0") -> None:
        server = settings.DATABASES["default"]
        self.host = server["HOST"] or "localhost"
        self.name = f"own_{os.getpid()}_{next(self.numbers)}"
        self.media = media
        user, port = server["USER"], server["PORT"] or 5432
        place = f"/{self.name}?host={self.host}" if self.on_socket() else f"{self.host}:{port}/{self.name}"
        self.address = f"postgres://{user}@{place}"
        password = f":{quote(server['PASSWORD'])}" if server["PASSWORD"] else ""
        place = f"{quote(self.host, safe='')}:{port}/{self.name}"
        self.url = f"postgres://{user}{password}@{place}"
        self.environment = {"DATABASE_URL": self.url}
        self.entry = {**server, "NAME": self.name}
        administer(f"CREATE DATABASE {self.name} TEMPLATE {template}")

    def on_socket(self) -> bool:
        return self.host.startswith("/")

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        import psycopg

        with psycopg.connect(self.url) as connection:
            found = connection.execute(cast(Any, sql), values or None)
            return found.fetchall() if found.description else []

    def run(self, script: str) -> None:
        import psycopg

        with psycopg.connect(self.url) as connection:
            connection.execute(cast(Any, script))

    def everything(self) -> list[str]:
        catalogue = self.query(EVERY_COLUMN)
        lines = [" ".join(map(str, row)) for row in catalogue]
        names = {(kind, schema, table) for kind, schema, table, *_ in catalogue}
        for kind, schema, table in sorted(names):
            wanted = "last_value::text || ' ' || is_called" if kind == "S" else "t::text"
            for (row,) in self.query(f'SELECT {wanted} FROM "{schema}"."{table}" AS t ORDER BY 1'):
                lines.append(f"INTO {schema}.{table} {row}")
        return lines

    def columns(self, table: str) -> list[str]:
        wanted = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
        return [name for (name,) in self.query(wanted, [table])]

    def copy(self, folder: Path) -> Own:
        return OfServer(folder / "media", self.name)

    def drop(self) -> None:
        administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


EVERY_COLUMN = """
    SELECT c.relkind::text, n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'S') AND n.nspname IN ('public', 'seedbed') ORDER BY 1, 2, 3, a.attnum
"""


def administer(statement: str) -> None:
    """Runs a statement about databases, beside all of them."""
    import psycopg

    server = settings.DATABASES["default"]
    connection = psycopg.connect(
        host=server["HOST"],
        port=server["PORT"] or None,
        user=server["USER"],
        password=server["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    )
    with connection:
        connection.execute(cast(Any, statement))


class Maker:
    """Makes databases for tests, and takes them away in the end."""

    def __init__(self, folder: Path, template: Own | None = None) -> None:
        self.folder, self.template = folder, template
        self.made: list[Own] = []

    def __call__(self, name: str = "own") -> Own:
        """Returns a database with the tables of the backend and no rows; pictures stand in a folder
        of that name."""
        assert self.template is not None
        return self.copy(self.template, name)

    def copy(self, own: Own, name: str) -> Own:
        """Returns a copy of a database as it is."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return self.keep(own.copy(folder))

    def bare(self) -> Own:
        """Returns a database without tables."""
        return self.keep(bare(self.folder))

    def keep(self, own: Own) -> Own:
        self.made.append(own)
        return own

    def drop(self) -> None:
        for own in self.made:
            own.drop()


def bare(folder: Path) -> Own:
    """Returns a database without tables."""
    if not ON_SQLITE:
        return OfServer(folder / "media")
    own = File(folder / "db.sqlite3", folder / "media")
    own.file.touch()
    return own


def template(folder: Path) -> Own:
    """Returns a database with the tables that `migrate` makes, to be copied."""
    own = bare(folder)
    text = BACKEND / ("pockitflyer.sql" if ON_SQLITE else "pockitflyer.postgresql.sql")
    own.run(text.read_text(encoding="utf-8"))
    return own
