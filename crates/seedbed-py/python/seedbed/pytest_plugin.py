"""Seedbed for pytest: a test starts from the declared dataset, and a failing one tells what it changed.

    @pytest.mark.seedbed("m03", state="active_follows_nobody")
    def test_the_feed_is_empty(seedbed):
        token = seedbed.token("active")

A test with the marker or with one of the fixtures finds the dataset whole. Where SEEDBED_URL says
that a service runs (`seedbed run m03 -- pytest`), it is asked; else the work is done here: in a Django
project with Seedbed's app over Django's own connection, inside the test's transaction, with what
pytest-django's `db` or `transactional_db` lends; and otherwise over the project's file.

The scenario is the marker's, else `seedbed_scenario` of the configuration, else SEEDBED_SCENARIO.
"""

import os
import re
import sys
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from seedbed import verbs
from seedbed.database import Database
from seedbed.difference import told
from seedbed.errors import UsageError
from seedbed.service import Service


class Seedbed:
    """The dataset of one worker: the names of what is in it, and what can be asked about it."""

    def __init__(self, scenario: str | None, worker: int, state: str | None, place: "Service | Here") -> None:
        self.worker = worker
        self.mark = f"+w{worker}" if worker else ""
        """What an account that a test registers has in its e-mail: this worker's reset removes it."""
        self._said: dict[str, Any] = {"scenario": scenario, "worker": worker}
        self._place = place
        self.undone = self.reset(state)
        """What the reset before the test has undone."""
        named = place.ask("manifest", **self._said)
        self.personas: dict[str, Any] = named["personas"]
        self.rows: dict[str, Any] = named["rows"]
        self.edges: dict[str, Any] = named["edges"]
        self.expected: dict[str, Any] = named["expected"]

    def reset(self, state: str | None = None) -> dict[str, Any]:
        """The dataset is whole, or in a declared state of it; returns what was undone."""
        self._state = state
        return self._place.ask("reset", **self._said, state=state)

    def plan(self) -> dict[str, Any]:
        """What has changed since the last reset; nothing is written."""
        return self._place.ask("plan", **self._said, state=self._state)

    def token(self, persona: str, *, kind: str = "valid", ttl: int | None = None) -> str:
        """What the application takes for proof that this is the persona."""
        answer = self._place.ask("token", **self._said, persona=persona, kind=kind, ttl=ttl)
        return str(answer["token"])


class Here:
    """The verbs in this process, asked as the service is."""

    def __init__(self, database: Database | None) -> None:
        self.options: verbs.Options = {} if database is None else {"database": database}

    def ask(self, verb: str, *, scenario: str | None, worker: int, **values: Any) -> dict[str, Any]:
        if scenario is None:
            help = '@pytest.mark.seedbed("NAME"), or seedbed_scenario in the configuration of pytest'
            raise UsageError.new("no-scenario", "nothing says which scenario the test needs", help)
        options: verbs.Options = {**self.options, "worker": worker}
        if verb == "token":
            return verbs.ask(verb, [values.pop("persona")], {**values, "scenario": scenario}, options).data
        return verbs.ask(verb, [scenario], values, options).data


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("seedbed_scenario", "The scenario of tests that name none.")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "seedbed(scenario=None, *, state=None): the test starts from the dataset of the scenario, "
        "or from a declared state of it.",
    )


@pytest.fixture(scope="session")
def seedbed_worker() -> int:
    """The worker whose rows the tests of this process use: xdist's `gw3` is worker 3."""
    number = re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", "gw0"))
    return int(number[1]) if number else 0


@pytest.fixture(name="seedbed")
def the_dataset(request: pytest.FixtureRequest, seedbed_worker: int) -> Iterator[Seedbed]:
    """The dataset, whole: its names, and what can be asked about it."""
    marker = request.node.get_closest_marker("seedbed")
    scenario, state = of_marker(*marker.args, **marker.kwargs) if marker else (None, None)
    scenario = scenario or request.config.getini("seedbed_scenario") or os.environ.get("SEEDBED_SCENARIO")
    request.node.stash[USED] = Seedbed(scenario or None, seedbed_worker, state, place(request))
    yield request.node.stash[USED]
    del request.node.stash[USED]


@pytest.fixture
def seedbed_personas(seedbed: Seedbed) -> dict[str, Any]:
    """Who a test can log in as, by name."""
    return seedbed.personas


@pytest.fixture
def seedbed_reset(seedbed: Seedbed) -> Callable[..., dict[str, Any]]:
    """Puts the dataset back in the middle of a test; returns what was undone."""
    return seedbed.reset


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets every marked test use `seedbed`: after the fixtures that all tests use, which may say where
    pictures go, and before its own, which may change rows."""
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("seedbed"):
            own = item._fixtureinfo.argnames
            names = [name for name in item.fixturenames if name != "seedbed"]
            common = [name for name in item._fixtureinfo.initialnames if name not in own and name in names]
            place = max((names.index(name) + 1 for name in common), default=0)
            item.fixturenames[:] = [*names[:place], "seedbed", *names[place:]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    dataset = item.stash.get(USED, None)
    if dataset is not None and report.when == "call" and report.failed:
        try:
            text = told(dataset.plan()["plan"]) or "nothing\n"
        # The report of the test must come out, whatever the test has done to the database.
        except Exception as error:
            text = f"not known: {error}\n"
        report.sections.append(("what the test changed", text))
    return report


USED = pytest.StashKey[Seedbed]()


def of_marker(scenario: str | None = None, *, state: str | None = None) -> tuple[str | None, str | None]:
    """Returns what `@pytest.mark.seedbed(...)` says."""
    return scenario, state


def place(request: pytest.FixtureRequest) -> Service | Here:
    """Returns whom to ask: the service that runs, or the engine in this process."""
    if url := os.environ.get("SEEDBED_URL"):
        return Service(url, os.environ["SEEDBED_TOKEN"])
    if is_of_django(request.config):
        # The test's own transaction is open before anything is written.
        request.getfixturevalue("db")
        from seedbed.django import Database as OfDjango

        return Here(OfDjango())
    return Here(None)


def is_of_django(config: pytest.Config) -> bool:
    """Whether the tests are those of a Django project with Seedbed's app in it, whose test database is
    meant then and no other."""
    django = sys.modules.get("django.apps")
    at_work = config.pluginmanager.hasplugin("django") and django is not None and django.apps.ready
    return bool(at_work and django is not None and django.apps.is_installed("seedbed.django"))
