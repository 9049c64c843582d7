"""A verb is part of the transaction that is open around it, and of no other.

Rows, state, marker and counters stand in the database, so whoever undoes the transaction undoes
all of it; what Python raises meanwhile goes through as it is.
"""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import seedbed
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from seedbed.django import Database, is_seeded

from users.models import Follow, User
from users.tests.databases import ON_SQLITE, File, Maker, Own
from users.tests.seeding import EMPTY, SEEDED, add_user, counts, counts_of

ALIAS = "other"


class Undone(Exception):
    """Somebody undoes a transaction."""


@pytest.fixture(autouse=True)
def no_pictures(settings, media: Path) -> None:
    """Pictures are files, and no transaction takes them back; they take most of the time."""
    settings.MEDIA_ROOT = ""


@pytest.fixture
def other(make: Maker, django_db_blocker) -> Iterator[Own]:
    """A database that no test runner has made, behind an alias of its own."""
    own = make("other")
    with django_db_blocker.unblock():
        connections.settings[ALIAS] = {**connections.settings["default"], **own.entry}
        yield own
        connections[ALIAS].close()
        del connections[ALIAS], connections.settings[ALIAS]


def trigger(name: str, table: str, does: str, when: str = "BEFORE") -> str:
    """Returns what makes a trigger for every row that comes into a table."""
    begins = f"CREATE TRIGGER {name} {when} INSERT ON {table}"
    if ON_SQLITE:
        return f"{begins} BEGIN {does}; END"
    function = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does}; RETURN new; END $$"
    return f"{function}; {begins} FOR EACH ROW EXECUTE FUNCTION {name}()"


def no_trigger(name: str, table: str) -> str:
    """Returns what takes a trigger away."""
    return f"DROP TRIGGER {name}" if ON_SQLITE else f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}"


def seed(using: str = "default") -> seedbed.Answer:
    return seedbed.seed("m03", database=Database(using))


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_the_answer_says_that_it_is_not_committed() -> None:
    with transaction.atomic():
        inside = seed()
        again = seed()

    assert inside.data["committed"] is False
    assert str(inside).endswith("not yet committed: it is part of a transaction that is open around it")
    # The second wrote nothing, so there is nothing that may be undone.
    assert again.data["written"] is False
    assert counts() == SEEDED


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_on_its_own_the_answer_says_that_it_is_committed() -> None:
    answer = seed()

    assert answer.data["committed"] is True
    assert "not yet committed" not in str(answer)


@pytest.mark.tdd_green
def test_a_transaction_that_is_undone_leaves_nothing_and_the_same_works_again(other: Own) -> None:
    add_user(other, "ada")
    seedbed.allow(other.name, database=Database(ALIAS))
    before = other.everything()

    for _ in range(2):
        with pytest.raises(Undone), transaction.atomic(using=ALIAS):
            seed(ALIAS)
            assert counts(ALIAS)["flyers_flyer"] == 150
            raise Undone
        # Rows, state, marker, and the counters that hand out keys.
        assert other.everything() == before

    assert seed(ALIAS).data["committed"] is True
    assert counts_of(other) == SEEDED | {"users_user": 55}


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_a_savepoint_that_is_undone_takes_the_rows_and_no_others() -> None:
    with transaction.atomic():
        User.objects.create(username="ada", email="ada@example.com")
        with pytest.raises(Undone), transaction.atomic():
            seed()
            raise Undone
        assert counts() == EMPTY | {"users_user": 1}
        assert seed().data["plan"]["tables"]

    assert counts() == SEEDED | {"users_user": 55}


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_a_trigger_that_raises_undoes_ours_and_leaves_the_callers_own() -> None:
    says_no = "SELECT raise(ABORT, 'no!')" if ON_SQLITE else "RAISE 'no!' USING ERRCODE = 'check_violation'"
    with transaction.atomic(), connection.cursor() as cursor:
        ada = User.objects.create(username="ada", email="ada@example.com")
        cursor.execute(trigger("no_follow", "users_follow", says_no))

        with pytest.raises(seedbed.CouldNotRunError) as refused:
            seed()

        assert refused.value.rule == "constraint"
        assert "users_follow" in str(refused.value) and "no!" in str(refused.value)
        assert isinstance(refused.value.__cause__, IntegrityError)
        # The flyers were written before the follows.
        assert counts() == EMPTY | {"users_user": 1}
        ada.delete()
        cursor.execute(no_trigger("no_follow", "users_follow"))
        seed()

    assert counts() == SEEDED


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("lose", "rule"),
    [
        ("UPDATE flyers_flyerimage SET flyer_id = 77 WHERE id = new.id", "read-back"),
        (
            """INSERT INTO flyers_flyerimage
            (id, is_e2e_test_data, image, "order", created_at, flyer_id)
            VALUES (5, FALSE, 'a.png', 1, new.created_at, 77) ON CONFLICT DO NOTHING""",
            "foreign-key",
        ),
    ],
    ids=["of ours", "of somebody else's"],
)
def test_a_reference_that_leads_nowhere_is_found_before_the_callers_commit(lose: str, rule: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        User.objects.create(username="ada", email="ada@example.com")
        cursor.execute(trigger("lose", "flyers_flyerimage", lose, "AFTER"))

        with pytest.raises(seedbed.CouldNotRunError) as refused:
            seed()

        assert refused.value.rule == rule
        assert counts() == EMPTY | {"users_user": 1}
        cursor.execute(no_trigger("lose", "flyers_flyerimage"))
    # Django's foreign keys wait for this moment; nothing is wrong with it.
    assert counts() == EMPTY | {"users_user": 1}


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_a_reference_of_the_caller_that_leads_nowhere_stays_the_callers() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ada = User.objects.create(username="ada", email="ada@example.com")
        Follow.objects.create(follower=ada, followed_id=77)
        assert seed().data["committed"] is False

    assert counts() == EMPTY


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_a_broken_block_is_told_by_django_itself() -> None:
    with pytest.raises(Undone), transaction.atomic():
        User.objects.create(username="ada", email="ada@example.com")
        with pytest.raises(IntegrityError), transaction.atomic(savepoint=False):
            User.objects.create(username="ada", email="ada@example.com")

        for verb in [seedbed.seed, seedbed.reset, seedbed.plan, seedbed.verify, seedbed.cleanup]:
            with pytest.raises(TransactionManagementError, match="until the end of the 'atomic' block"):
                verb("m03", database=Database())
        raise Undone

    assert counts() == EMPTY


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_debug_keeps_no_statement_and_a_capture_sees_them(settings) -> None:
    settings.DEBUG = True
    connection.queries_log.clear()

    seed()
    # Django itself notes where transactions begin and end.
    assert {query["sql"] for query in connection.queries} <= {"BEGIN", "COMMIT", "ROLLBACK"}

    with CaptureQueriesContext(connection) as captured:
        seedbed.cleanup("m03", database=Database())
    assert any("users_follow" in query["sql"] for query in captured)


@pytest.mark.tdd_green
def test_no_second_connection_is_ever_opened(other: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    wrapper = type(connections["default"])
    usual = wrapper.get_new_connection

    def count(self: BaseDatabaseWrapper, parameters: dict[str, Any]) -> Any:
        opened.append(self.alias)
        return usual(self, parameters)

    monkeypatch.setattr(wrapper, "get_new_connection", count)
    database = Database(ALIAS)
    for verb in [seedbed.plan, seedbed.seed, seedbed.verify, seedbed.reset, seedbed.cleanup]:
        verb("m03", database=database)
    call_command("seedbed", "status", database=ALIAS, verbosity=0)

    assert opened == [ALIAS]


@pytest.mark.tdd_green
def test_only_the_database_of_the_alias_is_written(other: Own) -> None:
    call_command("seed_m03_e2e_data", "--database", ALIAS, verbosity=0)
    assert counts_of(other) == SEEDED

    user = User.objects.using(ALIAS).get(username="test_user_001")
    assert is_seeded(user)

    call_command("cleanup_e2e_data", database=ALIAS, verbosity=0)
    assert counts_of(other) == EMPTY | {"seedbed_marker": 1}


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_the_default_database_stays_empty_meanwhile(other: Own) -> None:
    seed(ALIAS)
    assert counts() == EMPTY


@pytest.mark.tdd_green
@pytest.mark.parametrize("vendor", ["mysql", "oracle"])
def test_another_engine_is_refused_by_its_name(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Asking a connection for its vendor reaches no server.
    monkeypatch.setattr(type(connections["default"]), "vendor", vendor)

    with pytest.raises(seedbed.UsageError, match=vendor) as refused:
        Database()
    assert (refused.value.rule, refused.value.exit_code) == ("unknown-database", 2)

    with pytest.raises(CommandError, match=vendor) as told:
        call_command("seedbed", "seed", "m03")
    assert told.value.returncode == 2


@pytest.mark.tdd_green
def test_with_autocommit_off_the_caller_decides_what_lasts(other: Own) -> None:
    before = other.everything()
    connections[ALIAS].set_autocommit(False)

    assert seed(ALIAS).data["committed"] is False
    assert counts_of(other) == EMPTY
    connections[ALIAS].rollback()
    assert other.everything() == before

    seed(ALIAS)
    connections[ALIAS].commit()
    assert counts_of(other) == SEEDED
    connections[ALIAS].set_autocommit(True)


def seed_in_a_request(request: HttpRequest) -> HttpResponse:
    answer = seed()
    if request.GET:
        raise Undone
    return HttpResponse(str(answer.data["committed"]))


urlpatterns = [path("seed/", seed_in_a_request)]


@pytest.mark.tdd_green
@pytest.mark.django_db(transaction=True)
def test_a_request_that_fails_under_atomic_requests_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    client = Client(raise_request_exception=False)
    with override_settings(ROOT_URLCONF=__name__):
        assert client.get("/seed/?fail").status_code == 500
        assert counts() == EMPTY

        assert client.get("/seed/").content == b"False"
        assert counts() == SEEDED


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    connection.execute(statement).fetchall()
print("held", flush=True)
sys.stdin.read()
"""
HOLD_ON_A_SERVER = """
import psycopg, sys
connection = psycopg.connect(sys.argv[1])
for statement in sys.argv[2:]:
    connection.execute(statement)
print("held", flush=True)
sys.stdin.read()
"""

Hold = Callable[..., None]


@pytest.fixture
def hold(other: Own) -> Iterator[Hold]:
    """Runs statements in another process, which then keeps its transaction open."""
    with ExitStack() as stack:

        def run(*statements: str, log: str = "DELETE") -> None:
            if isinstance(other, File):
                program = [HOLD, str(other.file), f"PRAGMA journal_mode = {log}", *statements]
            else:
                program = [HOLD_ON_A_SERVER, other.environment["DATABASE_URL"], *statements]
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", *program],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.stdin.close)
            assert process.stdout.readline() == "held\n"

        yield run


WRITES = "BEGIN IMMEDIATE" if ON_SQLITE else f"SELECT pg_advisory_lock({0x5EEDBED0}, 1)"
"""What another run of the same worker does."""


@pytest.mark.tdd_green
def test_while_another_process_writes_it_is_busy(other: Own, hold: Hold, settings) -> None:
    settings.SEEDBED = {"lock_timeout": "0s"}
    hold(WRITES)

    with pytest.raises(seedbed.BusyError, match="another program has been writing") as refused:
        seed(ALIAS)
    assert (refused.value.exit_code, refused.value.rule) == (5, "busy")

    with pytest.raises(CommandError) as told:
        call_command("seedbed", "seed", "m03", database=ALIAS, verbosity=0)
    assert told.value.returncode == 5

    with pytest.raises(seedbed.BusyError), transaction.atomic(using=ALIAS):
        seed(ALIAS)
    assert counts_of(other) == EMPTY


@pytest.mark.tdd_green
def test_verbs_that_only_read_wait_for_nobody(other: Own, hold: Hold, settings) -> None:
    """Not even where every transaction of Django's begins as one that writes."""
    settings.SEEDBED = {"lock_timeout": "0s"}
    if ON_SQLITE:
        options = {"timeout": 0.1, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode = WAL"}
        connections[ALIAS].settings_dict["OPTIONS"] = options
    seed(ALIAS)
    hold(WRITES, log="WAL")

    for verb in [seedbed.plan, seedbed.verify, seedbed.personas]:
        assert verb("m03", database=Database(ALIAS)).exit_code == 0
    assert seedbed.status(database=Database(ALIAS)).exit_code == 0
    assert is_seeded(User.objects.using(ALIAS).get(username="test_user_001"))
    # What is in sync is not written, and so it waits for nobody either.
    assert seed(ALIAS).data["written"] is False
    if ON_SQLITE:
        assert connections[ALIAS].transaction_mode == "IMMEDIATE"


@pytest.mark.tdd_green
def test_it_waits_as_long_as_the_settings_say_and_says_so(other: Own, hold: Hold, settings) -> None:
    settings.SEEDBED = {"lock_timeout": "1s"}
    hold(WRITES)
    told: list[str] = []

    started = time.monotonic()
    with pytest.raises(seedbed.BusyError):
        seedbed.verbs.ask("seed", ["m03"], {}, {"database": Database(ALIAS)}, notice=told.append)

    assert 1 <= time.monotonic() - started < 5
    assert [line for line in told if "waiting for another program" in line]


@pytest.mark.tdd_green
def test_somebody_who_keeps_the_commit_waiting_is_no_success(other: Own, hold: Hold, settings) -> None:
    """Without a write-ahead log a commit waits for every reader; on PostgreSQL, for whoever has locked
    a row that one of ours refers to."""
    settings.SEEDBED = {"lock_timeout": "1s"}
    if ON_SQLITE:
        hold("BEGIN", "SELECT count(*) FROM users_user")
        left = EMPTY
    else:
        seed(ALIAS)
        other.query("DELETE FROM users_follow")
        settings.SEEDBED = {"lock_timeout": "0s"}
        hold("SELECT FROM users_user FOR UPDATE")
        left = SEEDED | {"users_follow": 0}

    with pytest.raises(seedbed.BusyError, match="committing"):
        seed(ALIAS)
    assert not connections[ALIAS].in_atomic_block
    assert counts_of(other) == left


class Interrupting(Database):
    """Ctrl-C in the n-th statement."""

    def __init__(self, using: str, at: int) -> None:
        super().__init__(using)
        self.left = at

    def _cursor(self) -> Any:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return super()._cursor()


ADVISORY_LOCKS = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.mark.tdd_green
@pytest.mark.parametrize("at", [2, 5, 13, 21, 34, 55])
def test_ctrl_c_comes_through_and_everything_is_undone(other: Own, at: int) -> None:
    before = other.everything()

    with pytest.raises(KeyboardInterrupt):
        seedbed.seed("m03", database=Interrupting(ALIAS, at))

    assert not connections[ALIAS].in_atomic_block
    assert other.everything() == before
    if not ON_SQLITE:
        # Nor does anybody have to wait for what was interrupted.
        assert other.query(ADVISORY_LOCKS) == [(0,)]


@pytest.mark.tdd_green
def test_ctrl_c_inside_a_transaction_leaves_the_callers_own_rows(other: Own) -> None:
    seedbed.allow(other.name, database=Database(ALIAS))
    with transaction.atomic(using=ALIAS):
        User.objects.using(ALIAS).create(username="ada", email="ada@example.com")
        with pytest.raises(KeyboardInterrupt):
            seedbed.seed("m03", database=Interrupting(ALIAS, 55))

    assert counts_of(other) == EMPTY | {"users_user": 1, "seedbed_marker": 1}


@pytest.mark.tdd_green
def test_a_test_that_may_not_use_the_database_is_told_so() -> None:
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        seed()
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        call_command("seedbed", "seed", "m03")
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        is_seeded(User(pk=1))


class Questioned(Database):
    """Ctrl-C while the engine asks, for the first time, which database this is."""

    asked = False

    def path(self) -> Path | None:
        self.interrupt()
        return super().path()

    def server(self) -> Any:
        self.interrupt()
        return super().server()

    def interrupt(self) -> None:
        if not self.asked:
            self.asked = True
            raise KeyboardInterrupt


@pytest.mark.tdd_green
def test_ctrl_c_while_the_engine_asks_a_question_writes_nothing(other: Own) -> None:
    before = other.everything()

    with pytest.raises(KeyboardInterrupt):
        seedbed.seed("m03", database=Questioned(ALIAS))

    assert other.everything() == before


@pytest.mark.tdd_green
def test_a_project_may_want_rows_of_another_kind(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    if ON_SQLITE:
        wanted = sqlite3.Row
    else:
        from psycopg.rows import dict_row as wanted
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "row_factory", wanted)
    assert seedbed.seed("m03", database=Database()).data["written"]
