"""Django's command and the command line refuse the same things in the same words, and agree on a file.

Both are run as a person runs them, in a folder with one database file; the name of the program is the
only difference that may be seen.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from users.tests.seeding import (
    BACKEND,
    EMPTY,
    SCHEMA,
    SEEDED,
    add_user,
    counts_of_file,
    everything,
    make_file,
    python,
    timeless,
    write_settings,
)

DB = "db.sqlite3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project on a database file `db.sqlite3`, for both programs."""
    make_file(tmp_path / DB)
    write_settings(tmp_path)
    fixtures = BACKEND / "users" / "fixtures"
    lines = {"database": f"sqlite:{DB}", "schema": str(SCHEMA), "scenarios": [str(fixtures)]}
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    (tmp_path / "project.toml").write_text(text, encoding="utf-8")
    return tmp_path


def django(folder: Path, *arguments: str) -> tuple[int, str]:
    """Returns the exit code and the text of a management command."""
    done = python(folder, BACKEND / "manage.py", *arguments, POCKITFLYER_SQLITE=DB)
    text = (done.stdout + done.stderr).replace("python manage.py seedbed", "seedbed")
    # Only Django knows how its tables are made.
    text = text.replace("python manage.py migrate", "apply your migrations to this database")
    return done.returncode, timeless(text.removeprefix("CommandError: "))


def command_line(folder: Path, *arguments: str) -> tuple[int, str]:
    """Returns the exit code and the text of the script that the wheel installs."""
    script = Path(sys.executable).with_name("seedbed")
    done = subprocess.run(
        [script, *arguments, "--config", "project.toml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done.returncode, timeless(done.stdout + done.stderr)


def both(folder: Path, *arguments: str) -> tuple[int, str]:
    """Returns what both answer, which must be the same."""
    before = everything(folder / DB)
    typed = command_line(folder, *arguments)
    assert django(folder, "seedbed", *arguments) == typed
    assert everything(folder / DB) == before
    return typed


@pytest.mark.tdd_green
def test_somebodys_database_is_refused_until_it_is_named(folder: Path) -> None:
    add_user(folder / DB, "root", superuser=True)
    add_user(folder / DB, "ada")

    code, text = both(folder, "seed", "m03")
    assert code == 3
    assert text == (
        "error[not-for-tests]: database `sqlite:db.sqlite3` is not marked for tests and is not empty\n"
        "  users_user 2\n"
        "nothing was written\n"
        "help: if tests may write here, say so once: seedbed allow db.sqlite3\n"
        "help: or seed an empty database\n"
    )
    assert both(folder, "allow", "other.sqlite3")[0] == 2
    # Nobody is asked where nobody sits.
    assert both(folder, "allow")[0] == 2

    assert django(folder, "seedbed", "allow", DB)[0] == 0
    assert django(folder, "seed_m03_e2e_data")[0] == 0
    assert counts_of_file(folder / DB) == SEEDED | {"users_user": 56}
    assert django(folder, "cleanup_e2e_data")[0] == 0
    assert counts_of_file(folder / DB) == EMPTY | {"users_user": 2, "seedbed_marker": 1}


@pytest.mark.tdd_green
def test_a_test_runner_makes_nobodys_database_one_for_tests(folder: Path) -> None:
    """Only the database that it has put in place of the configured one is."""
    add_user(folder / DB, "ada")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "test_inner.py").write_text(
        "import pytest, seedbed\n"
        "from seedbed.django import Database\n"
        "def test_own(django_db_blocker):\n"
        "    with django_db_blocker.unblock(), pytest.raises(seedbed.NotForTestsError):\n"
        "        seedbed.seed('m03', database=Database())\n",
        encoding="utf-8",
    )
    done = python(folder, "-m", "pytest", "-p", "no:cacheprovider", POCKITFLYER_SQLITE=DB)

    assert done.returncode == 0, done.stdout
    assert counts_of_file(folder / DB) == EMPTY | {"users_user": 1}


SWITCHED = """
import django, seedbed
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = "db.sqlite3"
try:
    seedbed.seed("m03", database=seedbed.django.Database())
except seedbed.NotForTestsError:
    print("refused")
"""


@pytest.mark.tdd_green
def test_another_database_without_a_test_runner_is_not_one_for_tests(folder: Path) -> None:
    """As where a project has a database for each of its customers."""
    add_user(folder / DB, "ada")

    done = python(folder, "-c", SWITCHED, POCKITFLYER_SQLITE="configured.sqlite3")

    assert done.stdout == "refused\n", done.stdout + done.stderr
    assert counts_of_file(folder / DB) == EMPTY | {"users_user": 1}


@pytest.mark.tdd_green
def test_a_copy_of_a_seeded_file_is_refused(folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    assert django(folder, "seed_m03_e2e_data")[0] == 0
    for file in folder.glob(f"{DB}*"):
        shutil.copy(file, elsewhere)
    shutil.copy(folder / "project.toml", elsewhere)
    write_settings(elsewhere)
    assert both(elsewhere, "seed", "m03")[0] == 0
    with closing(sqlite3.connect(elsewhere / DB)) as connection, connection:
        connection.execute("DELETE FROM users_follow")

    code, text = both(elsewhere, "seed", "m03")
    assert code == 3
    assert "error[copied-database]" in text and str(folder / DB) in text


@pytest.mark.tdd_green
def test_a_database_without_tables_is_not_migrated(folder: Path) -> None:
    (folder / DB).unlink()
    with closing(sqlite3.connect(folder / DB)) as connection:
        connection.execute("CREATE TABLE django_migrations (id integer PRIMARY KEY)")

    code, text = both(folder, "seed", "m03")
    assert code == 6
    assert "error[missing-table]: there is no table `users_user`" in text
    assert "nothing was written" in text


@pytest.mark.tdd_green
def test_an_address_that_a_real_user_has_is_named(folder: Path) -> None:
    assert django(folder, "seed_e2e_data")[0] == 0
    add_user(folder / DB, "real", email="test_user_001@pockitflyer.test")

    code, text = both(folder, "seed", "m02")
    assert code == 4
    assert "error[rows-not-ours]" in text and "test_user_001@pockitflyer.test" in text


@pytest.mark.tdd_green
def test_a_real_users_row_on_ours_blocks_the_cleanup(folder: Path) -> None:
    assert django(folder, "seed_m03_e2e_data")[0] == 0
    add_user(folder / DB, "real")
    with closing(sqlite3.connect(folder / DB)) as connection, connection:
        connection.execute(
            "INSERT INTO flyers_favorite (is_e2e_test_data, created_at, flyer_id, user_id)"
            " SELECT FALSE, '2026-01-01 00:00:00', (SELECT min(id) FROM flyers_flyer), max(id)"
            " FROM users_user"
        )

    code, text = both(folder, "cleanup", "m01")
    assert code == 4
    assert "1 row of other people hangs on rows that would go" in text


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["seed", "m99"], 2, "m99"),
        (["verify", "m03"], 1, "not verified"),
        (["plan", "m03", "--check"], 1, "plan: 737 to insert"),
        (["plan", "m02", "--rows"], 0, "power"),
        (["seed", "m03", "--dry-run"], 0, "`seedbed seed m03` does it"),
        (["reset", "m03", "--state", "emty"], 2, "help: declared are: active"),
        (["show", "powr", "favorites"], 2, "power"),
        (["personas", "m03"], 0, "power"),
        (["status"], 0, "nothing is seeded here"),
        (["schema"], 0, "$schema"),
    ],
    ids=str,
)
def test_on_an_empty_database_both_say_the_same(
    folder: Path, arguments: list[str], code: int, says: str
) -> None:
    found, text = both(folder, *arguments)
    assert (found, says in text) == (code, True), text


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    "arguments",
    [["seed", "m03", "--worker", "70"], ["seed", "m03", "--as-of", "2026-02-30"]],
    ids=str,
)
def test_a_wrong_value_is_explained_in_the_same_words(folder: Path, arguments: list[str]) -> None:
    typed, told = command_line(folder, *arguments), django(folder, "seedbed", *arguments)

    assert typed[0] == told[0] == 2
    [reason, *_] = typed[1].removeprefix("error: ").splitlines()
    assert reason in told[1]


@pytest.mark.tdd_green
def test_what_either_has_seeded_is_in_sync_for_the_other(folder: Path) -> None:
    as_of = ["--as-of", "2026-03-01T12:00:00Z"]
    code, text = command_line(folder, "seed", "m03", *as_of)
    assert code == 0, text
    seeded = rows(folder / DB)
    assert "in sync: 737 rows" in django(folder, "seed_m03_e2e_data")[1]
    assert both(folder, "verify", "m03")[0] == 0
    assert both(folder, "show", "power", "favorites")[0] == 0

    assert django(folder, "cleanup_e2e_data")[0] == 0
    assert counts_of_file(folder / DB) == EMPTY | {"seedbed_marker": 1}

    assert django(folder, "seed_m03_e2e_data", *as_of)[0] == 0
    assert "in sync: 737 rows" in command_line(folder, "seed", "m03")[1]
    # The same values to the last byte, whoever wrote them.
    assert rows(folder / DB) == seeded
    assert command_line(folder, "cleanup", "m01")[0] == 0
    assert counts_of_file(folder / DB) == EMPTY | {"seedbed_marker": 1}


def rows(path: Path) -> list[str]:
    """Returns the rows of the application; when they were seeded is not among them."""
    return [line for line in everything(path) if "INTO" in line and "seedbed_" not in line]


@pytest.mark.tdd_green
def test_a_file_from_before_the_app_was_installed_takes_the_migration(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DB)) as connection, connection:
        connection.executescript(
            "DROP TABLE seedbed_marker; DROP TABLE seedbed_state;"
            "DELETE FROM django_migrations WHERE app = 'seedbed'"
        )
    assert command_line(folder, "seed", "m03")[0] == 0
    before = everything(folder / DB)

    code, text = django(folder, "migrate")
    assert code == 0 and "Applying seedbed.0001_initial... OK" in text
    after = everything(folder / DB)
    assert [line for line in after if "django_migrations" not in line and "sqlite_sequence" not in line] == [
        line for line in before if "django_migrations" not in line and "sqlite_sequence" not in line
    ]
    assert "No migrations to apply" in django(folder, "migrate")[1]
    assert "in sync" in django(folder, "seed_m03_e2e_data")[1]
    # The tables of the command line have the columns of the models.
    assert columns(folder / DB) == columns(make_file(folder / "migrated.sqlite3"))


def columns(path: Path) -> list[tuple[str, str, int]]:
    """Returns the columns of Seedbed's tables, and their places in the keys."""
    wanted = (
        "SELECT m.name, c.name, c.pk FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c"
        " WHERE m.name LIKE 'seedbed%' AND m.type = 'table' ORDER BY 1, c.cid"
    )
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(wanted).fetchall()
