"""Django's own open connection, lent to the engine.

Every statement runs on the connection of the alias, inside an `atomic` of its own: in a test's
transaction no other connection could see the rows, and what is written here goes when that
transaction is undone.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import CompositePrimaryKey, Model
from django.db.transaction import Atomic, TransactionManagementError

from seedbed import _engine
from seedbed.database import Engine, Failure, Server, Settings, Value
from seedbed.django import project
from seedbed.django.apps import CONFIGURED
from seedbed.django.sqlite import SQLite
from seedbed.errors import UsageError
from seedbed.verbs import refused

if TYPE_CHECKING:
    from seedbed.django.postgresql import PostgreSQL


class Undone(Exception):
    """Tells an `atomic` that its block is to be undone."""


class Database:
    """Django's connection of an alias, for the verbs of `seedbed`."""

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        self.using = using
        here = "" if using == DEFAULT_DB_ALIAS else f" --database {using}"
        self.program = f"python manage.py seedbed{here}"
        self.migrate = f"python manage.py migrate{here}"
        self.connection: BaseDatabaseWrapper = connections[using]
        self._side = side(self.connection)
        self.engine: Engine = self._side.engine
        self._block: Atomic | None = None
        self._owned = False

    def settings(self) -> Settings:
        return project.settings()

    def secret(self) -> str | None:
        return project.secret()

    def path(self) -> Path | None:
        # The driver knows the file, however it was spelled.
        [(_, _, file)] = [row for row in self.query("PRAGMA database_list", []) if row[1] == "main"]
        return Path(str(file)).resolve() if file else None

    def server(self) -> Server:
        assert not isinstance(self._side, SQLite)
        return self._side.server()

    def is_for_tests(self) -> bool:
        in_memory = self.engine == "sqlite" and self.path() is None
        return in_memory or self._is_a_test_runners()

    def _is_a_test_runners(self) -> bool:
        """Whether a test runner is at work here and has put this database in place of the
        configured one: it made it, or had it made."""
        utils = sys.modules.get("django.test.utils")
        at_work = utils is not None and hasattr(utils._TestState, "saved_data")
        configured = CONFIGURED.get(self.using)
        return at_work and configured not in (None, self.connection.settings_dict["NAME"])

    def owns_transactions(self) -> bool:
        if self._block is not None:
            return self._owned
        # Reading it opens the connection, where Django says that a test may.
        return self.connection.get_autocommit() and not self.connection.in_atomic_block

    def begin(self) -> None:
        self._owned = self.owns_transactions()
        block = transaction.atomic(using=self.using)
        self._side.enter(block, self._owned)
        self._block = block

    def commit(self) -> None:
        if self._owned:
            self._side.before_commit()
        block, self._block = self._block, None
        if block is not None:
            block.__exit__(None, None, None)

    def rollback(self) -> None:
        block, self._block = self._block, None
        if block is not None:
            block.__exit__(Undone, Undone(), None)

    def query(self, sql: str, values: Sequence[Value]) -> list[tuple[Value, ...]]:
        with self._cursor() as cursor:
            return self._side.rows(cursor, sql, values)

    def execute(self, sql: str, values: Sequence[Value]) -> int:
        with self._cursor() as cursor:
            cursor.execute(sql, list(values))
            return max(int(cursor.rowcount), 0)

    def copy(self, sql: str, rows: str) -> int:
        with self._cursor() as cursor, self.connection.wrap_database_errors:
            with cursor.copy(sql) as copy:
                copy.write(rows)
            return int(cursor.rowcount)

    def failure(self, error: BaseException) -> Failure | None:
        # Raised for a block that somebody has broken; it is not about a statement of ours.
        if not isinstance(error, Error) or isinstance(error, TransactionManagementError):
            return None
        return self._side.failure(error)

    def _cursor(self) -> CursorWrapper:
        connection = self.connection
        if connection.force_debug_cursor or not connection.queries_logged:
            return connection.cursor()
        # DEBUG alone would keep the text of every statement in memory and take twice the time.
        connection.ensure_connection()
        return connection.make_cursor(connection.create_cursor())


def side(connection: BaseDatabaseWrapper) -> "SQLite | PostgreSQL":
    """Returns what knows the engine of a connection."""
    if connection.vendor == "sqlite":
        return SQLite(connection)
    if connection.vendor == "postgresql":
        # Its driver is there where its databases are.
        from seedbed.django.postgresql import PostgreSQL

        return PostgreSQL(connection)
    raise UsageError.new(
        "unknown-database",
        f"there is no adapter for `{connection.vendor}`, which `{connection.alias}` is",
        "name a database on SQLite or PostgreSQL with --database",
    )


def is_seeded(instance: Model) -> bool:
    """Whether a row is one that was seeded: it is known by its exact key and by its tag."""
    key, using = instance._meta.pk, instance._state.db or DEFAULT_DB_ALIAS
    columns = key.fields if isinstance(key, CompositePrimaryKey) else [key]
    stored = [
        column.get_db_prep_value(getattr(instance, column.attname), connections[using])
        for column in columns
    ]
    # A key that the engine has a type of its own for is one that it writes as a text.
    values = [value if isinstance(value, Value) else str(value) for value in stored]
    return _engine.owns(
        Database(using), instance._meta.db_table, values, here=Path.cwd(), refused=refused
    )
