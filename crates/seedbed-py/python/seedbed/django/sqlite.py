"""What is SQLite's own about a connection of Django's."""

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.transaction import Atomic

from seedbed import _engine
from seedbed.database import Engine, Failure, Kind, Value

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


class SQLite:
    """A connection of Django's to SQLite."""

    engine: Engine = "sqlite"

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self._prepared: object = None

    def enter(self, block: Atomic, owned: bool) -> None:
        """Enters a block, which is the outermost when it is ours."""
        self._prepare()
        driver = self.connection.connection
        if not owned and not driver.in_transaction:
            # With autocommit off, the driver begins with the first write. A savepoint before that
            # would be a transaction of its own, and its release a commit.
            with self.connection.wrap_database_errors:
                driver.execute("BEGIN")
        # The engine says when it writes; whoever only reads waits for nobody.
        mode, self.connection.transaction_mode = self.connection.transaction_mode, None
        try:
            block.__enter__()
        finally:
            self.connection.transaction_mode = mode

    def before_commit(self) -> None:
        """Commits what is ours: Django undoes a transaction that cannot be committed, and one that
        is busy is still open."""
        with self.connection.wrap_database_errors:
            self.connection.connection.commit()

    def rows(
        self, cursor: CursorWrapper, sql: str, values: Sequence[Value]
    ) -> list[tuple[Value, ...]]:
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

    def failure(self, error: Exception) -> Failure:
        code = getattr(error.__cause__, "sqlite_errorname", "")
        kind: Kind = next((kind for name, kind in KINDS if code.startswith(name)), "other")
        return kind, str(error), ""

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
