"""Django's own open connection, lent to the engine.

Every statement runs on the connection of the alias, inside an `atomic` of its own: in a test's
transaction no other connection could see the rows, and what is written here goes when that
transaction is undone.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import CompositePrimaryKey, Model
from django.db.transaction import Atomic, TransactionManagementError

from seedbed import _engine
from seedbed.database import Kind, Settings, Value
from seedbed.django import project
from seedbed.django.apps import CONFIGURED
from seedbed.errors import UsageError
from seedbed.verbs import refused

KINDS: list[tuple[str, Kind]] = [
    ("SQLITE_BUSY", "busy"),
    ("SQLITE_LOCKED", "busy"),
    ("SQLITE_FULL", "full"),
    ("SQLITE_READONLY", "read-only"),
    ("SQLITE_CONSTRAINT_UNIQUE", "unique"),
    ("SQLITE_CONSTRAINT_PRIMARYKEY", "unique"),
    ("SQLITE_CONSTRAINT_ROWID", "unique"),
    ("SQLITE_CONSTRAINT_FOREIGNKEY", "foreign-key"),
    ("SQLITE_CONSTRAINT", "constraint"),
    ("SQLITE_CANTOPEN", "connection"),
    ("SQLITE_NOTADB", "connection"),
    ("SQLITE_IOERR", "connection"),
]
"""What SQLite's result codes mean, by how their names begin; the first that fits counts."""


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
        if self.connection.vendor != "sqlite":
            raise UsageError.new(
                "unknown-database",
                f"there is no adapter for `{self.connection.vendor}`, which `{using}` is",
                "name a database on SQLite with --database",
            )
        self._block: Atomic | None = None
        self._owned = False
        self._prepared: object = None

    def settings(self) -> Settings:
        return project.settings()

    def path(self) -> Path | None:
        # The driver knows the file, however it was spelled.
        [(_, _, file)] = [row for row in self.query("PRAGMA database_list", []) if row[1] == "main"]
        return Path(str(file)).resolve() if file else None

    def is_for_tests(self) -> bool:
        return self.path() is None or self._is_a_test_runners()

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
        self._prepare()
        if not self._owned and not self.connection.connection.in_transaction:
            # With autocommit off, the driver begins with the first write. A savepoint before that
            # would be a transaction of its own, and its release a commit.
            self.execute("BEGIN", [])
        block = transaction.atomic(using=self.using)
        # The engine says when it writes; whoever only reads waits for nobody.
        mode, self.connection.transaction_mode = self.connection.transaction_mode, None
        try:
            block.__enter__()
        finally:
            self.connection.transaction_mode = mode
        self._block = block

    def commit(self) -> None:
        if self._owned:
            # Django undoes a transaction that cannot be committed; one that is busy is still open.
            with self.connection.wrap_database_errors:
                self.connection.connection.commit()
        block, self._block = self._block, None
        if block is not None:
            block.__exit__(None, None, None)

    def rollback(self) -> None:
        block, self._block = self._block, None
        if block is not None:
            block.__exit__(Undone, Undone(), None)

    def query(self, sql: str, values: Sequence[Value]) -> list[tuple[Value, ...]]:
        with self._cursor() as cursor:
            driver = self.connection.connection
            usual, driver.text_factory = driver.text_factory, text_or_bytes
            # A project may want rows of another kind from its own cursors.
            cursor.cursor.row_factory = None
            try:
                cursor.execute(sql, list(values))
                rows: list[tuple[Value, ...]] = cursor.fetchall()
                return rows
            finally:
                driver.text_factory = usual

    def execute(self, sql: str, values: Sequence[Value]) -> int:
        with self._cursor() as cursor:
            cursor.execute(sql, list(values))
            return max(int(cursor.rowcount), 0)

    def kind(self, error: BaseException) -> Kind | None:
        # Raised for a block that somebody has broken; it is not about a statement of ours.
        if not isinstance(error, Error) or isinstance(error, TransactionManagementError):
            return None
        code = getattr(error.__cause__, "sqlite_errorname", "")
        return next((kind for name, kind in KINDS if code.startswith(name)), "other")

    def _cursor(self) -> CursorWrapper:
        connection = self.connection
        if connection.force_debug_cursor or not connection.queries_logged:
            return connection.cursor()
        # DEBUG alone would keep the text of every statement in memory and take twice the time.
        connection.ensure_connection()
        return connection.make_cursor(connection.create_cursor())

    def _prepare(self) -> None:
        """Makes the functions that facts need known to the driver's connection."""
        self.connection.ensure_connection()
        driver = self.connection.connection
        if driver is self._prepared:
            return
        for name, function, arguments in [
            ("seedbed_km", kilometres, 4),
            ("seedbed_contains", contains, 2),
            ("seedbed_matches", matches, 2),
        ]:
            driver.create_function(name, arguments, function, deterministic=True)
        self._prepared = driver


def text_or_bytes(stored: bytes) -> str | bytes:
    """Returns a text as the engine takes it; one that is not UTF-8 is no value of ours."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


# What stands in a column may be of another type than the column: a value that is damaged is not an
# error of the statement that counts with it.


def kilometres(*places: Value) -> float | None:
    numbers = [place if isinstance(place, int | float) else None for place in places]
    return _engine.kilometres(*numbers)


def contains(*texts: Value) -> bool | None:
    return _engine.contains(*map(as_text, texts))


def matches(*texts: Value) -> bool | None:
    return _engine.matches(*map(as_text, texts))


def as_text(value: Value) -> str | None:
    return None if value is None or isinstance(value, bytes) else str(value)


def is_seeded(instance: Model) -> bool:
    """Whether a row is one that was seeded: it is known by its exact key and by its tag."""
    key, using = instance._meta.pk, instance._state.db or DEFAULT_DB_ALIAS
    columns = key.fields if isinstance(key, CompositePrimaryKey) else [key]
    stored = [
        column.get_db_prep_value(getattr(instance, column.attname), connections[using])
        for column in columns
    ]
    return _engine.owns(
        Database(using), instance._meta.db_table, stored, here=Path.cwd(), refused=refused
    )
