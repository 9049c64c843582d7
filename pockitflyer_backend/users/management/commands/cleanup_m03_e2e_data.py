from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from seedbed.django import is_seeded
from seedbed.django.commands import ScenarioCommand
from users.models import User


class Command(ScenarioCommand):
    help = "Takes the M03 data (favorites and follows) of the end-to-end tests out again."
    verb, scenario = "cleanup", "m03"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--user", metavar="EMAIL", help="Only what this seeded user has.")
        parser.add_argument("--favorites", action="store_true", help="Of that, the favorites.")
        parser.add_argument("--follows", action="store_true", help="Of that, whom it follows.")

    def handle(self, *args: str, user: str | None, **options: Any) -> None:
        favorites, follows = options["favorites"], options["follows"]
        if user is not None:
            everything = not (favorites or follows)
            self.clear(user, favorites or everything, follows or everything, options)
        elif favorites or follows:
            raise CommandError("--favorites and --follows go with --user EMAIL", returncode=2)
        else:
            super().handle(*args, **options)

    def clear(self, email: str, favorites: bool, follows: bool, options: dict[str, Any]) -> None:
        using = options["database"]
        user = User.objects.using(using).filter(email=email).first()
        if user is None or not is_seeded(user):
            raise CommandError(f"`{email}` is no user that was seeded here", returncode=2)
        cleared = []
        with transaction.atomic(using=using):
            if favorites:
                cleared.append(f"{user.favorites.all().delete()[0]} favorites")
            if follows:
                cleared.append(f"{user.following.all().delete()[0]} follows")
        if options["verbosity"] > 0:
            removed = " and ".join(cleared)
            self.stdout.write(f"cleaned   {email}: {removed} removed; `reset m03` restores them")
