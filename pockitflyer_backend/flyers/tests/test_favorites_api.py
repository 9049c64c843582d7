"""POST favorites/ and DELETE favorites/{flyer_id}/ over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from flyers.models import Favorite, Flyer
from pockitflyer.tests.rows import NOW, client_of, make_flyer, make_user
from users.models import User

pytestmark = pytest.mark.django_db

FAVORITES = "/api/v1/favorites/"
UNKNOWN = 987_654_321


@pytest.fixture
def reader() -> User:
    return make_user("reader")


@pytest.fixture
def flyer() -> Flyer:
    return make_flyer(make_user("ada"))


def pairs() -> list[tuple[int, int]]:
    return list(Favorite.objects.order_by("id").values_list("user_id", "flyer_id"))


@pytest.mark.tdd_green
@pytest.mark.parametrize("prefix", ["/api/v1/", "/api/"])
def test_keeping_a_flyer_is_201_and_told(
    reader: User, flyer: Flyer, prefix: str
) -> None:
    response = client_of(reader).post(f"{prefix}favorites/", {"flyer_id": flyer.pk})

    assert response.status_code == 201
    favorite = Favorite.objects.get()
    body = response.json()
    assert parse_datetime(body.pop("created_at")) == favorite.created_at
    assert body == {"user_id": reader.pk, "flyer_id": flyer.pk}
    assert pairs() == [(reader.pk, flyer.pk)]
    assert favorite.is_e2e_test_data is False


@pytest.mark.tdd_green
def test_keeping_it_again_is_200_and_changes_nothing(
    reader: User, flyer: Flyer
) -> None:
    client = client_of(reader)
    first = client.post(FAVORITES, {"flyer_id": flyer.pk})
    again = client.post(FAVORITES, {"flyer_id": flyer.pk})

    assert again.status_code == 200
    assert again.json() == first.json()
    assert pairs() == [(reader.pk, flyer.pk)]


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"flyer_id": None},
        {"flyer_id": ""},
        {"flyer_id": "first"},
        {"flyer_id": 1.5},
    ],
)
def test_something_that_is_no_id_is_400(reader: User, body: dict[str, Any]) -> None:
    response = client_of(reader).post(FAVORITES, body)

    assert response.status_code == 400
    assert list(response.json()) == ["flyer_id"]


@pytest.mark.tdd_green
@pytest.mark.parametrize("flyer_id", [UNKNOWN, 0, -1, 2**70])
def test_an_unknown_flyer_is_404(reader: User, flyer_id: int) -> None:
    response = client_of(reader).post(FAVORITES, {"flyer_id": flyer_id})

    assert response.status_code == 404
    assert pairs() == []


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    "hidden",
    [{"is_active": False}, {"valid_until": NOW - timedelta(hours=1)}],
    ids=["deactivated", "expired"],
)
def test_a_flyer_that_no_feed_shows_can_be_kept_and_taken_back(
    reader: User, hidden: dict[str, Any]
) -> None:
    flyer = make_flyer(make_user("ada"), **hidden)
    client = client_of(reader)

    assert client.post(FAVORITES, {"flyer_id": flyer.pk}).status_code == 201
    assert client.delete(f"{FAVORITES}{flyer.pk}/").status_code == 204
    assert pairs() == []


@pytest.mark.tdd_green
def test_taking_back_is_204_and_leaves_other_rows_alone(
    reader: User, flyer: Flyer
) -> None:
    other_flyer = make_flyer(flyer.creator)
    for user, kept in [
        (reader, flyer),
        (reader, other_flyer),
        (flyer.creator, flyer),
    ]:
        Favorite.objects.create(user=user, flyer=kept)

    response = client_of(reader).delete(f"{FAVORITES}{flyer.pk}/")

    assert (response.status_code, response.content) == (204, b"")
    assert pairs() == [(reader.pk, other_flyer.pk), (flyer.creator_id, flyer.pk)]


@pytest.mark.tdd_green
@pytest.mark.parametrize("flyer_id", [UNKNOWN, 2**63 - 1])
def test_taking_back_what_is_not_there_is_204(reader: User, flyer_id: int) -> None:
    response = client_of(reader).delete(f"/api/favorites/{flyer_id}/")
    assert response.status_code == 204


@pytest.mark.tdd_green
def test_an_anonymous_reader_is_401_and_changes_nothing(
    reader: User, flyer: Flyer
) -> None:
    Favorite.objects.create(user=reader, flyer=flyer)
    client = client_of(None)

    assert client.post(FAVORITES, {"flyer_id": flyer.pk}).status_code == 401
    assert client.delete(f"{FAVORITES}{flyer.pk}/").status_code == 401
    assert pairs() == [(reader.pk, flyer.pk)]
