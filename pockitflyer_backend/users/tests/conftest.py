"""The end-to-end datasets, seeded once for the tests that share one.

`m01`, `m02` and `m03` are the database after that seeding, `empty` is the database before any.
Each test gets it unchanged and may write what it likes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from users.tests import databases
from users.tests.commands import answer
from users.tests.databases import ON_SQLITE, Maker, Own

# What a test can only ask of one engine.
collect_ignore = ["test_e2e_data_on_postgresql.py"] if ON_SQLITE else []

SEED = {
    "m01": "seed_e2e_data",
    "m02": "seed_m02_e2e_data",
    "m03": "seed_m03_e2e_data",
}


class Stage:
    """The test database with one scenario in it.

    The scenario stands in a transaction that stays open from test to test, and each test's
    own is a savepoint of it. Another scenario, or none, ends that transaction.
    """

    def __init__(self, media: Path) -> None:
        self.media = media
        self.as_of: datetime | None = None
        self.shown: str | None = None

    def show(self, scenario: str) -> None:
        if scenario != self.shown:
            self.clear()
            self.block = transaction.atomic()
            self.block.__enter__()
            self.shown = scenario
            today = timezone.now().astimezone(UTC)
            self.as_of = today.replace(hour=0, minute=0, second=0, microsecond=0)
            try:
                answer(SEED[scenario])
            except BaseException:
                self.clear()
                raise

    def clear(self) -> None:
        if self.shown is not None:
            self.shown = None
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)


@pytest.fixture(scope="module")
def stage(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("media"))
    yield stage
    with django_db_blocker.unblock():
        stage.clear()


@pytest.fixture
def shown(
    request: pytest.FixtureRequest,
    stage: Stage,
    media: Path,
    settings,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """Makes the database what the test asks for, before the test's own transaction begins."""
    with django_db_blocker.unblock():
        if "empty" in request.fixturenames:
            stage.clear()
        else:
            settings.MEDIA_ROOT = stage.media
            (scenario,) = SEED.keys() & set(request.fixturenames)
            stage.show(scenario)


@pytest.fixture
def own_media(shown: None, media: Path, settings) -> None:
    """An empty media folder, for a test that draws other pictures than the dataset has."""
    settings.MEDIA_ROOT = media


@pytest.fixture
def empty(shown: None, db: None) -> None:
    """A migrated database without a row."""


@pytest.fixture
def m01(shown: None, db: None) -> None:
    """After `seed_e2e_data`."""


@pytest.fixture
def m02(shown: None, db: None) -> None:
    """After `seed_m02_e2e_data`."""


@pytest.fixture
def m03(shown: None, db: None) -> None:
    """After `seed_m03_e2e_data`."""


@pytest.fixture
def as_of(shown: None, stage: Stage) -> datetime:
    """The start of the day of the seeding, which the times of the dataset count from."""
    assert stage.as_of is not None
    return stage.as_of


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    """A database with the tables that `migrate` makes, to be copied."""
    made = databases.template(tmp_path_factory.mktemp("template"))
    yield made
    made.drop()


@pytest.fixture
def make(tmp_path: Path, template: Own) -> Iterator[Maker]:
    """Makes databases of the test's own."""
    maker = Maker(tmp_path, template)
    yield maker
    maker.drop()
