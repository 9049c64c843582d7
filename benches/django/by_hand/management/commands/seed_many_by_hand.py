"""What a team writes for load tests without Seedbed: as many rows as m03 at a scale, by `bulk_create`.

It keeps none of the promises, and draws no picture: rows are as many as those of Seedbed, and refer to each
other by chance.
"""

import random
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand
from django.db import models, transaction
from django.utils import timezone

from flyers.models import Favorite, Flyer, FlyerImage
from users.models import Follow, PrivacySettings, Profile, User

BATCH = 5_000
Row = TypeVar("Row", bound=models.Model)
CREATORS, USERS, FLYERS, IMAGES, FAVORITES, FOLLOWS = 20, 34, 150, 345, 50, 30


class Command(BaseCommand):
    help = "Makes as many rows as m03 at a scale, by hand."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--scale", type=int, default=100)

    @transaction.atomic
    def handle(self, *args: str, **options: Any) -> None:
        scale = options["scale"]
        self.random = random.Random(1)
        self.now = timezone.now()
        people = self.create(User, self.users((CREATORS + USERS) * scale))
        self.create(Profile, (Profile(user_id=user, name=f"User {user}") for user in people))
        self.create(PrivacySettings, (PrivacySettings(user_id=user) for user in people))
        flyers = self.create(Flyer, self.flyers(FLYERS * scale, people))
        images = (
            FlyerImage(flyer_id=flyers[number % len(flyers)], image="poster.png", order=number // len(flyers))
            for number in range(IMAGES * scale)
        )
        self.create(FlyerImage, images)
        favorites = self.pairs(people, flyers, FAVORITES * scale)
        self.create(Favorite, (Favorite(user_id=user, flyer_id=flyer) for user, flyer in favorites))
        follows = self.pairs(people, people, FOLLOWS * scale)
        self.create(Follow, (Follow(follower_id=one, followed_id=other) for one, other in follows))

    def create(self, model: type[Row], rows: Iterable[Row]) -> list[int]:
        """Writes rows in batches; returns their keys."""
        keys: list[int] = []
        for batch in batch_of(rows):
            for row in batch:
                row.is_e2e_test_data = True  # type: ignore[attr-defined]
            keys.extend(row.pk for row in model._default_manager.bulk_create(batch))
        return keys

    def users(self, count: int) -> Iterator[User]:
        password = make_password("TestPass123!")
        for number in range(count):
            name = f"test_user_{number:08}"
            email = f"{name}@pockitflyer.test"
            yield User(username=name, email=email, password=password, first_name="Ada", bio="Likes flyers.")

    def flyers(self, count: int, people: list[int]) -> Iterator[Flyer]:
        for number in range(count):
            yield Flyer(
                title=f"Flyer {number}",
                description="An evening that nobody forgets.",
                category=Flyer.Category.values[number % 3],
                creator_id=self.random.choice(people),
                location_address=f"Bahnhofstrasse {number % 200}, 8001 Zürich",
                latitude=47.3769 + self.random.uniform(-0.4, 0.4),
                longitude=8.5417 + self.random.uniform(-0.4, 0.4),
                valid_from=self.now - timedelta(days=self.random.randint(1, 30)),
                valid_until=self.now + timedelta(days=self.random.randint(1, 30)),
            )

    def pairs(self, left: list[int], right: list[int], count: int) -> set[tuple[int, int]]:
        pairs: set[tuple[int, int]] = set()
        while len(pairs) < count:
            one, other = self.random.choice(left), self.random.choice(right)
            if one != other or left is not right:
                pairs.add((one, other))
        return pairs


def batch_of(rows: Iterable[Row]) -> Iterator[list[Row]]:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch
