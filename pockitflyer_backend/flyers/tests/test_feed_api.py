"""GET flyers/feed/ over HTTP: who sees which flyers, in which order and shape."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from flyers.models import Favorite, Flyer, FlyerImage
from pockitflyer.tests.rows import NOW, client_of, make_flyer, make_user
from users.models import Follow, Profile, User

pytestmark = pytest.mark.django_db

FEED = "/api/v1/flyers/feed/"
SECOND = timedelta(seconds=1)
HERE = {"lat": "0", "lng": "0"}


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def reader() -> User:
    return make_user("reader")


def get(user: User | None = None, **query: Any) -> dict[str, Any]:
    """Returns the body of a feed around 0°, 0° that was answered with 200."""
    response = client_of(user).get(FEED, HERE | query)
    assert response.status_code == 200, response.content
    return response.json()


def titles(user: User | None = None, **query: Any) -> list[str]:
    return [item["title"] for item in get(user, **query)["results"]]


@pytest.mark.tdd_green
@pytest.mark.parametrize("prefix", ["/api/v1/", "/api/"])
def test_the_feed_answers_under_both_prefixes(client: Client, prefix: str) -> None:
    assert client.get(f"{prefix}flyers/feed/", HERE).status_code == 200


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"lng": "0"}, "lat"),
        ({"lat": "0"}, "lng"),
        ({"lat": "", "lng": "0"}, "lat"),
        ({"lat": "north", "lng": "0"}, "lat"),
        ({"lat": "nan", "lng": "0"}, "lat"),
        ({"lat": "90.001", "lng": "0"}, "lat"),
        ({"lat": "-90.001", "lng": "0"}, "lat"),
        ({"lat": "0", "lng": "180.001"}, "lng"),
        ({"lat": "0", "lng": "-180.001"}, "lng"),
        ({"lat": "0", "lng": "inf"}, "lng"),
        (HERE | {"filter": "friends"}, "filter"),
        (HERE | {"filter": ""}, "filter"),
        (HERE | {"categories": "sports"}, "categories"),
        (HERE | {"categories": "events,Nightlife"}, "categories"),
        (HERE | {"categories": "events,"}, "categories"),
    ],
)
def test_a_query_that_makes_no_sense_is_400_and_named(
    client: Client, query: dict[str, str], field: str
) -> None:
    response = client.get(FEED, query)

    assert response.status_code == 400
    assert list(response.json()) == [field]


@pytest.mark.tdd_green
@pytest.mark.parametrize(("lat", "lng"), [("90", "180"), ("-90", "-180")])
def test_the_ends_of_the_ranges_are_places(client: Client, lat: str, lng: str) -> None:
    assert client.get(FEED, {"lat": lat, "lng": lng}).status_code == 200


@pytest.mark.tdd_green
@pytest.mark.parametrize("relationship", ["favorites", "following"])
def test_a_personal_feed_is_401_for_an_anonymous_reader(
    client: Client, relationship: str
) -> None:
    response = client.get(FEED, HERE | {"filter": relationship})

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.tdd_green
def test_only_active_flyers_inside_their_window_are_visible(ada: User) -> None:
    make_flyer(ada, title="starts now", valid_from=NOW)
    make_flyer(ada, title="starts later", valid_from=NOW + SECOND)
    make_flyer(ada, title="ends now", valid_until=NOW)
    make_flyer(ada, title="ends later", valid_until=NOW + SECOND)
    make_flyer(ada, title="deactivated", is_active=False)

    assert titles() == ["starts now", "ends later"]


@pytest.mark.tdd_green
def test_an_inactive_creator_keeps_the_flyers_visible() -> None:
    make_flyer(make_user("gone", is_active=False), title="left behind")

    assert titles() == ["left behind"]


@pytest.mark.tdd_green
def test_newest_second_first_then_nearest_then_lowest_id(ada: User) -> None:
    early = NOW - timedelta(microseconds=999_999)
    late = NOW - timedelta(microseconds=1)
    make_flyer(ada, title="older, at the place", created_at=NOW - 2 * SECOND)
    make_flyer(ada, title="same second, late, far", created_at=late, latitude=2)
    make_flyer(ada, title="same second, early, near", created_at=early, latitude=1)
    make_flyer(
        ada, title="equal to it but later in the table", created_at=late, latitude=1
    )
    make_flyer(ada, title="newest, far away", created_at=NOW, latitude=9)

    assert titles() == [
        "newest, far away",
        "same second, early, near",
        "equal to it but later in the table",
        "same second, late, far",
        "older, at the place",
    ]


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    ("reader_at", "flyer_at", "kilometres"),
    [
        (("0", "0"), ("0", "0"), 0.0),
        (("0", "0"), ("0", "1"), 111.19),
        (("0", "179.5"), ("0", "-179.5"), 111.19),
        (("60", "0"), ("60", "1"), 55.6),
        (("47.3769", "8.5417"), ("47.378177", "8.540192"), 0.18),
        (("90", "0"), ("-90", "0"), 20015.09),
        # Antipodes where rounding brings the sum under the root past 1.
        (("0.951", "-73.98"), ("-0.951", "106.02"), 20015.09),
    ],
)
def test_the_distance_is_the_great_circle_rounded_to_ten_metres(
    ada: User,
    reader_at: tuple[str, str],
    flyer_at: tuple[str, str],
    kilometres: float,
) -> None:
    make_flyer(ada, latitude=flyer_at[0], longitude=flyer_at[1])

    (item,) = get(lat=reader_at[0], lng=reader_at[1])["results"]

    assert item["location"]["distance_km"] == kilometres


@pytest.mark.tdd_green
def test_an_item_tells_everything_a_card_shows(ada: User) -> None:
    ada.profile_picture = "profile_pictures/user.png"
    ada.save()
    Profile.objects.filter(user=ada).update(
        name="Ada L.", profile_picture="profile_pictures/profile.png"
    )
    flyer = make_flyer(
        ada,
        title="Concert",
        description="Loud.",
        category=Flyer.Category.NIGHTLIFE,
        location_address="Langstrasse 1",
        latitude="1.5",
        longitude="0",
    )
    for order in [2, 1]:
        FlyerImage.objects.create(
            flyer=flyer, image=f"flyer_images/{order}.png", order=order
        )

    assert get()["results"] == [
        {
            "id": flyer.pk,
            "title": "Concert",
            "description": "Loud.",
            "category": "nightlife",
            "creator": {
                "id": ada.pk,
                "username": "ada",
                "profile_picture": "http://testserver/media/profile_pictures/user.png",
            },
            "creator_name": "Ada L.",
            "creator_profile_picture_url": (
                "http://testserver/media/profile_pictures/profile.png"
            ),
            "images": [
                {"url": "http://testserver/media/flyer_images/1.png", "order": 1},
                {"url": "http://testserver/media/flyer_images/2.png", "order": 2},
            ],
            "location": {
                "address": "Langstrasse 1",
                "lat": 1.5,
                "lng": 0.0,
                "distance_km": 166.79,
            },
            "validity": {
                "valid_from": "2026-02-28T12:00:00Z",
                "valid_until": "2026-03-02T12:00:00Z",
                "is_valid": True,
            },
            "is_favorited": None,
        }
    ]


@pytest.mark.tdd_green
@pytest.mark.parametrize("companions", [True, False], ids=["empty", "missing"])
def test_a_creator_without_a_profile_shows_the_username_and_no_picture(
    ada: User, companions: bool
) -> None:
    if not companions:
        Profile.objects.all().delete()
    make_flyer(ada)

    (item,) = get()["results"]

    assert item["creator"]["profile_picture"] is None
    assert item["creator_name"] == "ada"
    assert item["creator_profile_picture_url"] is None


@pytest.mark.tdd_green
def test_is_favorited_is_about_the_reader(ada: User, reader: User) -> None:
    Favorite.objects.create(user=reader, flyer=make_flyer(ada, title="kept"))
    Favorite.objects.create(user=ada, flyer=make_flyer(ada, title="kept by another"))

    def marks(user: User | None) -> dict[str, bool | None]:
        results = get(user)["results"]
        return {item["title"]: item["is_favorited"] for item in results}

    assert marks(reader) == {"kept": True, "kept by another": False}
    assert marks(None) == {"kept": None, "kept by another": None}


@pytest.mark.tdd_green
def test_the_favorites_feed_shows_what_the_reader_keeps_and_can_see(
    ada: User, reader: User
) -> None:
    older = make_flyer(ada, title="older", created_at=NOW - SECOND)
    newer = make_flyer(ada, title="newer")
    gone = make_flyer(ada, title="deactivated", is_active=False)
    over = make_flyer(ada, title="expired", valid_until=NOW)
    for flyer in [newer, older, gone, over]:
        Favorite.objects.create(user=reader, flyer=flyer)
    Favorite.objects.create(user=ada, flyer=make_flyer(ada, title="another's"))

    assert titles(reader, filter="favorites") == ["newer", "older"]
    assert Favorite.objects.filter(user=reader).count() == 4


@pytest.mark.tdd_green
def test_the_following_feed_shows_the_flyers_of_followed_creators(
    ada: User, reader: User
) -> None:
    bob = make_user("bob")
    make_flyer(ada, title="ada's, older", created_at=NOW - SECOND)
    make_flyer(ada, title="ada's, newer")
    make_flyer(ada, title="ada's, expired", valid_until=NOW)
    make_flyer(bob, title="bob's")
    make_flyer(reader, title="the reader's own")
    Follow.objects.create(follower=reader, followed=ada)
    Follow.objects.create(follower=bob, followed=reader)

    assert titles(reader, filter="following") == ["ada's, newer", "ada's, older"]


@pytest.mark.tdd_green
@pytest.mark.parametrize("query", [{}, {"filter": "all"}])
def test_without_a_relationship_the_reader_sees_all(
    ada: User, reader: User, query: dict[str, str]
) -> None:
    make_flyer(ada, title="somebody's")

    assert titles(reader, **query) == ["somebody's"]


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    ("categories", "found"),
    [
        ("events", ["events"]),
        ("service,events", ["events", "service"]),
        ("service, events", ["events", "service"]),
        ("", ["events", "nightlife", "service"]),
    ],
)
def test_any_of_the_asked_categories_matches(
    ada: User, categories: str, found: list[str]
) -> None:
    for category in Flyer.Category.values:
        make_flyer(ada, title=category, category=category)

    assert titles(categories=categories) == found


@pytest.mark.tdd_green
def test_categories_and_a_relationship_hold_together(ada: User, reader: User) -> None:
    for category in Flyer.Category.values:
        make_flyer(ada, title=f"{category}, loose", category=category)
        flyer = make_flyer(ada, title=f"{category}, kept", category=category)
        Favorite.objects.create(user=reader, flyer=flyer)

    found = titles(reader, filter="favorites", categories="nightlife,service")

    assert found == ["nightlife, kept", "service, kept"]


@pytest.mark.tdd_green
def test_a_page_holds_twenty_unless_asked_and_never_more_than_fifty(ada: User) -> None:
    for number in range(52):
        make_flyer(ada, title=str(number))

    assert titles() == [str(number) for number in range(20)]
    assert len(titles(page_size=3)) == 3
    assert len(titles(page_size=50)) == 50
    assert len(titles(page_size=51)) == 50
    assert len(titles(page_size="many")) == 20


@pytest.mark.tdd_green
def test_pages_are_linked_counted_and_disjoint(ada: User) -> None:
    for number in range(5):
        make_flyer(ada, title=str(number))

    first = get(page_size=2)
    second = client_of(None).get(first["next"]).json()
    last = client_of(None).get(second["next"]).json()
    pages = [first, second, last]

    assert [page["count"] for page in pages] == [5, 5, 5]
    assert [[item["title"] for item in page["results"]] for page in pages] == [
        ["0", "1"],
        ["2", "3"],
        ["4"],
    ]
    assert first["previous"] is None
    assert client_of(None).get(last["previous"]).json() == second
    assert last["next"] is None


@pytest.mark.tdd_green
@pytest.mark.parametrize("page", ["2", "0", "first"])
def test_a_page_that_is_not_there_is_404(client: Client, page: str) -> None:
    assert client.get(FEED, HERE | {"page": page}).status_code == 404


@pytest.mark.tdd_green
@pytest.mark.parametrize("relationship", ["all", "favorites", "following"])
def test_the_number_of_statements_does_not_depend_on_the_number_of_flyers(
    reader: User, relationship: str
) -> None:
    def publish(count: int) -> None:
        for _ in range(count):
            creator = make_user(f"creator{User.objects.count()}")
            Follow.objects.create(follower=reader, followed=creator)
            flyer = make_flyer(creator)
            Favorite.objects.create(user=reader, flyer=flyer)
            for order in [1, 2]:
                FlyerImage.objects.create(flyer=flyer, image="i.png", order=order)

    client = client_of(reader)
    query = HERE | {"filter": relationship, "page_size": 50}

    publish(2)
    few = statements(lambda: client.get(FEED, query))
    publish(30)
    many = statements(lambda: client.get(FEED, query))

    # The reader, the count, the page with its creators, the images.
    assert (few, many) == (4, 4)


def statements(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert call().json()["results"]
    return len(captured)
