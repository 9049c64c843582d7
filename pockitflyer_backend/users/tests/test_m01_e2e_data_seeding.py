"""M01, the discovery data: B1 to B16, counted in the database and over HTTP."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from time import perf_counter

import pytest
from django.db import connection
from PIL import Image
from rest_framework.test import APIClient

from flyers.models import Favorite, Flyer, FlyerImage
from pockitflyer.tests.rows import make_flyer, make_user
from users.models import PrivacySettings, Profile, User
from users.tests.commands import FIXTURES, answer, rows

CENTRE = (47.3769, 8.5417)
NOWHERE = (46.6, 9.9)
FEED = "/api/v1/flyers/feed/"
PINNED = ["--as-of", "2026-03-01"]


def kilometres(flyer: Flyer, place: tuple[float, float] = CENTRE) -> float:
    """Returns the great-circle distance (haversine, a globe of 6371 km)."""
    here, there = (
        [radians(degrees) for degrees in point]
        for point in [place, (float(flyer.latitude), float(flyer.longitude))]
    )
    chord = (
        sin((there[0] - here[0]) / 2) ** 2
        + cos(here[0]) * cos(there[0]) * sin((there[1] - here[1]) / 2) ** 2
    )
    return 2 * 6371 * asin(sqrt(chord))


def visible(flyers: Iterable[Flyer], now: datetime) -> list[Flyer]:
    return [
        flyer
        for flyer in flyers
        if flyer.is_active and flyer.valid_from <= now < flyer.valid_until
    ]


@pytest.fixture
def flyers(m01: None) -> list[Flyer]:
    return list(Flyer.objects.prefetch_related("images"))


@pytest.fixture
def creators(m01: None) -> list[User]:
    return list(User.objects.all())


@pytest.mark.tdd_green
def test_the_command_fills_an_empty_database_and_cleanup_empties_it(
    empty: None,
) -> None:
    """B1"""
    nothing = rows()

    answer("seed_e2e_data")
    assert (User.objects.count(), Flyer.objects.count()) == (20, 150)

    answer("cleanup_e2e_data")
    assert rows() == nothing
    assert not any(nothing.values())


@pytest.mark.tdd_green
def test_100_flyers_are_visible_when_seeded_and_two_days_later(
    flyers: list[Flyer], as_of: datetime
) -> None:
    """B2: 150 flyers, 100 of them visible; decision 5: that holds for 48 hours."""
    assert len(flyers) == 150
    first, last = (visible(flyers, as_of + timedelta(hours=hours)) for hours in [0, 48])
    assert len(first) >= 100
    assert first == last


@pytest.mark.tdd_green
def test_every_category_has_as_many_flyers(flyers: list[Flyer]) -> None:
    """B3"""
    assert Counter(flyer.category for flyer in flyers) == {
        "events": 50,
        "nightlife": 50,
        "service": 50,
    }


@pytest.mark.tdd_green
def test_flyers_stand_between_the_door_and_50_kilometres(
    flyers: list[Flyer], as_of: datetime
) -> None:
    """B4"""
    distances = [kilometres(flyer) for flyer in flyers]
    assert 0 < min(distances) <= 0.3
    assert 45 <= max(distances) <= 50

    rings = Counter(
        (flyer.category, sum(kilometres(flyer) > edge for edge in [1, 5]))
        for flyer in visible(flyers, as_of)
    )
    assert len(rings) == 9
    assert min(rings.values()) >= 3


@pytest.mark.tdd_green
def test_flyers_have_one_to_five_ordered_images(flyers: list[Flyer]) -> None:
    """B5"""
    orders = [[image.order for image in flyer.images.all()] for flyer in flyers]

    assert {len(order) for order in orders} == {1, 2, 3, 4, 5}
    assert all(order == list(range(len(order))) for order in orders)


@pytest.mark.tdd_green
def test_every_image_but_one_can_be_loaded(m01: None, settings) -> None:
    """B5, B15: pictures are whole files; exactly one path leads nowhere."""
    broken = []
    for image in FlyerImage.objects.all():
        if not Path(image.image.path).exists():
            broken.append(image.image.name)
            continue
        with Image.open(image.image.path) as picture:
            picture.load()
            assert picture.size == (600, 750)
    assert broken == ["flyer_images/missing.png"]


@pytest.mark.tdd_green
def test_some_flyers_are_new_some_end_soon_some_stay_and_some_are_over(
    flyers: list[Flyer], as_of: datetime
) -> None:
    """B6"""
    day = timedelta(days=1)
    shown = visible(flyers, as_of)
    new = [flyer for flyer in shown if flyer.created_at >= as_of - 2 * day]
    ending = [flyer for flyer in shown if flyer.valid_until <= as_of + 7 * day]
    staying = [flyer for flyer in shown if flyer.valid_until >= as_of + 90 * day]
    over = [flyer for flyer in flyers if flyer.valid_until <= as_of]
    scheduled = [flyer for flyer in flyers if flyer.valid_from > as_of]

    for some in [new, ending, staying, over, scheduled]:
        assert len(some) >= 5
    assert all(flyer.created_at < as_of for flyer in flyers)
    assert all(flyer.valid_from < flyer.valid_until for flyer in flyers)


@pytest.mark.tdd_green
def test_addresses_are_of_every_style_country_and_density(flyers: list[Flyer]) -> None:
    """B7: French addresses are for the geocoder alone, by decision 15."""
    known = {place["text"]: place for place in addresses("places")}
    found = [known[flyer.location_address] for flyer in flyers]

    assert {place["style"] for place in found} == {"street", "landmark", "village"}
    assert {place["country"] for place in found} == {"CH", "DE"}
    assert {place["density"] for place in found} == {"urban", "suburban", "rural"}


@pytest.mark.tdd_green
def test_coordinates_are_those_of_the_fixture(flyers: list[Flyer]) -> None:
    """B8: nothing asks a geocoder, while seeding or later."""
    known = {
        (place["text"], place["lat"], place["lng"]) for place in addresses("places")
    }
    stored = {
        (flyer.location_address, float(flyer.latitude), float(flyer.longitude))
        for flyer in flyers
    }
    assert stored <= known


@pytest.mark.tdd_green
def test_cases_for_a_failing_geocoder_have_no_flyer(flyers: list[Flyer]) -> None:
    """B9"""
    cases = addresses("geocoding")
    failing = [case for case in cases if case["expect"] != "found"]

    assert {case["expect"] for case in failing} == {"not_found", "ambiguous", "timeout"}
    assert all(case["lat"] is None for case in failing)
    assert not {case["text"] for case in cases} & {
        flyer.location_address for flyer in flyers
    }


@pytest.mark.tdd_green
def test_20_creators_publish_nothing_a_little_much_or_50_flyers(
    creators: list[User],
) -> None:
    """B10"""
    counts = sorted(user.flyers.count() for user in creators)
    buckets = [(0, 0), (1, 5), (10, 20), (50, 50)]
    found = [sum(low <= count <= high for count in counts) for low, high in buckets]

    assert found == [5, 10, 4, 1]
    assert sum(bool(user.profile_picture) for user in creators) == 14
    assert sum(bool(user.bio) for user in creators) == 12


@pytest.mark.tdd_green
def test_creators_have_the_companions_that_the_signals_would_make(
    creators: list[User],
) -> None:
    """Decision 13"""
    for model in [Profile, PrivacySettings]:
        assert {row.user_id for row in model.objects.all()} == {
            user.pk for user in creators
        }


@pytest.mark.tdd_green
def test_seeding_again_changes_nothing(m01: None) -> None:
    """B11: idempotent"""
    before = rows()
    assert answer("seed_e2e_data").startswith("in sync: ")
    assert rows() == before


@pytest.mark.tdd_green
def test_the_seed_and_the_day_decide_every_value(empty: None) -> None:
    """B11: deterministic"""

    def seeded(*arguments: str) -> object:
        answer("seed_e2e_data", *PINNED, *arguments)
        found = rows()
        answer("cleanup_e2e_data")
        return found

    assert seeded() == seeded("--seed", "1") != seeded("--seed", "7")


@pytest.mark.tdd_green
def test_every_row_is_tagged(m01: None) -> None:
    """B11: identifiable"""
    for model in [User, Profile, PrivacySettings, Flyer, FlyerImage]:
        assert model.objects.count() > 0
        assert not model.objects.filter(is_e2e_test_data=False).exists()


@pytest.mark.tdd_green
def test_cleanup_leaves_the_rows_of_real_people(empty: None) -> None:
    """B11: production rows untouched, also those that name no seeded row but look like one."""
    ada = make_user("ada")
    make_user("m01_creator_99")
    flyer = make_flyer(ada)
    FlyerImage.objects.create(flyer=flyer, image="flyer_images/ada.png", order=0)
    Favorite.objects.create(user=ada, flyer=flyer)
    real = rows()

    answer("seed_e2e_data")
    assert rows() != real
    answer("cleanup_e2e_data")

    assert rows() == real


@pytest.mark.tdd_green
def test_seeding_takes_less_than_30_seconds(empty: None) -> None:
    """B12"""
    start = perf_counter()
    answer("seed_e2e_data")
    assert perf_counter() - start < 30


@pytest.mark.tdd_green
def test_every_index_of_the_models_is_in_the_database(m01: None) -> None:
    """B12: indexes validated"""
    for model in [User, Profile, PrivacySettings, Flyer, FlyerImage]:
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(
                cursor, model._meta.db_table
            )
        declared = {index.name for index in model._meta.indexes}
        assert declared <= {name for name, one in found.items() if one["index"]}


@pytest.mark.tdd_green
def test_the_fixtures_are_what_is_seeded(empty: None, settings, tmp_path: Path) -> None:
    """B13: with other lists, other rows."""
    settings.SEEDBED = {"scenarios": [tmp_path]}
    for file in FIXTURES.glob("*.json"):
        text = file.read_text(encoding="utf-8")
        text = text.replace("Zürich", "Turicum").replace("concert", "recital concert")
        (tmp_path / file.name).write_text(text, encoding="utf-8")

    answer("seed_e2e_data")

    assert Flyer.objects.filter(location_address__contains="Turicum").count() > 50
    assert not Flyer.objects.filter(location_address__contains="Zürich").exists()
    assert Flyer.objects.filter(title__contains="recital concert").exists()


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    ("words", "category", "within"),
    [
        ("concert", None, 50),
        ("concert", "events", 5),
        ("live", "events", 5),
        ("sale", None, 5),
        ("pizza", None, 50),
        ("piz", None, 50),
        ("test", None, 50),
        ("$50 sale!", None, 50),
        ("café & bar", None, 50),
        ("50% discount", None, 50),
        ("piñata", None, 50),
        ("pizza, pasta & more!", None, 50),
    ],
)
def test_a_search_finds_a_visible_flyer(
    flyers: list[Flyer],
    as_of: datetime,
    words: str,
    category: str | None,
    within: float,
) -> None:
    """B14"""
    assert [
        flyer
        for flyer in visible(flyers, as_of)
        if words in f"{flyer.title}\n{flyer.description}".lower()
        and category in [None, flyer.category]
        and kilometres(flyer) <= within
    ]


@pytest.mark.tdd_green
def test_one_search_finds_nothing(flyers: list[Flyer]) -> None:
    """B14: the guaranteed miss"""
    for flyer in flyers:
        assert "xyzabc123nomatch" not in f"{flyer.title} {flyer.description}".lower()


@pytest.mark.tdd_green
def test_texts_are_long_and_short_and_fit_the_model(flyers: list[Flyer]) -> None:
    """B14"""
    for name, short, long in [("title", 15, 80), ("description", 60, 500)]:
        lengths = [len(getattr(flyer, name)) for flyer in flyers]
        assert min(lengths) <= short
        assert max(lengths) >= long
    for flyer in flyers:
        flyer.full_clean()


@pytest.mark.tdd_green
def test_there_is_a_place_without_a_flyer_nearby(m01: None) -> None:
    """B15: over HTTP the nearest flyer of the far-away position is beyond 5 km."""
    found, url = [], f"{FEED}?lat={NOWHERE[0]}&lng={NOWHERE[1]}&page_size=50"
    while url:
        page = APIClient().get(url).json()
        found += [item["location"]["distance_km"] for item in page["results"]]
        url = page["next"]

    assert len(found) >= 100
    assert min(found) > 5


@pytest.mark.tdd_green
def test_the_empty_database_can_be_reached(m01: None) -> None:
    """B15"""
    assert APIClient().get(FEED, {"lat": 47, "lng": 8}).json()["count"] >= 100
    answer("cleanup_e2e_data")
    assert APIClient().get(FEED, {"lat": 47, "lng": 8}).json()["count"] == 0


def addresses(part: str) -> list[dict]:
    file = FIXTURES / "e2e_addresses.json"
    return json.loads(file.read_text(encoding="utf-8"))[part]
