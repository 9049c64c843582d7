"""Management commands as tests run them: in this process, or as a shell does."""

import os
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Model

from flyers.models import Favorite, Flyer, FlyerImage
from users.models import Follow, PrivacySettings, Profile, User
from users.tests.databases import Own

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


def refuse_after(table: str, count: int) -> None:
    """Lets the database refuse, with `injected`, every row of a table that holds so many."""
    when = f"(SELECT count(*) FROM {table}) = {count}"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                f"CREATE TRIGGER is_full BEFORE INSERT ON {table} WHEN {when}"
                " BEGIN SELECT RAISE(ABORT, 'injected'); END"
            )
            return
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN IF {when} THEN RAISE 'injected'; END IF; RETURN new; END$$"
        )
        cursor.execute(
            f"CREATE TRIGGER is_full BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
        )


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


def manage(
    database: Own, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs `manage.py` in a process of its own, as a shell does."""
    return subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", *arguments],
        env={
            **os.environ,
            **database.environment,
            "POCKITFLYER_MEDIA": str(database.media),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
