"""What a team writes without Seedbed: the same tables with as many rows, in bulk.

It hashes the password once and writes with `bulk_create` in one transaction. It keeps none of the
promises: nothing is spread as the criteria ask, nothing is checked, and a second run has to
remove everything first.
"""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageDraw

from flyers.models import Favorite, Flyer, FlyerImage
from users.models import Follow, PrivacySettings, Profile, User

CREATORS, USERS, FLYERS, IMAGES, FAVORITES, FOLLOWS = 20, 34, 150, 345, 50, 30
PORTRAITS = 37


class Command(BaseCommand):
    help = "Makes as many rows as the three scenarios, by hand."
    requires_system_checks = []

    @transaction.atomic
    def handle(self, *args: str, **options: Any) -> None:
        User.objects.filter(is_e2e_test_data=True).delete()
        self.random = random.Random(1)
        self.now = timezone.now()
        users = self.users()
        flyers = self.flyers(users)
        self.engagement(users, flyers)

    def users(self) -> list[User]:
        password = make_password("TestPass123!")
        users = User.objects.bulk_create(
            User(
                username=f"test_user_{number:03}",
                email=f"test_user_{number:03}@pockitflyer.test",
                password=password,
                bio="Likes flyers.",
                is_e2e_test_data=True,
            )
            for number in range(CREATORS + USERS)
        )
        for user in users[:PORTRAITS]:
            user.profile_picture = self.picture(f"profile_pictures/{user.username}.png", 200, 200)
        User.objects.bulk_update(users[:PORTRAITS], ["profile_picture"])
        Profile.objects.bulk_create(
            Profile(user=user, name=user.username, is_e2e_test_data=True) for user in users
        )
        PrivacySettings.objects.bulk_create(
            PrivacySettings(user=user, is_e2e_test_data=True) for user in users
        )
        return users

    def flyers(self, users: list[User]) -> list[Flyer]:
        flyers = Flyer.objects.bulk_create(
            Flyer(
                title=f"Flyer {number}",
                description="An evening that nobody forgets.",
                category=Flyer.Category.values[number % 3],
                creator=self.random.choice(users),
                location_address=f"Bahnhofstrasse {number}, 8001 Zürich",
                latitude=47.3769 + self.random.uniform(-0.4, 0.4),
                longitude=8.5417 + self.random.uniform(-0.4, 0.4),
                valid_from=self.now - timedelta(days=self.random.randint(1, 30)),
                valid_until=self.now + timedelta(days=self.random.randint(1, 30)),
                is_e2e_test_data=True,
            )
            for number in range(FLYERS)
        )
        FlyerImage.objects.bulk_create(
            FlyerImage(
                flyer=flyers[number % FLYERS],
                image=self.picture(f"flyer_images/{number}.png", 320, 240),
                order=number // FLYERS,
                is_e2e_test_data=True,
            )
            for number in range(IMAGES)
        )
        return flyers

    def engagement(self, users: list[User], flyers: list[Flyer]) -> None:
        pairs = [(user, flyer) for user in users for flyer in flyers]
        Favorite.objects.bulk_create(
            Favorite(user=user, flyer=flyer, is_e2e_test_data=True)
            for user, flyer in self.random.sample(pairs, FAVORITES)
        )
        couples = [(one, other) for one in users for other in users if one is not other]
        Follow.objects.bulk_create(
            Follow(follower=one, followed=other, is_e2e_test_data=True)
            for one, other in self.random.sample(couples, FOLLOWS)
        )

    def picture(self, name: str, width: int, height: int) -> str:
        path = Path(settings.MEDIA_ROOT) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", (width, height), self.random.choice(["navy", "maroon", "teal"]))
        ImageDraw.Draw(image).text((10, 10), name, fill="white")
        image.save(path)
        return name
