"""A seeded database is one that Django could have written.

The runner names the file: SEEDBED_SEEDED_DB=FILE. The tests read a copy of it.
"""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

READER = Path(__file__).resolve().parent / "read_seeded.py"
HINT = (
    "SEEDBED_SEEDED_DB is not set: seed a SQLite file made from "
    "pockitflyer_backend/pockitflyer.sql and run again with SEEDBED_SEEDED_DB=FILE"
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What Django finds in a copy of the seeded file; printed for the log."""
    seeded = os.environ.get("SEEDBED_SEEDED_DB")
    if not seeded:
        pytest.fail(HINT, pytrace=False)
    if not Path(seeded).is_file():
        pytest.fail(f"SEEDBED_SEEDED_DB names no file: {seeded}", pytrace=False)
    copy = tmp_path_factory.mktemp("seeded") / "copy.sqlite3"
    uri = Path(seeded).resolve().as_uri()
    # The backup includes what still stands in the write-ahead log.
    with (
        closing(sqlite3.connect(f"{uri}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    done = subprocess.run(
        [sys.executable, READER],
        env={**os.environ, "POCKITFLYER_SQLITE": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for table, count in found["rows"].items():
        print(f"{table}: {count} rows, {found['tagged'].get(table, 'no')} tagged")
    return found


@pytest.mark.tdd_green
def test_there_are_seeded_users(report: dict) -> None:
    assert report["tagged"]["users_user"] > 0, report["rows"]


@pytest.mark.tdd_green
def test_every_seeded_user_logs_in_with_the_test_password(report: dict) -> None:
    assert report["problems"].get("wrong_password", []) == []


@pytest.mark.tdd_green
def test_no_login_makes_django_hash_a_password_again(report: dict) -> None:
    assert report["problems"].get("outdated_hash", []) == []


@pytest.mark.tdd_green
def test_django_reads_every_row_of_every_table(report: dict) -> None:
    assert report["problems"].get("unreadable_table", []) == []


@pytest.mark.tdd_green
def test_every_value_is_stored_the_way_django_spells_it(report: dict) -> None:
    assert report["problems"].get("foreign_spelling", []) == []


@pytest.mark.tdd_green
def test_every_row_passes_the_validation_of_its_model(report: dict) -> None:
    assert report["problems"].get("failed_validation", []) == []


@pytest.mark.tdd_green
def test_every_reference_finds_its_row(report: dict) -> None:
    assert report["problems"].get("dangling_reference", []) == []
