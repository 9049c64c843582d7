"""The verbs as functions: those of the command line, with its names."""

import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from seedbed import _engine
from seedbed.answer import Answer
from seedbed.database import Database
from seedbed.errors import BY_EXIT_CODE, SeedbedError


class Options(TypedDict, total=False):
    """What every verb understands."""

    database: str | Database
    """`sqlite:PATH`, or a connection that is open; the project's own by default."""

    config: str | Path
    """The `seedbed.toml`, in place of the one found upward from the current folder."""

    media: str | Path
    """The media folder, in place of the project's own."""

    seed: int
    """The seed; the stored one, or 1, by default."""

    as_of: str | date | datetime
    """Pins the clock: a day in UTC, or a moment that knows its zone."""

    worker: int
    """The worker, 0 to 49; each has rows of its own."""


def seed(scenario: str, *, dry_run: bool = False, **options: Unpack[Options]) -> Answer:
    """The database becomes as declared. With `dry_run`, says what would be written."""
    return ask("seed", [scenario], {"dry_run": dry_run}, options)


def plan(
    scenario: str,
    *,
    check: bool = False,
    rows: bool = False,
    state: str | None = None,
    **options: Unpack[Options],
) -> Answer:
    """What would change; nothing is written. With `check`, a plan that is not empty is a no; with
    `state`, the database is compared with that declared state."""
    return ask("plan", [scenario], {"check": check, "rows": rows, "state": state}, options)


def verify(scenario: str, *, all: bool = False, **options: Unpack[Options]) -> Answer:
    """Whether every row is as declared and every declared fact holds, counted by SQL."""
    return ask("verify", [scenario], {"all": all}, options)


def report(
    scenario: str,
    *,
    html: str | Path | None = None,
    junit: str | Path | None = None,
    markdown: str | Path | None = None,
    **options: Unpack[Options],
) -> Answer:
    """What `verify` finds, as files: a page, XML as JUnit writes it, Markdown; at least one."""
    return ask("report", [scenario], {"html": html, "junit": junit, "markdown": markdown}, options)


def reset(scenario: str, *, state: str | None = None, **options: Unpack[Options]) -> Answer:
    """The last test is undone, and told. With `state`, starts from that declared state."""
    return ask("reset", [scenario], {"state": state}, options)


def cleanup(scenario: str, **options: Unpack[Options]) -> Answer:
    """Our own rows and files go, nobody else's; what stands on the scenario goes first."""
    return ask("cleanup", [scenario], {}, options)


def personas(scenario: str, **options: Unpack[Options]) -> Answer:
    """Who a test can log in as."""
    return ask("personas", [scenario], {}, options)


def show(
    persona: str,
    relation: str,
    *,
    scenario: str | None = None,
    **options: Unpack[Options],
) -> Answer:
    """The live rows that a persona leads to."""
    return ask("show", [persona, relation], {"scenario": scenario}, options)


def token(
    persona: str,
    *,
    scenario: str | None = None,
    expired: bool = False,
    malformed: bool = False,
    ttl: str | int | None = None,
    **options: Unpack[Options],
) -> Answer:
    """What a persona shows to the application: `str` is the token that login would have given.

    `ttl` is how long it is good, in seconds or as `24h`; the project's own lifetime unless said.
    """
    flags = {"scenario": scenario, "expired": expired, "malformed": malformed, "ttl": ttl}
    return ask("token", [persona], flags, options)


def manifest(
    scenario: str,
    *,
    format: Literal["text", "json", "ts", "py", "dart"] = "text",
    out: str | Path | None = None,
    check: str | Path | None = None,
    **options: Unpack[Options],
) -> Answer:
    """What tests know by name, without a database: `data` has personas, rows and expected answers.

    `text` is a summary, or the code that `format` asks for; `out` writes it into a file, and with
    `check`, a file that is not what would be written is a no.
    """
    return ask("manifest", [scenario], {"format": format, "out": out, "check": check}, options)


def export(
    scenario: str,
    *,
    format: Literal["csv", "jsonl", "sql", "parquet"],
    out: str | Path,
    scale: int | str = 1,
    part: str | None = None,
    threads: int | None = None,
    **options: Unpack[Options],
) -> Answer:
    """The rows at any scale as files, without a database: `data` is the manifest, with every file.

    `scale` is a number of blocks, or numbers of rows as `users=100000,flyers=500000`; `part` is one of
    so many, `2/7`.
    """
    flags = {"format": format, "out": out, "scale": scale, "part": part, "threads": threads}
    return ask("export", [scenario], flags, options)


def status(**options: Unpack[Options]) -> Answer:
    """What is seeded here, and whether tests may write."""
    return ask("status", [], {}, options)


def allow(name: str, **options: Unpack[Options]) -> Answer:
    """Tests may write into this database, said once by somebody who names it."""
    return ask("allow", [name], {}, options)


def init(address: str | None = None, **options: Unpack[Options]) -> Answer:
    """Reads a database and writes a first scenario for it; nothing is written to the database."""
    return ask("init", [] if address is None else [address], {}, options)


def check(*scenarios: str, seeds: int = 1, **options: Unpack[Options]) -> Answer:
    """Reads and generates scenarios, all when none is named; opens no database."""
    return ask("check", scenarios, {"seeds": seeds}, options)


def schema(*, project: bool = False, **options: Unpack[Options]) -> Answer:
    """The JSON Schema of scenario files; with `project`, with the names of this project."""
    return ask("schema", [], {"project": project}, options)


def ask(
    verb: str,
    names: list[str] | tuple[str, ...],
    flags: dict[str, Any],
    options: Options,
    *,
    coloured: bool = False,
    interactive: bool = False,
    notice: Callable[[str], object] = lambda line: print(line, file=sys.stderr),
) -> Answer:
    """Asks a verb by its name, with its own flags and with what every verb understands."""
    lent = options.get("database")
    settings = secret = None
    program, migrate = "seedbed", "apply your migrations to this database"
    typed: dict[str, Any] = {**options, **flags}
    typed.pop("database", None)
    if isinstance(lent, str) or lent is None:
        typed["db"], lent = lent, None
    else:
        program, migrate = lent.program, lent.migrate
        settings = lent.settings() if options.get("config") is None else None
        secret = lent.secret() if verb == "token" else None
    text, data, exit_code = _engine.ask(
        [verb, *arguments(typed), "--", *names],
        program=program,
        migrate=migrate,
        here=Path.cwd(),
        coloured=coloured,
        interactive=interactive,
        notice=notice,
        refused=refused,
        settings=settings,
        secret=secret,
        database=lent,
    )
    return Answer(text, json.loads(data), exit_code)


def arguments(flags: dict[str, Any]) -> list[str]:
    """Returns flags as they are typed; those that are None or False are left out."""
    typed = []
    for name, value in flags.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            typed.append(flag)
        elif value is not None and value is not False:
            typed.append(f"{flag}={value.isoformat() if isinstance(value, date) else value}")
    return typed


def refused(exit_code: int, text: str, data: str) -> SeedbedError:
    """Returns the exception for an error of the engine."""
    return BY_EXIT_CODE[exit_code](text, json.loads(data))
