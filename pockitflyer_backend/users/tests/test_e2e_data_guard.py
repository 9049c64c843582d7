"""Django's command and the command line refuse the same things in the same words, and agree on a database.

Both are run as a person runs them, in a folder of their own; the name of the program is the only
difference that may be seen.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from users.tests.databases import BACKEND, ON_SQLITE, Maker, Own
from users.tests.seeding import (
    EMPTY,
    SEEDED,
    add_user,
    counts_of,
    python,
    timeless,
    write_settings,
)


@pytest.fixture
def own(make: Maker) -> Own:
    """A database of a project for both programs, in whose folder they run."""
    made = make()
    write_project(made)
    return made


def write_project(own: Own) -> None:
    """Writes the settings of both programs into the folder of a database."""
    folder = own.media.parent
    write_settings(folder)
    fixtures = BACKEND / "users" / "fixtures"
    lines = {"database": own.address, "scenarios": [str(fixtures)]}
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())
    (folder / "project.toml").write_text(text, encoding="utf-8")


def django(own: Own, *arguments: str) -> tuple[int, str]:
    """Returns the exit code and the text of a management command."""
    done = python(own.media.parent, BACKEND / "manage.py", *arguments, **own.environment)
    text = (done.stdout + done.stderr).replace("python manage.py seedbed", "seedbed")
    # Only Django knows how its tables are made.
    text = text.replace("python manage.py migrate", "apply your migrations to this database")
    return done.returncode, timeless(text.removeprefix("CommandError: "))


def command_line(own: Own, *arguments: str) -> tuple[int, str]:
    """Returns the exit code and the text of the script that the wheel installs."""
    script = Path(sys.executable).with_name("seedbed")
    done = subprocess.run(
        [script, *arguments, "--config", "project.toml"],
        cwd=own.media.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    # What is typed next names the project, as this call did.
    text = (done.stdout + done.stderr).replace("seedbed --config project.toml ", "seedbed ")
    return done.returncode, timeless(text)


def both(own: Own, *arguments: str) -> tuple[int, str]:
    """Returns what both answer, which must be the same."""
    before = own.everything()
    typed = command_line(own, *arguments)
    assert django(own, "seedbed", *arguments) == typed
    assert own.everything() == before
    return typed


@pytest.mark.tdd_green
def test_somebodys_database_is_refused_until_it_is_named(own: Own) -> None:
    add_user(own, "root", superuser=True)
    add_user(own, "ada")

    code, text = both(own, "seed", "m03")
    assert code == 3
    named = shlex.quote(own.address.removeprefix("sqlite:"))
    assert text == (
        f"error[not-for-tests]: database `{own.address}` is not marked for tests and is not empty\n"
        "  users_user 2\n"
        "nothing was written\n"
        f"help: if tests may write here, say so once: seedbed allow {named}\n"
        "help: or seed an empty database\n"
    )
    assert both(own, "allow", "other.sqlite3")[0] == 2
    # Nobody is asked where nobody sits.
    assert both(own, "allow")[0] == 2

    assert django(own, "seedbed", "allow", own.name)[0] == 0
    assert django(own, "seed_m03_e2e_data")[0] == 0
    assert counts_of(own) == SEEDED | {"users_user": 56}
    assert django(own, "cleanup_e2e_data")[0] == 0
    assert counts_of(own) == EMPTY | {"users_user": 2, "seedbed_marker": 1}


@pytest.mark.tdd_green
def test_a_test_runner_makes_nobodys_database_one_for_tests(own: Own) -> None:
    """Only the database that it has put in place of the configured one is."""
    add_user(own, "ada")
    folder = own.media.parent
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (folder / "test_inner.py").write_text(
        "import pytest, seedbed\n"
        "from seedbed.django import Database\n"
        "def test_own(django_db_blocker):\n"
        "    with django_db_blocker.unblock(), pytest.raises(seedbed.NotForTestsError):\n"
        "        seedbed.seed('m03', database=Database())\n",
        encoding="utf-8",
    )
    done = python(folder, "-m", "pytest", "-p", "no:cacheprovider", **own.environment)

    assert done.returncode == 0, done.stdout
    assert counts_of(own) == EMPTY | {"users_user": 1}


SWITCHED = """
import django, seedbed, sys
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
try:
    seedbed.seed("m03", database=seedbed.django.Database())
except seedbed.NotForTestsError:
    print("refused")
"""


@pytest.mark.tdd_green
def test_another_database_without_a_test_runner_is_not_one_for_tests(own: Own) -> None:
    """As where a project has a database for each of its customers."""
    add_user(own, "ada")

    name, configured = (str(own.entry["NAME"]), {"POCKITFLYER_SQLITE": "configured.sqlite3"})
    if not ON_SQLITE:
        configured = {"DATABASE_URL": own.environment["DATABASE_URL"].replace(name, "configured")}
    done = python(own.media.parent, "-c", SWITCHED, name, **configured)

    assert done.stdout == "refused\n", done.stdout + done.stderr
    assert counts_of(own) == EMPTY | {"users_user": 1}


@pytest.mark.tdd_green
def test_a_copy_of_a_seeded_database_is_refused(own: Own, make: Maker) -> None:
    """A file that somebody copied, or `CREATE DATABASE ... TEMPLATE`."""
    assert django(own, "seed_m03_e2e_data")[0] == 0
    elsewhere = make.copy(own, "elsewhere")
    write_project(elsewhere)
    assert both(elsewhere, "seed", "m03")[0] == 0
    elsewhere.query("DELETE FROM users_follow")

    code, text = both(elsewhere, "seed", "m03")
    assert code == 3
    assert "error[copied-database]" in text
    [(marked,)] = own.query("SELECT identity FROM seedbed_marker")
    assert f"was copied from `{marked}`" in text


@pytest.mark.tdd_green
def test_a_database_without_tables_is_not_migrated(make: Maker) -> None:
    own = make.bare()
    write_project(own)
    own.query("CREATE TABLE django_migrations (id integer PRIMARY KEY)")

    code, text = both(own, "seed", "m03")
    assert code == 6
    assert "error[missing-table]: there is no table `users_user`" in text
    assert "nothing was written" in text


@pytest.mark.tdd_green
def test_an_address_that_a_real_user_has_is_named(own: Own) -> None:
    assert django(own, "seed_e2e_data")[0] == 0
    add_user(own, "real", email="test_user_001@pockitflyer.test")

    code, text = both(own, "seed", "m02")
    assert code == 4
    assert "error[rows-not-ours]" in text and "test_user_001@pockitflyer.test" in text


@pytest.mark.tdd_green
def test_a_real_users_row_on_ours_blocks_the_cleanup(own: Own) -> None:
    assert django(own, "seed_m03_e2e_data")[0] == 0
    add_user(own, "real")
    own.query(
        "INSERT INTO flyers_favorite (is_e2e_test_data, created_at, flyer_id, user_id)"
        " SELECT FALSE, '2026-01-01 00:00:00', (SELECT min(id) FROM flyers_flyer), id"
        " FROM users_user WHERE username = 'real'"
    )

    code, text = both(own, "cleanup", "m01")
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
    own: Own, arguments: list[str], code: int, says: str
) -> None:
    found, text = both(own, *arguments)
    assert (found, says in text) == (code, True), text


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    "arguments",
    [["seed", "m03", "--worker", "70"], ["seed", "m03", "--as-of", "2026-02-30"]],
    ids=str,
)
def test_a_wrong_value_is_explained_in_the_same_words(own: Own, arguments: list[str]) -> None:
    typed, told = command_line(own, *arguments), django(own, "seedbed", *arguments)

    assert typed[0] == told[0] == 2
    [reason, *_] = typed[1].removeprefix("error: ").splitlines()
    assert reason in told[1]


@pytest.mark.tdd_green
def test_what_either_has_seeded_is_in_sync_for_the_other(own: Own) -> None:
    as_of = ["--as-of", "2026-03-01T12:00:00Z"]
    code, text = command_line(own, "seed", "m03", *as_of)
    assert code == 0, text
    seeded = own.rows_of_the_application()
    assert "in sync: 737 rows" in django(own, "seed_m03_e2e_data")[1]
    assert both(own, "verify", "m03")[0] == 0
    assert both(own, "show", "power", "favorites")[0] == 0

    assert django(own, "cleanup_e2e_data")[0] == 0
    assert counts_of(own) == EMPTY | {"seedbed_marker": 1}

    assert django(own, "seed_m03_e2e_data", *as_of)[0] == 0
    assert "in sync: 737 rows" in command_line(own, "seed", "m03")[1]
    # The same values to the last byte, whoever wrote them.
    assert own.rows_of_the_application() == seeded
    assert command_line(own, "cleanup", "m01")[0] == 0
    assert counts_of(own) == EMPTY | {"seedbed_marker": 1}


@pytest.mark.tdd_green
def test_a_database_from_before_the_app_was_installed_takes_the_migration(own: Own, make: Maker) -> None:
    """On PostgreSQL the command line keeps its tables in a schema of their own, and they move."""
    own.run(
        "DROP TABLE seedbed_marker; DROP TABLE seedbed_state;"
        "DELETE FROM django_migrations WHERE app = 'seedbed'"
    )
    assert command_line(own, "seed", "m03")[0] == 0
    assert "in sync" in command_line(own, "seed", "m03")[1]
    assert "in sync" in django(own, "seed_m03_e2e_data")[1]
    before = own.everything()

    code, text = django(own, "migrate")
    assert code == 0 and "Applying seedbed.0001_initial... OK" in text
    assert without_migrations(own.everything()) == sorted(
        line.replace(" seedbed seedbed_", " public seedbed_").replace("seedbed.seedbed_", "public.seedbed_")
        for line in without_migrations(before)
    )
    assert "No migrations to apply" in django(own, "migrate")[1]
    assert "in sync" in django(own, "seed_m03_e2e_data")[1]
    assert "in sync" in command_line(own, "seed", "m03")[1]
    # The tables of the command line have the columns and constraints of the models.
    assert shape(own) == shape(make("migrated"))


def without_migrations(lines: list[str]) -> list[str]:
    kept = [line for line in lines if "django_migrations" not in line and "sqlite_sequence" not in line]
    return sorted(kept)


def shape(own: Own) -> list[tuple[object, ...]]:
    """Returns the columns of Seedbed's tables, and their places in the keys."""
    if ON_SQLITE:
        return own.query(
            "SELECT m.name, c.name, c.pk FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c"
            " WHERE m.name LIKE 'seedbed%' AND m.type = 'table' ORDER BY 1, c.cid"
        )
    return own.query(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class AS c"
        " JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0"
        " WHERE c.relkind = 'r' AND c.relname LIKE 'seedbed%' ORDER BY 1, 2"
    ) + own.query(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid::regclass::text LIKE 'seedbed%' ORDER BY 1"
    )
