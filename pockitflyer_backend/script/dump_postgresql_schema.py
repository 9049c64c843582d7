#!/usr/bin/env python
"""Writes pockitflyer.postgresql.sql: the database that `migrate` makes on PostgreSQL.

    DATABASE_URL=postgres://... python script/dump_postgresql_schema.py [FILE]

DATABASE_URL names an empty database, which is migrated and stays so; `pg_dump` of the
server's version is called. What pg_dump writes for its own sake (settings, comments,
ownership) is left out, so the text is plain SQL that any driver can execute, and the
moment when a migration was applied is written as a constant.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

BACKEND = Path(__file__).resolve().parent.parent
APPLIED = "2026-01-01 00:00:00+00"
HEADER = """\
-- The PockitFlyer database as `manage.py migrate` leaves it, for PostgreSQL 15 and newer.
-- Generated from the migrations; do not edit. To regenerate, in pockitflyer_backend:
--
--     DATABASE_URL=postgres://... python script/dump_postgresql_schema.py
--
-- Execute it into an empty database.
"""
OPTIONS = ["--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=1000"]


def main(target: Path) -> None:
    # The settings read the environment, so it is set before Django loads them.
    os.environ["DJANGO_SETTINGS_MODULE"] = "pockitflyer.settings"
    os.environ.pop("POCKITFLYER_SQLITE", None)
    sys.path.insert(0, str(BACKEND))

    django.setup()
    if connection.vendor != "postgresql":
        sys.exit("DATABASE_URL names no PostgreSQL database")
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET applied = %s", [APPLIED])
    arguments, environment = connection.client.settings_to_cmd_args_env(
        connection.settings_dict, []
    )
    command = ["pg_dump", *arguments[1:-1], *OPTIONS, f"--dbname={arguments[-1]}"]
    dumped = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {}), "PGTZ": "UTC"},
    )
    text = "\n".join([HEADER, *sections(dumped.stdout)])
    target.write_text(text, encoding="utf-8", newline="\n")


def sections(text: str) -> Iterator[str]:
    """Yields the statements, without pg_dump's settings and comments."""
    kept = [
        line for line in text.splitlines() if not re.match(r"--|SET |\\|SELECT .*set_config", line)
    ]
    yield re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else BACKEND / "pockitflyer.postgresql.sql")
