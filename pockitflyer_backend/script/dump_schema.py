#!/usr/bin/env python
"""Writes pockitflyer.sql: the database that `manage.py migrate` makes, as SQL text.

    python script/dump_schema.py [FILE]    (default: pockitflyer.sql beside manage.py)

The text holds the catalogue exactly as SQLite stores it (tables in creation order, then
indexes) and the rows that `migrate` leaves behind, so a file made from it counts as
migrated. The same migrations, Django and SQLite give the same bytes: the only moment in
the data, when a migration was applied, is written as a constant.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper

BACKEND = Path(__file__).resolve().parent.parent
APPLIED = "2026-01-01 00:00:00"
HEADER = """\
-- The PockitFlyer database as `manage.py migrate` leaves it, for SQLite.
-- Generated from the migrations; do not edit. To regenerate, in pockitflyer_backend:
--
--     python script/dump_schema.py
--
-- Execute it into an empty database file.
"""
TABLES_WITH_ROWS = ["django_content_type", "auth_permission", "django_migrations"]


def main(target: Path) -> None:
    # The settings read the environment, so it is set before Django loads them.
    os.environ["DJANGO_SETTINGS_MODULE"] = "pockitflyer.settings"
    os.environ["POCKITFLYER_SQLITE"] = ":memory:"
    sys.path.insert(0, str(BACKEND))

    django.setup()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        text = "\n".join(sections(cursor))
    target.write_text(text, encoding="utf-8", newline="\n")


def sections(cursor: CursorWrapper) -> Iterator[str]:
    yield HEADER
    for kind in ["table", "index"]:
        yield from statements(cursor, kind)
    for table in TABLES_WITH_ROWS:
        yield insert(cursor, table)


def statements(cursor: CursorWrapper, kind: str) -> Iterator[str]:
    """Yields the stored text of each object of `kind`, in creation order.

    SQLite makes its own objects (sqlite_sequence, the indexes behind UNIQUE) by itself.
    """
    cursor.execute(
        "SELECT sql FROM sqlite_schema "
        "WHERE type = %s AND name NOT LIKE 'sqlite^_%%' ESCAPE '^' ORDER BY rowid",
        [kind],
    )
    for (sql,) in cursor.fetchall():
        yield f"{sql};\n"


def insert(cursor: CursorWrapper, table: str) -> str:
    """Returns one INSERT with every row of `table`, ordered by id."""
    cursor.execute("SELECT name FROM pragma_table_info(%s) ORDER BY cid", [table])
    columns = [name for (name,) in cursor.fetchall()]
    # quote() gives the SQL literal of a value.
    literals = [
        f"quote('{APPLIED}')" if column == "applied" else f'quote("{column}")'
        for column in columns
    ]
    cursor.execute(f'SELECT {", ".join(literals)} FROM "{table}" ORDER BY "id"')
    rows = ",\n".join(f"    ({', '.join(row)})" for row in cursor.fetchall())
    names = ", ".join(f'"{column}"' for column in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES\n{rows};\n'


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else BACKEND / "pockitflyer.sql")
