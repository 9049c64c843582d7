"""pockitflyer.sql, the migrations and the models describe one and the same database.

Every test works on its own file; the backend's db.sqlite3 is never opened.
"""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[2] / "pockitflyer_backend"
SCHEMA = BACKEND / "pockitflyer.sql"


@pytest.fixture
def from_sql(tmp_path: Path) -> Path:
    """A file made by executing pockitflyer.sql."""
    path = tmp_path / "from_sql.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA.read_text(encoding="utf-8"))
    return path


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    """A file made by `manage.py migrate`."""
    path = tmp_path / "migrated.sqlite3"
    manage(path, "migrate")
    return path


@pytest.mark.tdd_green
def test_the_sql_file_and_the_migrations_make_the_same_catalogue(
    from_sql: Path, migrated: Path
) -> None:
    assert catalogue(from_sql) == catalogue(migrated)


@pytest.mark.tdd_green
def test_the_sql_file_and_the_migrations_leave_the_same_rows(
    from_sql: Path, migrated: Path
) -> None:
    assert rows(from_sql) == rows(migrated)


@pytest.mark.tdd_green
def test_migrate_finds_nothing_to_do_in_a_file_made_from_sql(from_sql: Path) -> None:
    before = catalogue(from_sql), rows(from_sql)

    manage(from_sql, "migrate", "--check")
    assert "No migrations to apply." in manage(from_sql, "migrate")

    assert (catalogue(from_sql), rows(from_sql)) == before


@pytest.mark.tdd_green
def test_the_models_ask_for_no_further_migration(from_sql: Path) -> None:
    report = manage(from_sql, "makemigrations", "--check", "--dry-run")
    assert report == "No changes detected\n"


@pytest.mark.tdd_green
def test_the_database_refuses_a_self_follow(from_sql: Path) -> None:
    with closing(sqlite3.connect(from_sql)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        ada, bob = (insert_user(connection, name) for name in ["ada", "bob"])
        insert_follow(connection, follower=ada, followed=bob)

        with pytest.raises(sqlite3.IntegrityError, match="prevent_self_follow"):
            insert_follow(connection, follower=ada, followed=ada)


@pytest.mark.tdd_green
def test_the_dump_reproduces_the_committed_file(tmp_path: Path) -> None:
    again = tmp_path / "again.sql"
    run(BACKEND / "script" / "dump_schema.py", again)
    assert again.read_bytes() == SCHEMA.read_bytes()


def catalogue(database: Path) -> list[tuple[str, str, str, str]]:
    """Returns every object of the file, SQLite's own included, in a stable order."""
    return query(
        database,
        "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema "
        "ORDER BY type, name",
    )


def rows(database: Path) -> dict[str, list[tuple]]:
    """Returns the rows of every table; only the moment of a migration is left out."""
    tables = [
        name
        for kind, name, _, _ in catalogue(database)
        if kind == "table" and not name.startswith("sqlite_")
    ]
    found = {name: query(database, f'SELECT * FROM "{name}"') for name in tables}
    found["django_migrations"] = query(
        database, "SELECT id, app, name FROM django_migrations"
    )
    return {name: sorted(values) for name, values in found.items()}


def query(database: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def insert_user(connection: sqlite3.Connection, name: str) -> int:
    moment = "2026-01-01 00:00:00"
    user = {
        "password": "!",
        "is_superuser": 0,
        "username": name,
        "first_name": "",
        "last_name": "",
        "is_staff": 0,
        "is_active": 1,
        "date_joined": moment,
        "is_e2e_test_data": 0,
        "email": f"{name}@example.com",
        "email_verified": 0,
        "created_at": moment,
        "updated_at": moment,
    }
    columns = ", ".join(user)
    places = ", ".join(f":{column}" for column in user)
    cursor = connection.execute(
        f"INSERT INTO users_user ({columns}) VALUES ({places})", user
    )
    return cursor.lastrowid


def insert_follow(
    connection: sqlite3.Connection, *, follower: int, followed: int
) -> None:
    connection.execute(
        "INSERT INTO users_follow (follower_id, followed_id, created_at, is_e2e_test_data) "
        "VALUES (?, ?, '2026-01-01 00:00:00', 0)",
        [follower, followed],
    )


def manage(database: Path, *arguments: str) -> str:
    """Returns what the management command printed, when it left with code 0."""
    return run(BACKEND / "manage.py", *arguments, POCKITFLYER_SQLITE=str(database))


def run(script: Path, *arguments: str | Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, script, *arguments],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "pockitflyer.settings"}
        | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
