"""Which database the environment asks for.

POCKITFLYER_SQLITE, a path, wins over DATABASE_URL: a script that names a scratch file
must never reach the server that a shell happens to export.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

SQLITE = "django.db.backends.sqlite3"
SQLITE_OPTIONS = {
    # Readers do not block the one writer. The mode is stored in the file.
    "init_command": "PRAGMA journal_mode = WAL",
    # A transaction takes the write lock when it starts, where SQLite waits for it; a
    # later upgrade of a read lock fails at once with "database is locked".
    "transaction_mode": "IMMEDIATE",
}


def database(environment: Mapping[str, str], *, default: Path) -> dict[str, Any]:
    """Returns one entry of DATABASES; an SQLite file at `default` if nothing is asked."""
    path = environment.get("POCKITFLYER_SQLITE")
    url = environment.get("DATABASE_URL")
    if path or not url:
        return {"ENGINE": SQLITE, "NAME": path or default, "OPTIONS": SQLITE_OPTIONS}
    if url.startswith("sqlite:") and not url.startswith("sqlite://"):
        # The parser would drop the first letter of the path and open another file.
        raise ImproperlyConfigured(
            "DATABASE_URL: an SQLite path stands after `sqlite:///`"
        )
    parsed: dict[str, Any] = {**dj_database_url.parse(url)}
    if parsed["ENGINE"] == SQLITE:
        parsed["OPTIONS"] = SQLITE_OPTIONS | parsed.get("OPTIONS", {})
    return parsed
