"""Seeding works in tests of every kind, with every runner, and every test begins empty.

What a runner does between tests is seen by running one: on a small module, in a process of its own.
"""

import json
import os
import re
import urllib.request
from pathlib import Path

import pytest
import seedbed
from django.db import connection
from django.test import TestCase
from pytest_django.live_server_helper import LiveServer
from seedbed.django import Database, is_seeded

from flyers.models import Flyer
from users.models import User
from users.tests.databases import ON_SQLITE, administer
from users.tests.seeding import EMPTY, SEEDED, counts, python, write_settings


class DataOfAClass(TestCase):
    """A class that has users of its own before anything is seeded."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.ada = User.objects.create(username="ada", email="ada@example.com")

    def setUp(self) -> None:
        self.assertEqual(counts(), EMPTY | {"users_user": 1})

    def seed(self) -> seedbed.Answer:
        return seedbed.seed("m03", database=Database())

    @pytest.mark.tdd_green
    def test_seeding_is_not_refused_and_is_never_committed(self) -> None:
        self.assertIs(self.seed().data["committed"], False)
        self.assertEqual(counts(), SEEDED | {"users_user": 55})

    @pytest.mark.tdd_green
    def test_the_next_test_begins_without_them(self) -> None:
        self.seed()
        self.assertTrue(is_seeded(User.objects.get(username="test_user_001")))
        self.assertFalse(is_seeded(self.ada))
        self.assertFalse(is_seeded(User()))

    @pytest.mark.tdd_green
    def test_reset_mends_what_the_test_damaged(self) -> None:
        self.seed()
        Flyer.objects.filter(pk=Flyer.objects.first().pk).delete()
        self.assertEqual(seedbed.plan("m03", database=Database(), check=True).exit_code, 1)

        seedbed.reset("m03", database=Database())

        self.assertEqual(counts(), SEEDED | {"users_user": 55})
        self.assertEqual(seedbed.verify("m03", database=Database()).exit_code, 0)

    @pytest.mark.tdd_green
    def test_cleanup_leaves_what_the_class_made(self) -> None:
        self.seed()
        seedbed.cleanup("m01", database=Database())
        self.assertEqual(counts(), EMPTY | {"users_user": 1, "seedbed_marker": 1})


@pytest.fixture
def m03(db: None) -> seedbed.Answer:
    return seedbed.seed("m03", database=Database())


@pytest.mark.tdd_green
@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_fixture_seeds_for_every_test_anew(m03: seedbed.Answer, turn: str) -> None:
    assert m03.data["written"] is True
    assert counts() == SEEDED


@pytest.mark.tdd_green
def test_verify_counts_distances_over_a_place_that_is_none(m03: seedbed.Answer) -> None:
    nowhere = "north" if ON_SQLITE else "NaN"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE flyers_flyer SET latitude = %s WHERE title LIKE %s", [nowhere, "%a%"])

    answer = seedbed.verify("m03", database=Database())

    assert answer.exit_code == 1
    assert "are not as declared" in str(answer)


@pytest.mark.tdd_green
@pytest.mark.parametrize("turn", ["first", "second"])
def test_the_flush_after_a_test_takes_our_tables_too(transactional_db: None, turn: str) -> None:
    assert counts() == EMPTY
    answer = seedbed.seed("m03", database=Database())

    assert (answer.data["written"], answer.data["committed"]) == (True, True)
    assert counts() == SEEDED


@pytest.mark.tdd_green
def test_a_live_server_answers_with_seeded_rows(live_server: LiveServer) -> None:
    def get(path: str, data: dict[str, str] | None = None) -> bytes:
        body = None if data is None else json.dumps(data).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{live_server.url}{path}", body, headers)
        with urllib.request.urlopen(request) as response:
            return response.read()

    seedbed.seed("m03", database=Database())
    personas = seedbed.personas("m03", database=Database()).data["personas"]

    feed = json.loads(get("/api/flyers/feed/?lat=47.3769&lng=8.5417"))["results"]
    titles = Flyer.objects.values_list("title", flat=True)
    assert feed and {flyer["title"] for flyer in feed} <= set(titles)
    account = next(persona for persona in personas if persona["name"] == "power")
    login = {"email": account["texts"]["email"], "password": account["password"]}
    assert json.loads(get("/api/auth/login/", login))
    picture = Flyer.objects.first().images.first().image
    assert get(picture.url) == Path(picture.path).read_bytes()


INNER = '''
import pytest, seedbed
from django.db import connection
from seedbed.django import Database
from users.models import User

def users():
    return User.objects.count()

def seed():
    assert users() == 0, "the database is not empty"
    answer = seedbed.seed("m03", database=Database())
    assert answer.data["written"] and users() == 54
    return answer

@pytest.mark.parametrize("n", range(2))
@pytest.mark.django_db
def test_rolled_back(n):
    assert seed().data["committed"] is False

@pytest.mark.parametrize("n", range(2))
@pytest.mark.django_db(transaction=True)
def test_flushed(n):
    assert seed().data["committed"] is True
    print("NAME", connection.settings_dict["NAME"])

@pytest.mark.django_db(transaction=True)
def test_with_rows_of_its_own():
    User.objects.create(username="ada", email="ada@example.com")
    assert seedbed.seed("m03", database=Database()).data["written"]
    assert users() == 55
'''
IN_MEMORY = "DATABASES['default']['TEST'] = {'NAME': None}"
IN_A_FILE = "DATABASES['default']['TEST'] = {'NAME': BASE / 'test.sqlite3'}"
# Django clones the file without its write-ahead log.
WITHOUT_LOG = f"{IN_A_FILE}; DATABASES['default']['OPTIONS'] = {{}}"
ON_A_SERVER = f"DATABASES['default']['TEST'] = {{'NAME': 'inner_{os.getpid()}'}}"

KEPT = IN_A_FILE if ON_SQLITE else ON_A_SERVER
PLACES = {"memory": IN_MEMORY, "file": IN_A_FILE} if ON_SQLITE else {"server": ON_A_SERVER}
CLONED = {"memory": IN_MEMORY, "file": WITHOUT_LOG} if ON_SQLITE else {"server": ON_A_SERVER}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_inner.py").write_text(INNER, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return tmp_path


def run_inner(folder: Path, database: str, *arguments: str, passed: int = 5) -> str:
    write_settings(folder, "from pathlib import Path", "BASE = Path(__file__).parent", database)
    done = python(folder, "-m", "pytest", "-rP", "-p", "no:cacheprovider", *arguments)
    assert re.search(rf"\b{passed} passed\b", done.stdout), done.stdout + done.stderr
    assert done.returncode == 0
    return done.stdout


@pytest.mark.tdd_green
def test_in_a_database_that_is_used_again(folder: Path) -> None:
    name = str(folder / "test.sqlite3") if ON_SQLITE else f"inner_{os.getpid()}"
    try:
        for _ in range(2):
            report = run_inner(folder, KEPT, "--reuse-db")
            assert f"NAME {name}" in report
        if ON_SQLITE:
            assert Path(name).exists()
    finally:
        if not ON_SQLITE:
            administer(f"DROP DATABASE {name}")


@pytest.mark.tdd_green
@pytest.mark.parametrize("database", PLACES.values(), ids=PLACES)
def test_in_two_processes_at_once(folder: Path, database: str) -> None:
    report = run_inner(folder, database, "-n2", "--dist=each", passed=10)
    if database != IN_MEMORY:
        assert len(set(re.findall("NAME (.*)", report))) == 2


CLASSES = '''
import seedbed
from django.test import TestCase, TransactionTestCase
from seedbed.django import Database
from users.models import User

class Shared:
    def test_seeds(self):
        self.assertEqual(User.objects.count(), 0)
        self.assertTrue(seedbed.seed("m03", database=Database()).data["written"])
        self.assertEqual(User.objects.count(), 54)

    test_seeds_again = test_seeds

class RolledBack(Shared, TestCase): pass
class Flushed(Shared, TransactionTestCase): pass
'''


@pytest.mark.tdd_green
@pytest.mark.parametrize("database", CLONED.values(), ids=CLONED)
@pytest.mark.parametrize("processes", ["1", "2"])
def test_with_djangos_own_runner(tmp_path: Path, database: str, processes: str) -> None:
    (tmp_path / "test_classes.py").write_text(CLASSES, encoding="utf-8")
    write_settings(tmp_path, "from pathlib import Path", "BASE = Path(__file__).parent", database)

    done = python(tmp_path, "-m", "django", "test", "--parallel", processes, "test_classes")

    assert "Ran 4 tests" in done.stderr and done.returncode == 0, done.stdout + done.stderr
