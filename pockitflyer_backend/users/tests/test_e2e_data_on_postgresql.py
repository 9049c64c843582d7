"""What only PostgreSQL has: sequences that no rollback moves back, settings and constraints of a
transaction, rows that are locked, a schema of the command line's own.

It is collected when the tests run on PostgreSQL.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import seedbed
from django.db import IntegrityError, connection, connections, transaction
from seedbed.django import Database

from users.models import Follow, User
from users.tests.commands import manage
from users.tests.databases import BACKEND, Maker, Own, administer
from users.tests.seeding import EMPTY, SEEDED, add_user, counts, counts_of

ALIASES = ["one", "two"]
BEYOND = 2_000_000_000
"""Where the application's keys go on while seeded rows are there."""

SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
SETTINGS = "SELECT name, setting FROM pg_settings ORDER BY 1"


class Undone(Exception):
    """Somebody undoes a transaction."""


@pytest.fixture(autouse=True)
def no_pictures(settings, media: Path) -> None:
    settings.MEDIA_ROOT = ""


@pytest.fixture
def own(make: Maker, django_db_blocker) -> Iterator[Own]:
    """A database that no test runner has made, behind two aliases: two programs work on it."""
    made = make()
    with django_db_blocker.unblock():
        for alias in ALIASES:
            connections.settings[alias] = {**connections.settings["default"], **made.entry}
        yield made
        for alias in ALIASES:
            connections[alias].close()
            del connections[alias], connections.settings[alias]


def seed(using: str = "default") -> seedbed.Answer:
    return seedbed.seed("m03", database=Database(using))


def ask(sql: str, using: str = "default") -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def begin_anew() -> None:
    """What tests before committed is flushed, but their sequences still stand past the keys of Seedbed."""
    ask(
        "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, FALSE)"
        " FROM pg_sequences WHERE last_value >= 1000000000"
    )


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_a_sequence_stands_where_it_stood_when_the_callers_transaction_is_undone() -> None:
    begin_anew()
    ada = User.objects.create(username="ada", email="ada@example.com")
    before = ask(SEQUENCES)
    with pytest.raises(Undone), transaction.atomic():
        seed()
        assert User.objects.create(username="new", email="new@example.com").pk == BEYOND
        raise Undone
    assert ask(SEQUENCES) == before
    assert User.objects.create(username="bob", email="bob@example.com").pk == ada.pk + 1


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_a_sequence_is_the_savepoints_too_and_lasts_with_the_commit() -> None:
    begin_anew()
    with transaction.atomic():
        with pytest.raises(Undone), transaction.atomic():
            seed()
            raise Undone
        assert User.objects.create(username="ada", email="ada@example.com").pk < 1000
        seed()
    assert User.objects.create(username="new", email="new@example.com").pk == BEYOND

    User.objects.get(username="new").delete()
    with transaction.atomic():
        seedbed.cleanup("m01", database=Database())
    assert User.objects.create(username="bob", email="bob@example.com").pk < 1000


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_the_callers_settings_and_constraints_are_as_they_were() -> None:
    [(now,)] = ask("SELECT conname FROM pg_constraint WHERE conname LIKE 'auth_group_permissio%group_id%fk%'")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'Asia/Tokyo'; SET LOCAL lock_timeout = '7s'")
        cursor.execute(f'SET CONSTRAINTS "{now}" IMMEDIATE')
        before = ask(SETTINGS)
        for verb in [seedbed.seed, seedbed.verify, seedbed.plan, seedbed.reset, seedbed.cleanup, seedbed.seed]:
            verb("m03", database=Database())
            assert ask(SETTINGS) == before

        # What waits for the commit still waits for it, and what does not still does not.
        Follow.objects.create(follower_id=77, followed_id=78)
        assert Follow.objects.filter(follower_id=77).exists()
        with pytest.raises(IntegrityError, match="auth_group"), transaction.atomic():
            cursor.execute("INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (7, 1)")
        assert counts()["flyers_flyer"] == 150
    assert counts() == EMPTY


@pytest.mark.tdd_green
def test_nobody_refers_to_a_row_that_goes_in_a_transaction_of_the_caller(own: Own) -> None:
    add_user(own, "ada")
    seedbed.allow(own.name, database=Database("one"))
    seed("one")
    favorite = (
        "INSERT INTO flyers_favorite (is_e2e_test_data, created_at, flyer_id, user_id) SELECT FALSE, now(),"
        " (SELECT min(id) FROM flyers_flyer), id FROM users_user WHERE username = 'ada'"
    )
    with psycopg.connect(own.environment["DATABASE_URL"], autocommit=True) as ada:
        ada.execute("SET lock_timeout = '50ms'")
        with transaction.atomic(using="one"):
            seedbed.cleanup("m01", database=Database("one"))
            with pytest.raises(psycopg.errors.LockNotAvailable):
                ada.execute(favorite)
    assert counts_of(own) == EMPTY | {"users_user": 1, "seedbed_marker": 1}


@pytest.mark.tdd_green
def test_what_a_caller_has_not_committed_keeps_other_runs_waiting(own: Own, settings) -> None:
    settings.SEEDBED = {"lock_timeout": "0s"}
    # A run inside of a transaction makes no tables, and those of `migrate` are there.
    with transaction.atomic(using="one"):
        seed("one")
        with pytest.raises(seedbed.BusyError, match="another program has been writing"):
            seed("two")
        # Another worker is somebody else; his rows are not in the way of these.
        with pytest.raises(Undone), transaction.atomic(using="one"):
            seedbed.seed("m03", worker=1, database=Database("one"))
            raise Undone
    assert seed("two").data["written"] is False
    assert counts_of(own) == SEEDED


@pytest.mark.tdd_green
def test_a_connection_that_is_lost_is_told_and_the_next_run_has_another(own: Own) -> None:
    class Cut(Database):
        left = 60

        def _cursor(self) -> Any:
            self.left -= 1
            if self.left == 0:
                administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{own.name}'")
            return super()._cursor()

    with pytest.raises(seedbed.CouldNotRunError) as told:
        seedbed.seed("m03", database=Cut("one"))
    assert told.value.rule == "connection"
    assert counts_of(own) == EMPTY
    assert not connections["one"].in_atomic_block

    connections["one"].close()
    assert seed("one").data["written"] is True
    assert counts_of(own) == SEEDED


@pytest.mark.tdd_green
def test_options_of_the_connection_make_no_difference(own: Own) -> None:
    entry = connections.settings["two"]
    entry["OPTIONS"] = {
        **entry.get("OPTIONS", {}),
        "server_side_binding": True,
        "isolation_level": psycopg.IsolationLevel.SERIALIZABLE,
    }
    seed("one")
    assert seed("two").data["written"] is False
    seedbed.cleanup("m01", database=Database("two"))
    seed("two")
    assert seed("one").data["written"] is False
    assert seedbed.verify("m03", database=Database("two")).exit_code == 0


@pytest.mark.tdd_green
def test_a_dump_is_the_same_before_seeding_and_after_cleanup(own: Own) -> None:
    add_user(own, "ada")
    own.query("SELECT setval('users_profile_id_seq', 41)")
    assert manage(own, "seedbed", "allow", own.name).returncode == 0
    before = dump(own)

    assert manage(own, "seed_m03_e2e_data").returncode == 0
    assert len(dump(own)) > len(before) + 700
    assert manage(own, "cleanup_e2e_data").returncode == 0

    assert dump(own) == before


def dump(own: Own) -> list[str]:
    """Returns the database as `pg_dump` writes it down."""
    program = ["pg_dump", "--inserts", own.environment["DATABASE_URL"]]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    # Newer versions fence a dump with a word that is different each time.
    return [line for line in done.stdout.splitlines() if "restrict" not in line]


@pytest.mark.tdd_green
def test_the_digest_is_that_of_the_command_line_on_either_engine(own: Own, tmp_path: Path) -> None:
    asked = ["seed", "m03", "--as-of", "2026-03-01", "--format", "json"]
    ours = manage(own, "seedbed", *asked)
    assert ours.returncode == 0, ours.stderr

    def command_line(database: str) -> dict[str, Any]:
        program = [Path(sys.executable).with_name("seedbed"), *asked, "--db", database]
        program += ["--media", tmp_path / "media"]
        done = subprocess.run(program, capture_output=True, text=True, check=False, cwd=BACKEND.parent)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    file = command_line(f"sqlite:{tmp_path / 'db.sqlite3'}")
    assert file["written"] is True
    assert command_line(own.address)["dataset"]["digest"] == file["dataset"]["digest"] == json.loads(ours.stdout)["dataset"]["digest"]
