"""The verbs as functions, on a plain database file: no Django anywhere."""

import json
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import seedbed
from seedbed import _engine

SEEDED = {"author": 4, "book": 12, "reader": 8, "loan": 15}
FILE = "library.sqlite3"


def counts(path: str = FILE) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in SEEDED}


def change(sql: str, path: str = FILE) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


def test_every_verb_of_the_command_line_is_a_function(folder: Path) -> None:
    for verb in json.loads(_engine.verbs()):
        assert callable(getattr(seedbed, verb["name"])) and verb["name"] in seedbed.__all__


def test_seed_makes_the_file_and_says_what_it_did(folder: Path) -> None:
    answer = seedbed.seed("library")

    assert counts() == SEEDED
    assert answer.exit_code == 0
    assert (answer.data["written"], answer.data["committed"]) == (True, True)
    assert str(answer) == answer.text.removesuffix("\n")
    assert "seeded    39 rows" in str(answer) and "verified  3 of 3 checks hold" in str(answer)
    assert seedbed.seed("library").data["written"] is False


def test_a_dry_run_writes_nothing(folder: Path) -> None:
    seedbed.seed("library", dry_run=True)
    assert not Path(FILE).exists()


def test_plan_names_every_difference_and_check_makes_it_a_no(folder: Path) -> None:
    seedbed.seed("library")
    assert seedbed.plan("library", check=True).exit_code == 0
    change("DELETE FROM loan")

    assert seedbed.plan("library").exit_code == 0
    assert seedbed.plan("library", check=True).exit_code == 1
    few, all_of_them = seedbed.plan("library"), seedbed.plan("library", rows=True)
    assert len(str(all_of_them).splitlines()) > len(str(few).splitlines())
    assert counts()["loan"] == 0


def test_verify_says_no_and_reset_mends(folder: Path) -> None:
    seedbed.seed("library")
    assert seedbed.verify("library").exit_code == 0
    change("DELETE FROM loan WHERE id = (SELECT min(id) FROM loan)")

    answer = seedbed.verify("library")
    assert answer.exit_code == 1 and "L1" in str(answer)
    assert len(seedbed.verify("library", all=True).text) >= len(answer.text)

    assert seedbed.reset("library").data["written"] is True
    assert counts() == SEEDED


def test_a_declared_state_is_entered_and_left(folder: Path) -> None:
    seedbed.seed("library")
    seedbed.reset("library", state="nothing_lent")
    assert counts() == SEEDED | {"loan": 0}
    seedbed.reset("library", state=None)
    assert counts() == SEEDED


def test_cleanup_takes_our_rows_and_nobody_elses(folder: Path) -> None:
    seedbed.seed("library")
    change("INSERT INTO reader (email, joined, active) VALUES ('ada@example.com', '2026-01-01', TRUE)")
    seedbed.cleanup("library")
    assert counts() == dict.fromkeys(SEEDED, 0) | {"reader": 1}


def test_personas_and_what_they_lead_to(folder: Path) -> None:
    seedbed.seed("library")
    personas = {persona["name"]: persona for persona in seedbed.personas("library").data["personas"]}

    assert personas["keen"]["texts"]["email"] == "keen@library.test"
    assert "6 rows of loan" in str(seedbed.show("keen", "loans"))
    assert "0 rows of loan" in str(seedbed.show("idle", "loans", scenario="library"))


def test_status_and_allow(folder: Path) -> None:
    seedbed.seed("library")
    assert "marked for tests when it was empty" in str(seedbed.status())
    change("DELETE FROM seedbed_marker")

    with pytest.raises(seedbed.NotForTestsError) as refused:
        seedbed.cleanup("library")
    assert refused.value.exit_code == 3
    with pytest.raises(seedbed.UsageError, match="is not the name of this database"):
        seedbed.allow("other.sqlite3")

    seedbed.allow(FILE)
    seedbed.cleanup("library")


def test_check_and_schema_open_no_database(folder: Path) -> None:
    assert "library  a small library" in str(seedbed.check())
    assert seedbed.check("library", seeds=3).exit_code == 0
    assert seedbed.schema().data["$schema"]
    assert '"reader"' in seedbed.schema(project=True).text
    assert not Path(FILE).exists()


def test_what_every_verb_understands(folder: Path) -> None:
    other = "sqlite:other.sqlite3"
    seedbed.seed("library", database=other, seed=7, as_of=date(2026, 3, 1), worker=3)
    assert not Path(FILE).exists()
    assert counts("other.sqlite3") == SEEDED
    with closing(sqlite3.connect("other.sqlite3")) as connection:
        assert connection.execute("SELECT seed, worker, pinned FROM seedbed_state").fetchall() == [("7", 3, 1)]
        readers = connection.execute("SELECT email FROM reader").fetchall()
    assert ("keen+w3@library.test",) in readers

    moment = datetime(2026, 3, 1, tzinfo=UTC)
    for same in ["2026-03-01", date(2026, 3, 1), moment, moment.isoformat()]:
        assert seedbed.seed("library", database=other, worker=3, as_of=same).data["written"] is False


def test_a_project_is_found_by_its_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep" / "down")
    seedbed.seed("library")
    assert counts(str(folder / FILE)) == SEEDED

    monkeypatch.chdir(folder.parent)
    with pytest.raises(seedbed.UsageError, match="seedbed.toml"):
        seedbed.status()
    assert seedbed.plan("library", config=folder / "seedbed.toml", check=True).exit_code == 0


@pytest.mark.parametrize(
    ("call", "kind", "exit_code", "rule"),
    [
        (lambda: seedbed.seed("libary"), seedbed.UsageError, 2, "unknown-scenario"),
        (lambda: seedbed.seed("library", worker=50), seedbed.UsageError, 2, "wrong-call"),
        (lambda: seedbed.seed("library", as_of="soon"), seedbed.UsageError, 2, "wrong-call"),
        (lambda: seedbed.seed("--help"), seedbed.UsageError, 2, "unknown-scenario"),
        (lambda: seedbed.status(database="postgres://x/y?nobody=knows"), seedbed.UsageError, 2, "unknown-database"),
        (lambda: seedbed.cleanup("library", database="none.db"), seedbed.CouldNotRunError, 6, "no-database-file"),
    ],
    ids=["scenario", "worker", "as-of", "a flag is no name", "engine", "file"],
)
def test_an_error_has_the_exit_code_and_the_rule(
    folder: Path, call: Callable[[], object], kind: type[seedbed.SeedbedError], exit_code: int, rule: str
) -> None:
    if rule == "no-database-file":
        (folder / "library.sql").unlink()
        (folder / "seedbed.toml").write_text('scenarios = ["scenarios"]\n')
    with pytest.raises(kind) as refused:
        call()
    error = refused.value

    assert type(error) is kind and isinstance(error, seedbed.SeedbedError)
    assert (error.exit_code, error.rule, error.nothing_written) == (exit_code, rule, True)
    assert error.data["rule"] == rule
    for line in [*error.details, *error.help]:
        assert line in str(error)


def test_an_error_survives_being_sent_to_another_process(folder: Path) -> None:
    seedbed.seed("library")
    change("UPDATE seedbed_marker SET identity = '/elsewhere'")
    change("DELETE FROM loan")
    with pytest.raises(seedbed.NotForTestsError) as refused:
        seedbed.seed("library")
    copy = pickle.loads(pickle.dumps(refused.value))

    assert type(copy) is seedbed.NotForTestsError and str(copy) == str(refused.value)
    assert (copy.data, copy.rule, copy.help) == (refused.value.data, "copied-database", refused.value.help)


def test_an_answer_survives_it_too_and_cannot_be_changed(folder: Path) -> None:
    answer = seedbed.check()
    assert pickle.loads(pickle.dumps(answer)) == answer
    with pytest.raises(AttributeError):
        answer.text = "other"  # type: ignore[misc]


def test_a_problem_in_a_file_is_shown_with_its_place(folder: Path) -> None:
    file = folder / "scenarios" / "library.yaml"
    file.write_text(file.read_text().replace("tag: is_test", "tga: is_test"))
    with pytest.raises(seedbed.UsageError) as refused:
        seedbed.check()
    assert "scenarios/library.yaml:7:5" in str(refused.value)
    assert "help: did you mean `tag`?" in str(refused.value)


def test_other_threads_run_while_a_verb_works(folder: Path) -> None:
    ticks, done = 0, threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.wait(0.001):
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    started = time.monotonic()
    seedbed.check("library", seeds=2000)
    seconds = time.monotonic() - started
    done.set()
    thread.join()

    # A thread that waits for the interpreter would tick when the verb is done, once or twice.
    assert ticks > 20 and ticks > seconds * 50


def test_two_threads_seed_two_databases_at_once(folder: Path) -> None:
    problems: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for verb in [seedbed.seed, seedbed.verify, seedbed.cleanup, seedbed.seed]:
                assert verb("library", database=f"sqlite:{name}.sqlite3").exit_code == 0
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=[name]) for name in ["one", "two"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert counts("one.sqlite3") == counts("two.sqlite3") == SEEDED


PROGRAMS = [[sys.executable, "-m", "seedbed"], [str(Path(sys.executable).with_name("seedbed"))]]


@pytest.mark.parametrize("program", PROGRAMS, ids=["module", "script"])
def test_the_command_line_has_its_exit_codes(folder: Path, program: list[str]) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    assert run("--version")[0] == 0
    assert run("seed", "library")[0] == 0
    change("DELETE FROM loan")
    assert run("verify", "library")[0] == 1
    code, text = run("seed", "libary")
    assert code == 2 and "error[unknown-scenario]" in text
    change("UPDATE seedbed_marker SET identity = '/elsewhere'")
    assert run("seed", "library")[0] == 3
    assert run()[0] == 2


INTERRUPTED = """
import sys
from seedbed import __main__, _engine
main = _engine.main
def tell(arguments):
    print("at work", flush=True)
    return main(arguments)
_engine.main = tell
sys.exit(__main__.main())
"""


def test_ctrl_c_ends_the_command_line_at_once(folder: Path) -> None:
    program = [sys.executable, "-c", INTERRUPTED, "check", "library", "--seeds", "100000000"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=60) == -signal.SIGINT
        finally:
            process.kill()
