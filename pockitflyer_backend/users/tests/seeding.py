"""What the tests of seeding share: what stands in a database, and programs that work on one."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.db import connections

from users.tests.databases import BACKEND, Own

SEEDED = {
    "users_user": 54,
    "flyers_flyer": 150,
    "flyers_favorite": 50,
    "users_follow": 30,
    "seedbed_state": 3,
    "seedbed_marker": 1,
}
EMPTY = dict.fromkeys(SEEDED, 0)


def counts(using: str = "default") -> dict[str, int]:
    """Returns how many rows the tables of `SEEDED` hold, as the connection sees it."""
    found = {}
    with connections[using].cursor() as cursor:
        for table in SEEDED:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            [(found[table],)] = cursor.fetchall()
    return found


def counts_of(own: Own) -> dict[str, int]:
    """Returns the same as somebody else sees it."""
    return {table: own.count(table) for table in SEEDED}


def add_user(own: Own, name: str, *, email: str | None = None, superuser: bool = False) -> None:
    """Adds somebody's own row to a database."""
    moment = "2026-01-01 00:00:00"
    row: dict[str, Any] = {
        "password": "!",
        "is_superuser": superuser,
        "username": name,
        "first_name": "",
        "last_name": "",
        "is_staff": superuser,
        "is_active": True,
        "date_joined": moment,
        "is_e2e_test_data": False,
        "email": email or f"{name}@example.com",
        "email_verified": False,
        "created_at": moment,
        "updated_at": moment,
    }
    places = ", ".join(["%s"] * len(row))
    own.query(f"INSERT INTO users_user ({', '.join(row)}) VALUES ({places})", [*row.values()])


def write_settings(folder: Path, *lines: str) -> None:
    """Writes a module `scratch_settings`: the backend's own, and more lines."""
    text = ["from pockitflyer.settings import *", "MEDIA_ROOT = ''", *lines]
    (folder / "scratch_settings.py").write_text("\n".join(text) + "\n", encoding="utf-8")


def python(folder: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in `folder`, with its `scratch_settings` and the backend at hand."""
    path = [str(folder), str(BACKEND), os.environ.get("PYTHONPATH", "")]
    own = {"DJANGO_SETTINGS_MODULE": "scratch_settings", "PYTHONPATH": os.pathsep.join(filter(None, path))}
    # The run around this one is none of its business.
    around = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=around | own | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def timeless(text: str) -> str:
    """Returns a text without the times that it took."""
    return re.sub(r"\d+(\.\d+)? (ms|s)\b", "TIME", text)
