"""A database that a program has open, as the engine uses it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

Value = int | float | str | bytes | None
"""A value as the database stores it: no dates, no decimals, no booleans."""

Engine = Literal["sqlite", "postgresql"]
"""What is at the other end of a connection."""

Kind = Literal[
    "busy",
    "conflict",
    "full",
    "read-only",
    "unique",
    "foreign-key",
    "constraint",
    "connection",
    "other",
]
"""What an error of a database means."""

Failure = tuple[Kind, str, str]
"""What an error means, its words, and where PostgreSQL was when it came up: `COPY items, line 4`."""

Server = tuple[str, str, int, str]
"""Where a server's database is: user, host or folder of the socket, port, name."""

Settings = tuple[str, str, Path]
"""Settings in place of a `seedbed.toml`: where a person finds them, what the file would say, and
the folder that its paths count from."""


class Database(Protocol):
    """One open connection and its transactions. `seedbed.django.Database` is Django's.

    Statements have `%s` for each value and `%%` for a percent sign. PostgreSQL is given values as
    texts, and its statements say what each is; it gives numbers, texts and bytes.
    """

    engine: Engine
    """What is at the other end."""

    program: str
    """How help lines call this program: `python manage.py seedbed`."""

    migrate: str
    """How tables are made that are missing: `python manage.py migrate`."""

    def settings(self) -> Settings | None:
        """Returns what stands for a `seedbed.toml` in this program."""

    def secret(self) -> str | None:
        """Returns what this program signs its tokens with; None where the project's settings say it."""

    def path(self) -> Path | None:
        """Returns the file of an SQLite database with links resolved; None for one in memory."""

    def server(self) -> Server:
        """Returns where a PostgreSQL database is."""

    def is_for_tests(self) -> bool:
        """Whether this is always a database for tests: in memory, or made by a test runner."""

    def owns_transactions(self) -> bool:
        """Whether `commit` makes rows last; not so inside a transaction of the program."""

    def begin(self) -> None:
        """Opens a transaction, or a savepoint inside one of the program's."""

    def commit(self) -> None:
        """Makes it last, or leaves it to the transaction of the program."""

    def rollback(self) -> None:
        """Undoes it; does nothing when none is open."""

    def query(self, sql: str, values: Sequence[Value]) -> list[tuple[Value, ...]]:
        """Returns the rows of a query, with values as they are stored."""

    def execute(self, sql: str, values: Sequence[Value]) -> int:
        """Runs a statement; returns how many rows it touched."""

    def copy(self, sql: str, rows: str) -> int:
        """Runs PostgreSQL's COPY over rows as it reads them; returns how many. It has no values, and
        a percent sign is just that."""

    def failure(self, error: BaseException) -> Failure | None:
        """Returns what an error means; None for one that is not the database's."""
