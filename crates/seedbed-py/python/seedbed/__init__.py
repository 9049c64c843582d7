"""Test data you can lean on, from Python.

The verbs are functions; each returns an `Answer` or raises a `SeedbedError`:

    import seedbed

    print(seedbed.seed("m03"))
    power = next(p for p in seedbed.personas("m03").data["personas"] if p["name"] == "power")

They find the `seedbed.toml` of the folder the program runs in, as the command line does. In a
Django project, `seedbed.django.Database()` lends them Django's own connection.
"""

from seedbed.answer import Answer
from seedbed.database import Database
from seedbed.errors import (
    BusyError,
    CouldNotRunError,
    NotForTestsError,
    RowsNotOursError,
    SeedbedError,
    UnclearError,
    UnfinishedError,
    UsageError,
)
from seedbed.verbs import (
    Options,
    allow,
    check,
    cleanup,
    export,
    init,
    manifest,
    personas,
    plan,
    report,
    reset,
    schema,
    seed,
    show,
    status,
    token,
    verify,
)

__all__ = [
    "Answer",
    "BusyError",
    "CouldNotRunError",
    "Database",
    "NotForTestsError",
    "Options",
    "RowsNotOursError",
    "SeedbedError",
    "UnclearError",
    "UnfinishedError",
    "UsageError",
    "allow",
    "check",
    "cleanup",
    "export",
    "init",
    "manifest",
    "personas",
    "plan",
    "report",
    "reset",
    "schema",
    "seed",
    "show",
    "status",
    "token",
    "verify",
]
