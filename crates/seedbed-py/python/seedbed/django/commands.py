"""Management commands that ask a verb.

What a verb understands, and the words that explain it, come from the command line; nothing is
declared twice.
"""

import json
import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.color import supports_color
from django.db import DEFAULT_DB_ALIAS, connections

from seedbed import _engine, verbs
from seedbed.django.database import Database
from seedbed.errors import SeedbedError

VERBS: dict[str, dict[str, Any]] = {verb["name"]: verb for verb in json.loads(_engine.verbs())}

NOT_HERE = {"db", "config", "media", "quiet", "color"}
"""What Django's settings and its own options say instead."""


class VerbCommand(BaseCommand):
    """A management command that asks a verb of Seedbed, on Django's connection."""

    # A verb needs tables, not a project that is sound in every corner; `migrate` does the same.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help='The database; the "default" one unless said.',
        )
        parser.add_argument(
            "--no-input",
            "--noinput",
            action="store_false",
            dest="interactive",
            help="Asks nobody anything.",
        )

    def ask(self, verb: str, options: dict[str, Any]) -> None:
        """Asks the verb and prints what it answers; leaves with its exit code."""
        names, flags = [], {}
        for argument in VERBS[verb]["arguments"]:
            value = options.get(argument["name"])
            if argument["flag"] is not None:
                flags[argument["name"]] = value
            elif value is not None:
                names += value if isinstance(value, list) else [value]
        # The formats of `export` are those of its files.
        as_json = flags.get("format") == "json" or bool(flags.get("json"))
        talks = options["verbosity"] > 0 and not as_json
        coloured = not options["no_color"] and self.stdout.isatty() and supports_color()
        try:
            answer = verbs.ask(
                verb,
                names,
                flags,
                {"database": Database(options["database"])},
                coloured=not as_json and (coloured or options["force_color"]),
                interactive=options["interactive"] and sys.stdin.isatty(),
                notice=self.stderr.write if talks else lambda line: None,
            )
        except SeedbedError as error:
            if as_json:
                self.write_json({"error": error.data, "exit_code": error.exit_code})
            raise CommandError(str(error), returncode=error.exit_code) from error
        if as_json:
            self.write_json(answer.data)
        elif talks:
            self.stdout.write(answer.text, ending="")
        if answer.exit_code:
            sys.exit(answer.exit_code)

    def write_json(self, data: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(data, indent=2, ensure_ascii=False))


class ScenarioCommand(VerbCommand):
    """A verb for one scenario, as a command with a name of its own.

        class Command(ScenarioCommand):
            help = "Puts the data of the end-to-end tests into the database."
            verb, scenario = "seed", "m03"
    """

    verb: str
    scenario: str

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_verb(parser, self.verb, without={"scenario"})

    def handle(self, *args: str, **options: Any) -> None:
        self.ask(self.verb, {**options, "scenario": self.scenario})


def add_verb(parser: ArgumentParser, verb: str, without: Iterable[str] = ()) -> None:
    """Adds what a verb understands to a parser."""
    for argument in VERBS[verb]["arguments"]:
        if argument["name"] in NOT_HERE | set(without):
            continue
        words: dict[str, Any] = {"help": argument["about"].replace("%", "%%")}
        if argument["flag"] is None:
            required = "*" if argument["many"] else None if argument["required"] else "?"
            parser.add_argument(argument["name"], nargs=required, **words)
        elif argument["takes_value"]:
            words |= {"dest": argument["name"], "metavar": argument["value"]}
            parser.add_argument(argument["flag"], **words)
        else:
            words |= {"dest": argument["name"], "action": "store_true"}
            parser.add_argument(argument["flag"], **words)


def inherit(parser: ArgumentParser, options_of: ArgumentParser) -> None:
    """Lets a verb's parser understand the command's options too, so that they may stand behind
    the verb; one that does not stand there keeps what stood before it."""
    for action in options_of._actions:
        if action.option_strings and action.dest not in ("help", "version"):
            known = type(action).__new__(type(action))
            known.__dict__.update(action.__dict__, default=SUPPRESS)
            parser._add_action(known)
