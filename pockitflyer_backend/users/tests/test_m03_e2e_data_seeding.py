"""M03, the engagement data: the rows that `seed_m03_e2e_data` leaves.

C3 to C27, C34 and E1 to E7, counted in the database. What the commands promise is
in test_m03_e2e_data_commands.py, what the application shows is in
test_m03_e2e_data_over_http.py.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from flyers.models import Favorite, Flyer, FlyerImage
from users.models import Follow, PrivacySettings, Profile, User
from users.tests.commands import PERSONAS

CATEGORIES = {"events", "nightlife", "service"}
ACTIVE_AND_POWER = pytest.mark.parametrize("name", ["active", "power"])
DAY = timedelta(days=1)


@pytest.fixture
def favorites(m03: None) -> list[Favorite]:
    return list(Favorite.objects.select_related("user", "flyer__creator"))


@pytest.fixture
def follows(m03: None) -> list[Follow]:
    return list(Follow.objects.select_related("follower", "followed"))


@pytest.fixture
def users(m03: None) -> list[User]:
    """The users of M02; those of M01 are not among them."""
    return list(User.objects.exclude(username__startswith="m01_"))


def persona(name: str) -> User:
    return User.objects.get(email=PERSONAS[name])


def followed_by(user: User) -> set[int]:
    return set(user.following.values_list("followed_id", flat=True))


def visible(flyers: Iterable[Flyer], now: datetime | None = None) -> list[Flyer]:
    now = now or timezone.now()
    return [
        flyer
        for flyer in flyers
        if flyer.is_active and flyer.valid_from <= now < flyer.valid_until
    ]


@pytest.mark.tdd_green
def test_there_are_50_favorites(favorites: list[Favorite]) -> None:
    """C3"""
    assert len(favorites) == 50


@pytest.mark.tdd_green
def test_users_have_no_few_or_many_favorites(users: list[User]) -> None:
    """C4: two or more of each kind"""
    counts = [user.favorites.count() for user in users]
    for low, high in [(0, 0), (1, 5), (10, 50)]:
        assert sum(low <= count <= high for count in counts) >= 2


@pytest.mark.tdd_green
def test_10_to_15_users_have_favorites(favorites: list[Favorite]) -> None:
    """C5"""
    assert 10 <= len({favorite.user_id for favorite in favorites}) <= 15


@pytest.mark.tdd_green
def test_every_category_is_favorited(favorites: list[Favorite]) -> None:
    """C6"""
    assert {favorite.flyer.category for favorite in favorites} == CATEGORIES


@pytest.mark.tdd_green
def test_favorites_are_recent_and_older_and_none_is_of_the_future(
    favorites: list[Favorite], as_of: datetime
) -> None:
    """C7"""
    times = [favorite.created_at for favorite in favorites]

    assert sum(time >= as_of - 7 * DAY for time in times) >= 10
    assert sum(time <= as_of - 30 * DAY for time in times) >= 10
    assert max(times) <= as_of


@pytest.mark.tdd_green
def test_a_deactivated_flyer_is_favorited(favorites: list[Favorite]) -> None:
    """C8"""
    assert any(not favorite.flyer.is_active for favorite in favorites)


@pytest.mark.tdd_green
def test_an_expired_flyer_is_favorited(
    favorites: list[Favorite], as_of: datetime
) -> None:
    """C9: one that is still active, so that its date alone hides it"""
    assert any(
        favorite.flyer.is_active and favorite.flyer.valid_until <= as_of
        for favorite in favorites
    )


@pytest.mark.tdd_green
def test_there_are_30_follows(follows: list[Follow]) -> None:
    """C10"""
    assert len(follows) == 30


@pytest.mark.tdd_green
def test_users_follow_nobody_few_or_many(users: list[User]) -> None:
    """C11: two or more of each kind"""
    counts = [user.following.count() for user in users]
    for low, high in [(0, 0), (1, 3), (5, 30)]:
        assert sum(low <= count <= high for count in counts) >= 2


@pytest.mark.tdd_green
def test_10_to_15_users_follow_somebody(follows: list[Follow]) -> None:
    """C12"""
    assert 10 <= len({follow.follower_id for follow in follows}) <= 15


@pytest.mark.tdd_green
def test_followed_creators_published_lately_or_long_ago(
    follows: list[Follow], as_of: datetime
) -> None:
    """C13"""
    newest = [
        max(flyer.created_at for flyer in follow.followed.flyers.all())
        for follow in follows
        if follow.followed.flyers.exists()
    ]
    assert any(time >= as_of - 30 * DAY for time in newest)
    assert any(time < as_of - 30 * DAY for time in newest)


@pytest.mark.tdd_green
def test_nobody_follows_himself_and_no_pair_is_there_twice(
    favorites: list[Favorite], follows: list[Follow]
) -> None:
    """C14"""
    assert all(follow.follower_id != follow.followed_id for follow in follows)
    pairs = [(follow.follower_id, follow.followed_id) for follow in follows]
    kept = [(favorite.user_id, favorite.flyer_id) for favorite in favorites]
    assert len(set(pairs)) == 30
    assert len(set(kept)) == 50


@pytest.mark.tdd_green
def test_a_self_follow_is_refused_by_the_model_and_by_the_database(m03: None) -> None:
    """C14: the database refuses every writer, those that never call `clean` as well."""
    active = persona("active")
    attempt = Follow(follower=active, followed=active)

    with pytest.raises(ValidationError, match="Cannot follow yourself"):
        attempt.full_clean()
    for write in [attempt.save, lambda: Follow.objects.bulk_create([attempt])]:
        with (
            pytest.raises(IntegrityError, match="prevent_self_follow"),
            transaction.atomic(),
        ):
            write()
    assert Follow.objects.count() == 30


@pytest.mark.tdd_green
def test_a_deactivated_account_is_followed(follows: list[Follow]) -> None:
    """C15"""
    assert any(not follow.followed.is_active for follow in follows)


@pytest.mark.tdd_green
def test_a_creator_is_followed_whose_flyers_are_all_deactivated(
    follows: list[Follow],
) -> None:
    """C16: there is a flyer, and none that is active"""
    states = [
        {flyer.is_active for flyer in follow.followed.flyers.all()}
        for follow in follows
    ]
    assert {False} in states


@pytest.mark.tdd_green
def test_new_is_active_and_has_done_nothing(m03: None) -> None:
    """C18"""
    new = persona("new")
    assert new.is_active
    assert (new.favorites.count(), new.following.count()) == (0, 0)


@pytest.mark.tdd_green
def test_active_keeps_and_follows_some(m03: None) -> None:
    """C19"""
    active = persona("active")
    assert 5 <= active.favorites.count() <= 10
    assert 3 <= active.following.count() <= 5


@pytest.mark.tdd_green
def test_power_keeps_and_follows_many(m03: None) -> None:
    """C20"""
    power = persona("power")
    assert power.favorites.count() >= 20
    assert power.following.count() >= 10


@pytest.mark.tdd_green
def test_prolific_publishes_and_hardly_engages(m03: None) -> None:
    """C21"""
    prolific = persona("prolific")
    assert prolific.flyers.count() >= 20
    assert (prolific.favorites.count(), prolific.following.count()) == (2, 1)


@pytest.mark.tdd_green
@ACTIVE_AND_POWER
def test_favorites_of_one_user_span_the_categories(m03: None, name: str) -> None:
    """C22"""
    kept = persona(name).favorites.values_list("flyer__category", flat=True)
    assert set(kept) == CATEGORIES


@pytest.mark.tdd_green
@ACTIVE_AND_POWER
def test_flyers_of_followed_creators_span_categories(m03: None, name: str) -> None:
    """C23"""
    flyers = Flyer.objects.filter(creator__in=followed_by(persona(name)))
    assert len(set(flyers.values_list("category", flat=True))) >= 2


@pytest.mark.tdd_green
def test_one_followed_creator_alone_spans_categories(follows: list[Follow]) -> None:
    """C23"""
    spans = [
        {flyer.category for flyer in follow.followed.flyers.all()} for follow in follows
    ]
    assert max(len(span) for span in spans) >= 2


@pytest.mark.tdd_green
@ACTIVE_AND_POWER
def test_some_favorites_are_of_followed_creators_and_some_are_not(
    m03: None, name: str
) -> None:
    """C24 (overlap), C25 (non-overlap)"""
    user = persona(name)
    creators = set(user.favorites.values_list("flyer__creator_id", flat=True))
    assert creators & followed_by(user)
    assert creators - followed_by(user)


@pytest.mark.tdd_green
def test_some_users_keep_and_follow_some_only_keep_some_only_follow(
    favorites: list[Favorite], follows: list[Follow]
) -> None:
    """C26"""
    keeping = {favorite.user_id for favorite in favorites}
    following = {follow.follower_id for follow in follows}
    for some in [keeping & following, keeping - following, following - keeping]:
        assert some


@pytest.mark.tdd_green
def test_relations_join_flyers_of_m01_and_users_of_m02(
    favorites: list[Favorite], follows: list[Follow], users: list[User]
) -> None:
    """C27: and no reference of any table leads nowhere"""
    known = {user.pk for user in users}
    for follow in follows:
        assert {follow.follower_id, follow.followed_id} <= known
    for favorite in favorites:
        assert favorite.user_id in known
        assert favorite.flyer.is_e2e_test_data
    connection.check_constraints()


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    "model", [User, Profile, PrivacySettings, Flyer, FlyerImage, Favorite, Follow]
)
def test_every_row_of_every_table_is_tagged(m03: None, model: type) -> None:
    """C34"""
    assert model.objects.filter(is_e2e_test_data=True).exists()
    assert not model.objects.filter(is_e2e_test_data=False).exists()


@pytest.mark.tdd_green
def test_100_flyers_are_visible(m03: None, as_of: datetime) -> None:
    """E1"""
    for now in [as_of, timezone.now(), as_of + 2 * DAY]:
        assert len(visible(Flyer.objects.all(), now)) >= 100


@pytest.mark.tdd_green
def test_three_creators_show_five_three_and_one_flyer(
    users: list[User], as_of: datetime
) -> None:
    """E2: nothing of theirs is hidden, and active follows none of them."""
    followed = followed_by(persona("active"))
    shown = {
        user.username: len(visible(user.flyers.all(), as_of))
        for user in users
        if user.pk not in followed
        and user.is_active
        and len(visible(user.flyers.all(), as_of)) == user.flyers.count()
    }
    named = [shown[f"test_user_{number}"] for number in ["005", "011", "016"]]
    assert named == [5, 3, 1]


@pytest.mark.tdd_green
def test_power_has_much_to_look_at(m03: None, as_of: datetime) -> None:
    """E3: about 30 flyers from five creators or more, some not favorited"""
    power = persona("power")
    shown = visible(Flyer.objects.filter(creator__in=followed_by(power)), as_of)
    kept = set(power.favorites.values_list("flyer_id", flat=True))

    assert power.favorites.count() >= 10
    assert power.following.count() >= 5
    assert 25 <= len(shown) <= 45
    assert len({flyer.creator_id for flyer in shown}) >= 5
    assert [flyer for flyer in shown if flyer.pk not in kept]


@pytest.mark.tdd_green
def test_two_flyers_of_every_category_are_near_the_top(m03: None) -> None:
    """E4: on the first page, for whoever opens the application as somebody new"""
    newest = sorted(
        visible(Flyer.objects.all()), key=lambda flyer: flyer.created_at, reverse=True
    )
    first_page = Counter(flyer.category for flyer in newest[:20])
    assert set(first_page) == CATEGORIES
    assert min(first_page.values()) >= 2


@pytest.mark.tdd_green
def test_nothing_happens_before_its_cause(
    favorites: list[Favorite], follows: list[Follow]
) -> None:
    """E6"""
    for favorite in favorites:
        causes = [favorite.user.date_joined, favorite.flyer.created_at]
        assert favorite.created_at >= max(causes)
    for follow in follows:
        causes = [follow.follower.date_joined, follow.followed.date_joined]
        assert follow.created_at >= max(causes)


@pytest.mark.tdd_green
def test_active_owns_a_flyer(m03: None) -> None:
    """E7"""
    assert persona("active").flyers.count() >= 1
