"""Management commands as tests run them: in this process, or as a shell does."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import Model

from flyers.models import Favorite, Flyer, FlyerImage
from users.models import Follow, PrivacySettings, Profile, User

LOWER = [User, Profile, PrivacySettings, Flyer, FlyerImage]
"""What M01 and M02 write."""

RELATIONS = [Favorite, Follow]
"""What M03 writes."""

FIXTURES = settings.BASE_DIR / "users" / "fixtures"

PERSONAS = {
    "new": "test_user_new@pockitflyer.test",
    "active": "test_user_active@pockitflyer.test",
    "power": "test_user_power@pockitflyer.test",
    "prolific": "test_creator_prolific@pockitflyer.test",
}

Rows = dict[str, list[tuple[Any, ...]]]


def answer(command: str, *arguments: str) -> str:
    """Returns what the command printed; it left with 0, or this raises."""
    printed = StringIO()
    call_command(command, *arguments, stdout=printed, stderr=StringIO())
    return printed.getvalue()


def refusal(command: str, *arguments: str) -> CommandError:
    with pytest.raises(CommandError) as refused:
        answer(command, *arguments)
    return refused.value


def rows(*models: type[Model]) -> Rows:
    """Returns every column of every row by table; of both apps if no model is named."""
    named = models or [
        model
        for app in ["users", "flyers"]
        for model in apps.get_app_config(app).get_models()
    ]
    return {
        model._meta.db_table: list(model._base_manager.order_by("pk").values_list())
        for model in named
    }


class Database(NamedTuple):
    """A database file and the folder of its pictures."""

    file: Path
    media: Path

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return connection.execute(sql, values).fetchall()

    def count(self, table: str) -> int:
        return self.query(f"SELECT count(*) FROM {table}")[0][0]


def copy_of(migrated: Path, folder: Path) -> Database:
    """Returns an empty database of its own in `folder`."""
    folder.mkdir(exist_ok=True)
    database = Database(folder / "backend.sqlite3", folder / "media")
    shutil.copy(migrated, database.file)
    return database


def manage(
    database: Database, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs `manage.py` in a process of its own, as a shell does."""
    return subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", *arguments],
        env={
            **os.environ,
            "POCKITFLYER_SQLITE": str(database.file),
            "POCKITFLYER_MEDIA": str(database.media),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
