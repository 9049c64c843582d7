"""`manage.py seedbed VERB ...`: the command line on Django's own connection."""

from typing import Any

from django.core.management.base import CommandParser

from seedbed.django.commands import VERBS, VerbCommand, add_verb, inherit


class Command(VerbCommand):
    help = "Test data you can lean on: put into the database, proved, put back, and taken out."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
        for name, verb in VERBS.items():
            of_verb = verbs.add_parser(name, help=verb["about"], description=verb["about"])
            add_verb(of_verb, name)
            inherit(of_verb, parser)

    def handle(self, *args: str, verb: str, **options: Any) -> None:
        self.ask(verb, options)
