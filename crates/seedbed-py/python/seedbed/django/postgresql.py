"""What is PostgreSQL's own about a connection of Django's."""

from collections.abc import Sequence
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.psycopg_any import is_psycopg3
from django.db.backends.utils import CursorWrapper
from django.db.transaction import Atomic

from seedbed import _engine
from seedbed.database import Engine, Failure, Server, Value
from seedbed.errors import UsageError


class PostgreSQL:
    """A connection of Django's to PostgreSQL, over psycopg 3."""

    engine: Engine = "postgresql"

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        if not is_psycopg3:
            raise UsageError.new(
                "unknown-database",
                f"`{connection.alias}` is reached over psycopg2, and psycopg 3 is needed",
                'pip install "psycopg[binary]"',
            )
        self.connection = connection
        self._server: Server | None = None

    def enter(self, block: Atomic, owned: bool) -> None:
        """Enters a block; what its transaction is like is said by its first statements."""
        block.__enter__()

    def before_commit(self) -> None:
        """Does nothing: a commit that fails leaves nothing open."""

    def rows(
        self, cursor: CursorWrapper, sql: str, values: Sequence[Value]
    ) -> list[tuple[Value, ...]]:
        # A project may want rows of another kind from its own cursors.
        cursor.cursor.row_factory = plain_rows
        cursor.execute(sql, list(values))
        rows: list[tuple[Value, ...]] = cursor.fetchall()
        return rows

    def failure(self, error: Exception) -> Failure:
        cause = error.__cause__
        code = getattr(cause, "sqlstate", None)
        if cause is None or code is None:
            lost = isinstance(error, OperationalError | InterfaceError)
            return "connection" if lost else "other", str(error).strip(), ""
        kind = _engine.kind(code)
        told: Any = getattr(cause, "diag", None)
        message = told.message_primary or str(error)
        # What a key holds is told; a whole row, as other constraints tell it, may hold a secret.
        if kind in ("unique", "foreign-key") and told.message_detail:
            message = f"{message}: {told.message_detail}"
        return kind, message, told.context or ""

    def server(self) -> Server:
        if self._server is None:
            self.connection.ensure_connection()
            info = self.connection.connection.info
            self._server = (info.user, info.host, info.port, info.dbname)
        return self._server


def plain_rows(cursor: Any) -> type[tuple[Any, ...]] | Any:
    """Returns what makes a row of the values of one."""
    return tuple
