"""M03 as the application shows it: C14, C17, E2, E5 and the feeds of every persona."""

from math import asin, cos, radians, sin, sqrt
from typing import Any

import pytest
import seedbed
from django.utils import timezone
from rest_framework.test import APIClient
from seedbed.django import Database

from flyers.models import Favorite, Flyer
from pockitflyer.tests.rows import PASSWORD, client_of, make_user, with_token
from users.models import Follow, User
from users.tests.commands import PERSONAS, RELATIONS, answer, rows

CENTRE = (47.3769, 8.5417)
FEED = "/api/v1/flyers/feed/"
HERE = {"lat": str(CENTRE[0]), "lng": str(CENTRE[1])}
FAVORITES = "/api/v1/favorites/"
FOLLOWS = "/api/v1/follows/"
NUMBERED = ["001", "002", "005", "010", "011", "016", "017", "019", "020"]
EMAILS = [
    *PERSONAS.values(),
    *(f"test_user_{number}@pockitflyer.test" for number in NUMBERED),
]


def feed_of(client: APIClient, **query: str) -> list[dict[str, Any]]:
    """Returns the items of all pages, in order."""
    page = client.get(FEED, HERE | query)
    assert page.status_code == 200, page.content
    items = page.json()["results"]
    while url := page.json()["next"]:
        page = client.get(url)
        items += page.json()["results"]
    assert len(items) == page.json()["count"]
    return items


def ids(items: list[dict[str, Any]]) -> list[int]:
    return [item["id"] for item in items]


def in_order(flyers: set[Flyer]) -> list[int]:
    """Returns the keys of those that are visible now: newest second first, then nearest."""
    now = timezone.now()
    shown = [
        flyer
        for flyer in flyers
        if flyer.is_active and flyer.valid_from <= now < flyer.valid_until
    ]
    shown.sort(key=lambda flyer: (kilometres(flyer), flyer.pk))
    shown.sort(key=lambda flyer: flyer.created_at.replace(microsecond=0), reverse=True)
    return [flyer.pk for flyer in shown]


def kilometres(flyer: Flyer) -> float:
    here, there = (
        [radians(degrees) for degrees in point]
        for point in [CENTRE, (float(flyer.latitude), float(flyer.longitude))]
    )
    chord = (
        sin((there[0] - here[0]) / 2) ** 2
        + cos(here[0]) * cos(there[0]) * sin((there[1] - here[1]) / 2) ** 2
    )
    return 2 * 6371 * asin(sqrt(chord))


def declared(email: str) -> dict[str, list[int]]:
    """Returns the feeds that the scenario declares for a persona, as keys of flyers."""
    found = seedbed.personas("m03", database=Database()).data["personas"]
    expected = next(one for one in found if one["texts"].get("email") == email)[
        "expected"
    ]
    return {
        name: [key for (key,) in expected[f"{name}_feed"]["keys"]]
        for name in ["favorites", "following"]
    }


def logged_in(email: str) -> APIClient:
    response = APIClient().post(
        "/api/v1/auth/login/", {"email": email, "password": PASSWORD}
    )
    assert response.status_code == 200, response.content
    return with_token(response.json()["token"])


def persona(name: str) -> User:
    return User.objects.get(email=PERSONAS[name])


@pytest.mark.tdd_green
def test_the_personas_of_these_tests_are_those_of_the_scenario(m03: None) -> None:
    """C17: anonymous is among them and has no row."""
    found = seedbed.personas("m03", database=Database()).data["personas"]
    accounts = [one for one in found if one["population"] == "users"]

    assert {one["texts"]["email"] for one in accounts if not one["absent"]} == set(
        EMAILS
    )
    assert [one["name"] for one in accounts if one["absent"]] == ["anonymous"]
    assert not User.objects.filter(email__contains="anonymous").exists()


@pytest.mark.tdd_green
@pytest.mark.parametrize("email", EMAILS)
def test_every_persona_sees_what_the_scenario_declares(m03: None, email: str) -> None:
    """C18 to C21, E3: logged in over HTTP; the scenario, the API and the rows agree."""
    user = User.objects.get(email=email)
    if not user.is_active:
        body = {"email": email, "password": PASSWORD}
        assert APIClient().post("/api/v1/auth/login/", body).status_code == 401
        return
    client = logged_in(email)
    kept = {favorite.flyer for favorite in user.favorites.all()}
    followed = {
        one for follow in user.following.all() for one in follow.followed.flyers.all()
    }

    for relation, flyers in [("favorites", kept), ("following", followed)]:
        shown = ids(feed_of(client, filter=relation))
        assert shown == in_order(flyers)
        assert shown == declared(email)[relation]


@pytest.mark.tdd_green
def test_main_feed_of_power_marks_the_favorites(m03: None) -> None:
    """E1, E3: all visible flyers are in it, each marked as the reader's favorite or not."""
    power = persona("power")
    kept = set(power.favorites.values_list("flyer_id", flat=True))

    items = feed_of(client_of(power))

    assert len(items) >= 100
    assert ids(items) == in_order(set(Flyer.objects.all()))
    assert all(item["is_favorited"] == (item["id"] in kept) for item in items)


@pytest.mark.tdd_green
def test_anonymous_sees_the_main_feed_without_marks(m03: None) -> None:
    """C17"""
    items = feed_of(APIClient())

    assert ids(items) == in_order(set(Flyer.objects.all()))
    assert {item["is_favorited"] for item in items} == {None}


@pytest.mark.tdd_green
@pytest.mark.parametrize("relation", ["favorites", "following"])
def test_anonymous_has_no_feed_of_its_own(m03: None, relation: str) -> None:
    """C17"""
    assert APIClient().get(FEED, HERE | {"filter": relation}).status_code == 401


@pytest.mark.tdd_green
def test_an_own_profile_cannot_be_followed(m03: None) -> None:
    """C14, E7"""
    active = persona("active")
    response = client_of(active).post(FOLLOWS, {"followed_id": active.pk})

    assert response.status_code == 400
    assert Follow.objects.count() == 30


@pytest.mark.tdd_green
def test_the_follow_test_finds_nine_flyers_and_then_four(m03: None) -> None:
    """E2, E5: active starts from no follows, follows three and leaves the first."""
    answer("cleanup_m03_e2e_data", "--user", PERSONAS["active"], "--follows")
    creators = [
        User.objects.get(username=f"test_user_{number}")
        for number in ["005", "011", "016"]
    ]
    client = client_of(persona("active"))
    assert feed_of(client, filter="following") == []

    for creator in creators:
        response = client.post(FOLLOWS, {"followed_id": creator.pk})
        assert response.status_code == 201
    assert len(feed_of(client, filter="following")) == 9

    assert client.delete(f"{FOLLOWS}{creators[0].pk}/").status_code == 204
    assert len(feed_of(client, filter="following")) == 4


@pytest.mark.tdd_green
def test_the_favorite_test_keeps_five_and_then_four(m03: None) -> None:
    """E4: a fresh account takes five of the first page and gives the first back."""
    client = client_of(make_user("test_m03_e04_favorite_1700000000"))
    first_page = client.get(FEED, HERE).json()["results"]
    wanted = []
    for category in ["events", "nightlife", "service", "events", "nightlife"]:
        item = next(
            item
            for item in first_page
            if item["category"] == category and item["id"] not in wanted
        )
        wanted.append(item["id"])
        assert client.post(FAVORITES, {"flyer_id": item["id"]}).status_code == 201

    assert set(ids(feed_of(client, filter="favorites"))) == set(wanted)
    assert client.delete(f"{FAVORITES}{wanted[0]}/").status_code == 204
    assert set(ids(feed_of(client, filter="favorites"))) == set(wanted[1:])


@pytest.mark.tdd_green
def test_cleanup_takes_what_personas_wrote_and_leaves_what_people_wrote(
    m02: None,
) -> None:
    """C28, C30, decision 14: after a test run over HTTP"""
    ada = make_user("ada")
    flyer, other = Flyer.objects.filter(is_active=True)[:2]
    followed = User.objects.get(username="test_user_005")
    write(ada, flyer, followed)
    before = rows()

    answer("seed_m03_e2e_data")
    for name in ["new", "active", "power"]:
        write(persona(name), other, followed)
    answer("cleanup_m03_e2e_data")

    assert rows() == before
    assert Favorite.objects.get().user == Follow.objects.get().follower == ada


@pytest.mark.tdd_green
def test_cleanup_of_everything_takes_accounts_that_tests_registered(m03: None) -> None:
    """Decision 14: an account with such an email is claimed by its pattern."""
    response = APIClient().post(
        "/api/v1/auth/register/",
        {
            "email": "test_m03_e04_favorite_1700000000@pockitflyer.test",
            "password": PASSWORD,
        },
    )
    client = with_token(response.json()["token"])
    flyer = Flyer.objects.filter(is_active=True).first()
    assert client.post(FAVORITES, {"flyer_id": flyer.pk}).status_code == 201

    answer("cleanup_e2e_data")

    assert not any(rows().values())


@pytest.mark.tdd_green
def test_seeding_again_restores_what_personas_gave_up(m03: None) -> None:
    """C32: what a test took back over HTTP, with the keys and times it had"""
    before = rows(*RELATIONS)
    power = persona("power")
    client = client_of(power)
    for flyer in Flyer.objects.filter(favorites__user=power)[:3]:
        assert client.delete(f"{FAVORITES}{flyer.pk}/").status_code == 204
    followed = power.following.first().followed_id
    assert client.delete(f"{FOLLOWS}{followed}/").status_code == 204
    assert rows(*RELATIONS) != before

    answer("seed_m03_e2e_data")

    assert rows(*RELATIONS) == before


def write(user: User, flyer: Flyer, followed: User) -> None:
    """Keeps the flyer and follows the user, over HTTP, whether or not that is there."""
    client = client_of(user)
    for path, body in [
        (FAVORITES, {"flyer_id": flyer.pk}),
        (FOLLOWS, {"followed_id": followed.pk}),
    ]:
        assert client.post(path, body).status_code in [200, 201]
