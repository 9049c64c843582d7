"""The Django app in a project with a schema of its own: command, settings, raw values."""

import io
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, LiteralString

import pytest
import seedbed
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import TestCase
from seedbed.django import Database, is_seeded, project

from library.catalogue.models import Author, Book, Loan, Reader
from library.settings import ON_SQLITE, PLACE
from test_verbs import SEEDED

TESTS = Path(__file__).resolve().parent
VERBS = [
    "init", "check", "plan", "seed", "verify", "reset", "cleanup",
    "personas", "show", "status", "allow", "schema",
]  # fmt: skip


def seed() -> seedbed.Answer:
    return seedbed.seed("library", database=Database())


def counts() -> dict[str, int]:
    return {model._meta.db_table: model.objects.count() for model in [Author, Book, Reader, Loan]}


def call(*arguments: str, **options: Any) -> str:
    """Returns what the command prints, both streams in one."""
    out = io.StringIO()
    call_command("seedbed", *arguments, stdout=out, stderr=out, **options)
    return out.getvalue()


def change(sql: str, values: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.django_db
def test_another_schema_is_seeded_mended_and_emptied() -> None:
    seed()
    assert counts() == SEEDED
    book = Book.objects.order_by("isbn").first()
    assert book is not None and str(book.pk).startswith("5eedbed0-")
    assert book.pk.version == 4 and book.author.books.filter(pk=book.pk).exists()

    Loan.objects.all().delete()
    Book.objects.filter(pk=book.pk).update(title="other")
    reset = seedbed.reset("library", database=Database())
    assert "1 changed" in str(reset) and "15 inserted" in str(reset)

    assert seedbed.verify("library", database=Database()).exit_code == 0
    seedbed.cleanup("library", database=Database())
    assert counts() == dict.fromkeys(SEEDED, 0)


@pytest.mark.django_db
def test_a_row_is_known_by_its_exact_key_and_its_tag() -> None:
    seed()
    for model in [Author, Book, Reader, Loan]:
        assert all(is_seeded(row) for row in model.objects.all())
    own = Author.objects.create(name="own", is_test=True)
    assert not is_seeded(own) and not is_seeded(Author())

    seeded = Author.objects.exclude(pk=own.pk).first()
    assert seeded is not None
    Author.objects.filter(pk=seeded.pk).update(is_test=False)
    assert not is_seeded(seeded)


HIDDEN = [
    "UPDATE reader SET active = 7, joined = 'not a date' WHERE email = 'keen@library.test'",
    "UPDATE book SET price = 'dear', title = CAST(x'61' AS blob) WHERE isbn = 'isbn-dune'",
    "UPDATE author SET name = CAST(x'61ff62' AS text) WHERE name = 'Author orwell'",
    "UPDATE book SET is_test = 'yes' WHERE isbn = 'isbn-book_01'",
]
"""What stands in a column of SQLite may be of another type than the column."""

HIDDEN_ON_A_SERVER = [
    "UPDATE reader SET active = NOT active, joined = 'infinity' WHERE email = 'keen@library.test'",
    "UPDATE book SET price = 'NaN', title = ' Book dune ' WHERE isbn = 'isbn-dune'",
    "UPDATE author SET name = E'\\u00a0' WHERE name = 'Author orwell'",
    "UPDATE book SET is_test = FALSE WHERE isbn = 'isbn-book_01'",
]
SEEN = ["active 7", '"not a date"', '"dear"', "title 1 bytes", "name 3 bytes"]
SEEN_ON_A_SERVER = ["active", '"infinity"', "price NaN", '" Book dune "', r'"\u{a0}"']


@pytest.mark.django_db
def test_damage_that_django_would_not_show_is_named_and_mended() -> None:
    seed()
    for statement in HIDDEN if ON_SQLITE else HIDDEN_ON_A_SERVER:
        change(statement)

    text = str(seedbed.plan("library", database=Database(), rows=True))
    for damage in SEEN if ON_SQLITE else SEEN_ON_A_SERVER:
        assert damage in text, text
    assert seedbed.plan("library", database=Database(), check=True).exit_code == 1
    assert "not as declared" in str(seedbed.verify("library", database=Database()))

    change("UPDATE book SET is_test = TRUE WHERE isbn = 'isbn-book_01'")
    seedbed.reset("library", database=Database())
    assert seedbed.verify("library", database=Database()).exit_code == 0
    assert Book.objects.get(isbn="isbn-dune").title == "Book dune"
    if ON_SQLITE:
        # Django reads its own way again.
        assert connection.connection.text_factory is str


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("settings_value", "says"),
    [
        ({"scenarois": []}, ["no setting `scenarois`", "did you mean `scenarios`?"]),
        ({"scenarios": []}, ["no scenario files are named"]),
        ({"scenarios": ["nowhere"]}, ["nowhere"]),
        ({"scenarios": "fixtures"}, ["a list of texts is needed here"]),
        ({"lock_timeout": 10}, ["a duration is needed here, as `30s` or `5m`"]),
        ({"lock_timeout": timedelta(seconds=10)}, ["a duration is needed here, as `30s` or `5m`"]),
        ({"bookkeeping": [7]}, ["a text is needed here"]),
        ({"media": {"folder": "x"}}, ["a text is needed here"]),
        ({"lock timeout": "10s"}, ["no setting `lock timeout`", "did you mean `lock_timeout`?"]),
        (["fixtures"], ["a dictionary is needed"]),
    ],
    ids=lambda value: str(value) if not isinstance(value, list) else "",
)
def test_a_mistake_in_the_settings_reads_well(settings: Any, settings_value: Any, says: list[str]) -> None:
    settings.SEEDBED = settings_value

    with pytest.raises(seedbed.UsageError) as refused:
        seed()

    for words in [*says, *(["settings.SEEDBED"] if settings_value != {"scenarios": []} else [])]:
        assert words in str(refused.value)


@pytest.mark.django_db
def test_settings_take_paths_and_count_from_base_dir(settings: Any, tmp_path: Path) -> None:
    settings.SEEDBED = {"scenarios": [Path("catalogue/fixtures"), tmp_path], "bookkeeping": ("ünïcode \"quoted\"\x7f",)}
    assert seed().data["written"] is True


@pytest.mark.django_db
def test_none_in_the_settings_means_none(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    assert "media" in project.settings()[1]
    settings.SEEDBED = {"media": None}
    assert "media" not in project.settings()[1]
    assert seed().exit_code == 0


@pytest.mark.parametrize("where", [{"verbosity": 0}, {"format": "json"}, {"format": "xml"}])
@pytest.mark.django_db
def test_keyword_arguments_are_options(where: dict[str, Any]) -> None:
    if where.get("format") == "xml":
        with pytest.raises(CommandError, match="possible values: text, json"):
            call("seed", "library", **where)
        assert counts() == dict.fromkeys(SEEDED, 0)
        return
    printed = call("seed", "library", worker=2, as_of=date(2026, 3, 1), seed=5, **where)

    assert Reader.objects.filter(email="keen+w2@library.test").exists()
    if where.get("format") == "json":
        assert json.loads(printed)["written"] is True
    else:
        assert printed == ""


@pytest.mark.django_db
def test_an_error_in_json_is_one_object_on_stdout() -> None:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError) as refused:
        call_command("seedbed", "seed", "libary", format="json", stdout=out, stderr=err)

    assert refused.value.returncode == 2
    told = json.loads(out.getvalue())
    assert (told["exit_code"], told["error"]["rule"]) == (2, "unknown-scenario")


@pytest.mark.django_db
def test_dry_run_and_flags_of_a_verb() -> None:
    assert "does it" in call("seed", "library", dry_run=True)
    assert "does it" in call("seed", "library", "--dry-run")
    assert counts() == dict.fromkeys(SEEDED, 0)
    with pytest.raises(SystemExit) as left:
        call("plan", "library", check=True)
    assert left.value.code == 1
    call("seed", "library")
    call("reset", "library", state="nothing_lent")
    assert counts() == SEEDED | {"loan": 0}
    assert "0 rows of loan" in call("show", "keen", "loans", "--scenario", "library")
    assert "library" in call("check", "library", "library", seeds=2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "coloured"),
    [({"force_color": True}, True), ({"no_color": True}, False), ({}, False), ({"format": "json"}, False)],
    ids=str,
)
def test_colours_are_those_that_django_was_told(options: dict[str, bool], coloured: bool) -> None:
    seed()
    change("DELETE FROM loan")
    out = io.StringIO()

    with pytest.raises(SystemExit) as left:
        call_command("seedbed", "verify", "library", stdout=out, **options)

    assert left.value.code == 1
    assert ("\x1b[" in out.getvalue()) == coloured


@pytest.mark.django_db
def test_a_verb_that_is_missing_or_unknown_is_told() -> None:
    for arguments in [[], ["sed", "library"], ["seed"], ["seed", "library", "more"], ["seed", "library", "--nope"]]:
        with pytest.raises(CommandError):
            call(*arguments)


@pytest.mark.django_db(transaction=True)
def test_threads_have_a_connection_each() -> None:
    seed()
    answers: list[int] = []

    def work() -> None:
        try:
            answers.append(seedbed.verify("library", database=Database()).exit_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [0, 0]


@pytest.mark.django_db(transaction=True)
def test_a_connection_of_another_thread_is_refused_by_django() -> None:
    database, raised = Database(), []

    def work() -> None:
        try:
            seedbed.status(database=database)
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(raised) == 1 and "same thread" in str(raised[0])


def manage(database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH", "")]))
    environment = {"DJANGO_SETTINGS_MODULE": "library.settings", "LIBRARY": database, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """A migrated database that no test runner has made: a file, or one of the server."""
    if ON_SQLITE:
        place = str(tmp_path / "library.sqlite3")
    else:
        name = f"library_{os.getpid()}_{next(NUMBERS)}"
        administer(f"CREATE DATABASE {name}")
        place = f"{PLACE.rsplit('/', 1)[0]}/{name}"
    done = manage(place, "migrate", "--run-syncdb", "-v0")
    assert done.returncode == 0, done.stderr
    yield place
    if not ON_SQLITE:
        administer(f"DROP DATABASE {name}")


NUMBERS = itertools.count()


def administer(statement: LiteralString) -> None:
    """Runs a statement about databases of the server."""
    import psycopg

    with psycopg.connect(PLACE, autocommit=True) as server:
        server.execute(statement)


@pytest.mark.parametrize(
    ("arguments", "prints"),
    [
        (["seedbed", "--database", "default", "status", "--verbosity", "0"], False),
        (["seedbed", "-v", "0", "status", "--database=default"], False),
        (["seedbed", "--no-input", "seed", "library", "--no-color"], True),
        (["seedbed", "seed", "library", "--noinput", "--worker=4"], True),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else "",
)
def test_options_stand_before_or_behind_the_verb(database: str, arguments: list[str], prints: bool) -> None:
    done = manage(database, *arguments)
    assert (done.returncode, bool(done.stdout)) == (0, prints), done.stderr


def test_a_wrong_alias_is_refused_where_it_stands(database: str) -> None:
    for arguments in [["--database", "nope", "status"], ["status", "--database", "nope"]]:
        done = manage(database, "seedbed", *arguments)
        assert done.returncode == 2 and "invalid choice: 'nope'" in done.stderr


def test_help_names_every_verb_and_what_it_understands(database: str) -> None:
    done = manage(database, "seedbed", "--help")
    assert done.returncode == 0
    for verb in VERBS:
        assert f"\n    {verb} " in done.stdout

    seeding = manage(database, "seedbed", "seed", "--help").stdout
    for option in ["scenario", "--dry-run", "--seed", "--as-of", "--worker", "--format", "--database", "--no-input"]:
        assert option in seeding
    for elsewhere in ["--db", "--config", "--media", "--quiet"]:
        assert f"{elsewhere} " not in seeding


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_that_can_be_made(verb: str) -> None:
    with pytest.raises(SystemExit) as left:
        call(verb, "--help")
    assert left.value.code == 0


def test_the_tables_of_a_project_survive_a_dump_and_a_flush(database: str) -> None:
    assert manage(database, "seedbed", "seed", "library").returncode == 0
    dumped = manage(database, "dumpdata", "seedbed")
    assert dumped.returncode == 0 and '"library"' in dumped.stdout, dumped.stderr
    assert manage(database, "makemigrations", "seedbed", "--check", "--dry-run").returncode == 0
    assert manage(database, "flush", "--no-input").returncode == 0
    done = manage(database, "seedbed", "seed", "library")
    assert done.returncode == 0 and "seeded    39 rows" in done.stdout


def test_nothing_is_left_open() -> None:
    assert set(connections) == {"default"}


@pytest.mark.seedbed("library", state="nothing_lent")
def test_the_marker_seeds_inside_the_tests_own_transaction(seedbed: Any) -> None:
    assert counts() == SEEDED | {"loan": 0}
    assert connection.in_atomic_block and not connection.needs_rollback
    seedbed.reset()
    assert counts() == SEEDED
    keen = seedbed.personas["keen"]
    assert Reader.objects.get(pk=keen["id"]).email == keen["email"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.seedbed("library")
def test_a_test_without_an_open_transaction_is_seeded_as_well(seedbed: Any) -> None:
    assert counts() == SEEDED and not connection.in_atomic_block
    Loan.objects.all().delete()
    assert len(seedbed.plan()["plan"]["tables"][0]["inserts"]) == SEEDED["loan"]


@pytest.mark.seedbed("library")
class TestOfDjangosOwn(TestCase):
    def test_one_damages(self) -> None:
        assert counts() == SEEDED
        Loan.objects.all().delete()

    def test_two_finds_it_whole(self) -> None:
        assert counts() == SEEDED
