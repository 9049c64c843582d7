"""Small hand-made rows, and a client that shows a token."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rest_framework.test import APIClient

from flyers.models import Flyer
from users.models import User
from users.tokens import access_token

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PASSWORD = "TestPass123!"


def make_user(name: str, **fields: Any) -> User:
    """Returns a user with the companions that the signals make; no password fits it."""
    given = {"username": name, "email": f"{name}@pockitflyer.test", "password": "!"}
    return User.objects.create(**given | fields)


def make_flyer(creator: User, **fields: Any) -> Flyer:
    """Returns a flyer at 0°, 0° that is visible for a day around NOW."""
    given = {
        "title": "flyer",
        "description": "a flyer",
        "category": Flyer.Category.EVENTS,
        "location_address": "Null Island",
        "latitude": 0,
        "longitude": 0,
        "valid_from": NOW - timedelta(days=1),
        "valid_until": NOW + timedelta(days=1),
    }
    created_at = fields.pop("created_at", NOW)
    flyer = Flyer.objects.create(creator=creator, **given | fields)
    # `auto_now_add` lets nobody choose; an update does.
    Flyer.objects.filter(pk=flyer.pk).update(created_at=created_at)
    return flyer


def client_of(user: User | None) -> APIClient:
    """Returns a client with a token of `user`, or without one."""
    return with_token(str(access_token(user))) if user else APIClient()


def with_token(token: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client
