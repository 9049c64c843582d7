"""The environment chooses the database; nothing here connects to one."""

from pathlib import Path

import pytest
from dj_database_url import UnknownSchemeError
from django.core.exceptions import ImproperlyConfigured

from pockitflyer.database import SQLITE, SQLITE_OPTIONS, database

DEFAULT = Path("default.sqlite3")
SERVER = "postgres://ada:p%40ss@db.example:5433/flyers?sslmode=require"


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, DEFAULT),
        ({"DATABASE_URL": "", "POCKITFLYER_SQLITE": ""}, DEFAULT),
        ({"POCKITFLYER_SQLITE": "a.sqlite3"}, "a.sqlite3"),
        ({"DATABASE_URL": "sqlite:///folder/a.sqlite3"}, "folder/a.sqlite3"),
        ({"DATABASE_URL": "sqlite:////folder/a.sqlite3"}, "/folder/a.sqlite3"),
        ({"DATABASE_URL": SERVER, "POCKITFLYER_SQLITE": "a.sqlite3"}, "a.sqlite3"),
    ],
)
def test_every_sqlite_file_is_opened_the_same_way(
    environment: dict[str, str], name: str | Path
) -> None:
    found = database(environment, default=DEFAULT)

    assert (found["ENGINE"], found["NAME"]) == (SQLITE, name)
    assert found["OPTIONS"] == SQLITE_OPTIONS


@pytest.mark.tdd_green
def test_options_of_an_sqlite_url_are_added() -> None:
    found = database({"DATABASE_URL": "sqlite:///a?timeout=20"}, default=DEFAULT)
    assert found["OPTIONS"] == SQLITE_OPTIONS | {"timeout": 20}


@pytest.mark.tdd_green
def test_a_url_names_a_postgresql_database() -> None:
    found = database({"DATABASE_URL": SERVER}, default=DEFAULT)

    assert found["ENGINE"] == "django.db.backends.postgresql"
    assert (found["USER"], found["PASSWORD"]) == ("ada", "p@ss")
    assert (found["HOST"], found["PORT"]) == ("db.example", 5433)
    assert (found["NAME"], found["OPTIONS"]) == ("flyers", {"sslmode": "require"})


@pytest.mark.tdd_green
def test_a_url_that_would_open_another_file_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="sqlite:///"):
        database({"DATABASE_URL": "sqlite:folder/a.sqlite3"}, default=DEFAULT)


@pytest.mark.tdd_green
def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(UnknownSchemeError, match="foo"):
        database({"DATABASE_URL": "foo://host/name"}, default=DEFAULT)
