"""The engine inside the package `seedbed`."""

from collections.abc import Callable, Sequence
from pathlib import Path

from seedbed.database import Database, Kind, Settings, Value

__all__ = ["ask", "contains", "kilometres", "kind", "main", "matches", "owns", "verbs"]

def main(arguments: Sequence[str]) -> int:
    """Runs the command line; returns the exit code."""

def verbs() -> str:
    """Returns the verbs and what each understands, as JSON."""

def ask(
    arguments: Sequence[str],
    *,
    program: str,
    migrate: str,
    here: Path,
    coloured: bool,
    interactive: bool,
    notice: Callable[[str], object],
    refused: Callable[[int, str, str], BaseException],
    settings: Settings | None,
    secret: str | None,
    database: Database | None,
) -> tuple[str, str, int]:
    """Asks a verb; returns its answer as text, as JSON, and its exit code.

    An error is what `refused(exit_code, text, data)` makes of it; what Python code of the database
    raised, and is no error of a database, goes through as it is.
    """

def owns(
    database: Database,
    table: str,
    key: Sequence[Value],
    *,
    here: Path,
    refused: Callable[[int, str, str], BaseException],
) -> bool:
    """Whether the row with this key was seeded here, for any worker."""

def kilometres(
    latitude: float | None,
    longitude: float | None,
    other_latitude: float | None,
    other_longitude: float | None,
    /,
) -> float | None:
    """Returns the distance between two points in kilometres; None where one is missing."""

def contains(text: str | None, part: str | None, /) -> bool | None:
    """Whether a text has another in it, upper and lower case alike; None where one is missing."""

def matches(text: str | None, pattern: str | None, /) -> bool | None:
    """Whether a text is a pattern; None where one is missing."""

def kind(code: str, /) -> Kind:
    """Returns what a code of a PostgreSQL server means."""
