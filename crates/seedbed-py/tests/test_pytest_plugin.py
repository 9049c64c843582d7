"""The plugin for pytest, as a suite meets it: each test here runs a suite of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DAMAGING = """\
import sqlite3
from contextlib import closing

import pytest


def loans(sql="SELECT count(*) FROM loan"):
    with closing(sqlite3.connect("library.sqlite3")) as connection, connection:
        return connection.execute(sql).fetchall()
"""
PARTLY_FAILING = (
    DAMAGING
    + """

@pytest.mark.seedbed("library")
def test_one():
    assert loans() == [(15,)]
    loans("DELETE FROM loan WHERE id IN (SELECT id FROM loan LIMIT 1)")
    loans("UPDATE book SET title = 'torn' WHERE isbn = 'isbn-dune'")
    assert loans() == [(15,)]


@pytest.mark.seedbed("library")
def test_two(seedbed):
    assert loans() == [(15,)] and len(seedbed.undone["plan"]["tables"]) == 2
    loans("DELETE FROM loan")


def test_three(seedbed_personas, seedbed_reset):
    assert loans() == [(15,)] and seedbed_personas["keen"]["email"] == "keen@library.test"
    seedbed_reset(state="nothing_lent")
    assert loans() == [(0,)]


@pytest.mark.seedbed(state="nothing_lent")
def test_four(seedbed):
    assert loans() == [(0,)]
    assert False
"""
)
EACH_A_WORKER = (
    DAMAGING
    + """

@pytest.mark.parametrize("round", range(6))
def test_a_worker_damages_its_own(seedbed, seedbed_worker, round):
    mine = f"SELECT count(*) FROM loan WHERE id / 1000000 % 100 = {seedbed_worker}"
    assert loans(mine) == [(15,)]
    assert seedbed.personas["keen"]["email"] == f"keen{seedbed.mark}@library.test"
    loans(f"DELETE FROM loan WHERE id / 1000000 % 100 = {seedbed_worker}")
    assert len(seedbed.plan()["plan"]["tables"][0]["inserts"]) == 15
"""
)


def suite(folder: Path, text: str, *arguments: str, before: list[str] | None = None) -> str:
    """Runs a suite in the library's folder; returns what pytest prints."""
    (folder / "test_suite.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nseedbed_scenario = library\n", encoding="utf-8")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("SEEDBED_", "PYTEST_"))}
    pytest = [sys.executable, "-m", "pytest", "-p", "no:django", "-p", "no:cacheprovider", *arguments]
    command = [*(before or []), *pytest]
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


def run(workers: int = 1) -> list[str]:
    return [sys.executable, "-m", "seedbed", "run", "library", "--workers", str(workers), "--"]


@pytest.mark.parametrize("before", [[], run()], ids=["in the process", "over the service"])
def test_every_test_finds_the_dataset_and_a_failing_one_tells_what_it_changed(folder: Path, before: list[str]) -> None:
    out = suite(folder, PARTLY_FAILING, before=before)

    assert "2 failed, 2 passed" in out, out
    told = out.split("- what the test changed -")[1].splitlines()
    assert told[1] == 'changed  book  dune: title "Book dune" -> "torn"'
    assert told[2].startswith("removed  loan  ") and told[3].startswith("____")
    assert out.split("- what the test changed -")[2].splitlines()[1] == "nothing"


def test_the_workers_of_xdist_share_one_database(folder: Path) -> None:
    out = suite(folder, EACH_A_WORKER, "-n", "3", before=run(3))
    assert "6 passed" in out, out


def test_an_unknown_state_names_those_that_are_declared(folder: Path) -> None:
    text = 'import pytest\n@pytest.mark.seedbed("library", state="lost")\ndef test_it(): pass\n'
    for before in [[], run()]:
        out = suite(folder, text, before=before)
        assert "error[unknown-state]: no state `lost` is declared" in out and "nothing_lent" in out, out


def test_a_suite_that_names_no_scenario_is_told_where(folder: Path) -> None:
    out = suite(folder, "def test_it(seedbed): pass\n", "-c", os.devnull, "--rootdir", str(folder))
    assert "error[no-scenario]" in out and "seedbed_scenario" in out, out


ORDERED = (
    DAMAGING
    + """

@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    # What every test uses may say where the database is, before anything is written.
    for name in ["seedbed.toml", "library.sql"]:
        (tmp_path / name).write_text(open(name).read())
    (tmp_path / "scenarios").symlink_to(os.path.abspath("scenarios"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def a_lost_book():
    loans("UPDATE book SET title = 'lost' WHERE isbn = 'isbn-dune'")


@pytest.mark.seedbed("library")
def test_it(a_lost_book, seedbed):
    assert loans("SELECT title FROM book WHERE isbn = 'isbn-dune'") == [("lost",)]
    assert seedbed.plan()["plan"]["tables"][0]["table"] == "book"
"""
).replace("import sqlite3", "import os, sqlite3")


def test_the_dataset_comes_after_what_all_tests_use_and_before_a_tests_own(folder: Path) -> None:
    out = suite(folder, ORDERED)
    assert "1 passed" in out, out
    assert not (folder / "library.sqlite3").exists()


def test_the_marker_is_explained(folder: Path) -> None:
    assert "@pytest.mark.seedbed(scenario=None, *, state=None)" in suite(folder, "", "--markers")
