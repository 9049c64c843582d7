"""M02, the test users: C2-1 to C2-14, counted in the database and over HTTP.

C2-15 asks for an optional big set, which no command makes yet.
"""

from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher
from django.db.models import F
from PIL import Image
from rest_framework.test import APIClient

from flyers.models import Flyer, FlyerImage
from pockitflyer.tests.rows import PASSWORD, make_flyer, make_user, with_token
from users.models import PrivacySettings, Profile, User
from users.tests.commands import PERSONAS, answer, refusal, refuse_after, rows
from users.utils.e2e_token_helpers import expired_token, malformed_token, valid_token

EMAILS = [f"test_user_{number:03}@pockitflyer.test" for number in range(1, 31)]
FEED = "/api/v1/flyers/feed/"
LOGIN = "/api/v1/auth/login/"
PRIVATE = "/api/v1/users/me/privacy-settings/"


@pytest.fixture
def users(m02: None) -> list[User]:
    """The users of M02; those of M01 are not among them."""
    return list(User.objects.exclude(username__startswith="m01_").order_by("email"))


def user(name: str) -> User:
    return User.objects.get(username=f"test_{name}")


@pytest.mark.tdd_green
def test_the_command_adds_users_and_cleanup_takes_them(m01: None) -> None:
    """C2-1"""
    before = rows()

    answer("seed_m02_e2e_data")
    assert User.objects.count() == 20 + 34

    answer("cleanup_m02_e2e_data")
    assert rows() == before


@pytest.mark.tdd_green
def test_34_emails_are_known_beforehand(users: list[User]) -> None:
    """C2-2: numbered ones sort by their number; the username is the local part."""
    emails = [user.email for user in users]

    assert sorted(emails) == sorted([*EMAILS, *PERSONAS.values()])
    assert [email for email in emails if email in EMAILS] == EMAILS
    assert all(user.email == f"{user.username}@pockitflyer.test" for user in users)


@pytest.mark.tdd_green
def test_everybody_has_the_one_password(m02: None) -> None:
    """C2-3: stored hashed; Django accepts the hash and sees no reason to make a new one."""
    stored = set(User.objects.values_list("password", flat=True))
    for encoded in stored:
        assert PASSWORD not in encoded
        assert check_password(PASSWORD, encoded)
        assert not identify_hasher(encoded).must_update(encoded)


@pytest.mark.tdd_green
@pytest.mark.parametrize(("active", "status"), [(True, 200), (False, 401)])
def test_an_active_account_logs_in_and_an_inactive_one_does_not(
    users: list[User], active: bool, status: int
) -> None:
    """C2-3, C2-4"""
    one = next(user for user in users if user.is_active == active)
    body = {"email": one.email, "password": PASSWORD}
    assert APIClient().post(LOGIN, body).status_code == status


@pytest.mark.tdd_green
def test_some_accounts_are_inactive_and_some_unverified(users: list[User]) -> None:
    """C2-4"""
    assert Counter(user.is_active for user in users) == {True: 29, False: 5}
    assert Counter(user.email_verified for user in users) == {True: 25, False: 9}


@pytest.mark.tdd_green
@pytest.mark.parametrize("model", [Profile, PrivacySettings])
def test_everybody_has_one_profile_and_one_privacy_settings(
    users: list[User], model: type[Profile] | type[PrivacySettings]
) -> None:
    """C2-5"""
    owners = model.objects.filter(user__in=users).values_list("user_id", flat=True)
    assert sorted(owners) == sorted(user.pk for user in users)


@pytest.mark.tdd_green
def test_70_percent_have_a_picture_of_200_pixels(users: list[User]) -> None:
    """C2-6: small files that can be loaded, no two alike, the same on user and profile."""
    pictured = [user for user in users if user.profile_picture]
    assert len(pictured) == round(0.7 * len(users)) == 24
    for one in users:
        assert one.profile.profile_picture == one.profile_picture

    digests = set()
    for one in pictured:
        file = Path(one.profile_picture.path)
        assert file.stat().st_size < 100 * 1024
        digests.add(sha256(file.read_bytes()).digest())
        with Image.open(file) as picture:
            picture.load()
            assert picture.size == (200, 200)
    assert 20 <= len(digests) <= 30


@pytest.mark.tdd_green
def test_names_are_full_names_usernames_and_nicknames(users: list[User]) -> None:
    """C2-6"""
    full, username, nick = [], [], []
    for user in users:
        name = user.profile.name
        assert 1 <= len(name) <= 50
        if name == f"{user.first_name} {user.last_name}":
            full.append(name)
        elif name == user.username:
            username.append(name)
        else:
            nick.append(name)
    assert min(len(kind) for kind in [full, username, nick]) >= 3


@pytest.mark.tdd_green
def test_60_percent_have_a_bio_short_medium_or_long(users: list[User]) -> None:
    """C2-6"""
    lengths = sorted(len(user.bio) for user in users if user.bio)

    assert len(lengths) == round(0.6 * len(users)) == 20
    assert lengths[6] <= 50 < lengths[7]
    assert lengths[13] <= 250 < lengths[14]
    assert lengths[-1] <= 500


@pytest.mark.tdd_green
def test_profiles_are_old_and_young(users: list[User], as_of: datetime) -> None:
    """C2-7: some half a year old and older; settings are as old as their profile."""
    half_a_year_ago = as_of - timedelta(days=183)
    old = [user for user in users if user.profile.created_at < half_a_year_ago]

    assert 5 <= len(old) <= len(users) - 5
    assert max(user.profile.created_at for user in users) < as_of
    assert not PrivacySettings.objects.exclude(
        created_at=F("user__profile__created_at")
    ).exists()


@pytest.mark.tdd_green
def test_70_percent_allow_email(users: list[User]) -> None:
    """C2-8"""
    assert sum(user.privacy_settings.allow_email_contact for user in users) == 24


@pytest.mark.tdd_green
def test_every_profile_is_public(users: list[User]) -> None:
    """C2-8: of accounts that are there; an inactive one counts as deleted."""
    for one in users:
        response = APIClient().get(f"/api/v1/users/{one.pk}/profile/")
        assert response.status_code == (200 if one.is_active else 404)


@pytest.mark.tdd_green
def test_a_valid_token_opens_and_the_others_do_not(users: list[User]) -> None:
    """C2-9"""
    one = next(user for user in users if user.is_active)
    assert with_token(valid_token(one)).get(PRIVATE).status_code == 200

    for token in [expired_token(one), malformed_token()]:
        refused = with_token(token).get(PRIVATE)
        assert refused.status_code == 401
        assert refused.json()["code"] == "token_not_valid"


@pytest.mark.tdd_green
def test_the_token_of_every_inactive_account_is_refused(users: list[User]) -> None:
    """C2-9, C2-4"""
    for one in [user for user in users if not user.is_active]:
        refused = with_token(valid_token(one)).get(PRIVATE)
        assert refused.status_code == 401
        assert refused.json()["code"] == "user_inactive"


@pytest.mark.tdd_green
def test_the_flyers_of_m01_belong_to_users_of_m02(users: list[User]) -> None:
    """C2-10"""
    counts = sorted(user.flyers.count() for user in users)
    buckets = [(0, 0), (1, 5), (10, 150)]
    found = [sum(low <= count <= high for count in counts) for low, high in buckets]

    assert sum(counts) == Flyer.objects.count() == 150
    assert found[0] >= 3 and found[1] >= 3 and found[2] >= 2


@pytest.mark.tdd_green
def test_cards_show_the_pictures_of_creators(m02: None) -> None:
    """C2-10: over HTTP a card has the picture of its creator's profile, if there is one."""
    query = {"lat": "47.3769", "lng": "8.5417", "page_size": 50}
    for item in APIClient().get(FEED, query).json()["results"]:
        picture = User.objects.get(pk=item["creator"]["id"]).profile.profile_picture
        url = f"http://testserver{picture.url}" if picture else None
        assert item["creator_profile_picture_url"] == url


@pytest.mark.tdd_green
def test_user_001_has_everything(m02: None) -> None:
    """C2-11: picture, bio, five flyers or more, e-mail allowed, and can log in."""
    one = user("user_001")
    assert one.profile_picture and one.bio and one.is_active
    assert one.flyers.count() >= 5
    assert one.privacy_settings.allow_email_contact
    assert user("user_002").is_active


@pytest.mark.tdd_green
def test_user_010_has_one_flyer_and_nothing_else(m02: None) -> None:
    """C2-11"""
    one = user("user_010")
    assert not one.profile_picture and not one.bio
    assert one.flyers.count() == 1


@pytest.mark.tdd_green
def test_user_020_has_a_picture_and_nothing_else(m02: None) -> None:
    """C2-11"""
    one = user("user_020")
    assert one.profile_picture and not one.bio
    assert one.flyers.count() == 0


@pytest.mark.tdd_green
def test_seeding_again_changes_nothing(m02: None) -> None:
    """C2-12: idempotent"""
    before = rows()
    assert answer("seed_m02_e2e_data").startswith("in sync: ")
    assert rows() == before


@pytest.mark.tdd_green
def test_the_seed_and_the_day_decide_every_value(m01: None, own_media: None) -> None:
    """C2-12: deterministic; another seed gives other values to the same accounts."""

    def seeded(*arguments: str) -> object:
        answer("cleanup_e2e_data")
        answer("seed_m02_e2e_data", "--as-of", "2026-03-01", *arguments)
        return rows()

    first, again, other = seeded(), seeded("--seed", "1"), seeded("--seed", "7")
    assert first == again != other
    assert User.objects.filter(email__in=EMAILS).count() == 30


@pytest.mark.tdd_green
def test_every_row_is_tagged(m02: None) -> None:
    """C2-12: flagged"""
    for model in [User, Profile, PrivacySettings, Flyer, FlyerImage]:
        assert not model.objects.filter(is_e2e_test_data=False).exists()


@pytest.mark.tdd_green
def test_an_error_in_the_middle_leaves_m01_as_it_was(m01: None) -> None:
    """C2-12: one transaction; the flyers are still those of their creators, too."""
    before = rows()
    refuse_after("users_privacysettings", 40)

    assert "injected" in str(refusal("seed_m02_e2e_data"))
    assert rows() == before


@pytest.mark.tdd_green
def test_seeding_takes_less_than_15_seconds(m01: None) -> None:
    """C2-12: the users alone, on M01"""
    start = perf_counter()
    answer("seed_m02_e2e_data")
    assert perf_counter() - start < 15


@pytest.mark.tdd_green
def test_cleanup_leaves_the_flyers_to_their_m01_creators(m01: None) -> None:
    """C2-13: whoever owned a flyer before owns it afterwards; nobody's row is lost."""
    ada = make_user("ada")
    make_flyer(ada, title="a real person's")
    before = rows()

    answer("seed_m02_e2e_data")
    taken = Flyer.objects.filter(creator__username__startswith="test_")
    assert taken.count() == 150
    answer("cleanup_m02_e2e_data")

    assert rows() == before
    assert Flyer.objects.filter(creator__username__startswith="m01_").count() == 150


@pytest.mark.tdd_green
def test_the_users_bring_m01_and_m01_does_not_bring_the_users(empty: None) -> None:
    """C2-14, read as decision 8: whoever stands above calls what is below, never back."""
    answer("seed_e2e_data")
    assert not User.objects.filter(username__startswith="test_").exists()
    answer("cleanup_e2e_data")

    answer("seed_m02_e2e_data")
    assert (User.objects.count(), Flyer.objects.count()) == (54, 150)
