"""users/{id}/profile/ and users/me/privacy-settings/ over HTTP."""

from typing import Any

import pytest
from django.test import Client

from pockitflyer.tests.rows import client_of, make_user
from users.models import PrivacySettings, Profile, User

pytestmark = pytest.mark.django_db

PRIVACY = "/api/v1/users/me/privacy-settings/"


@pytest.fixture
def ada() -> User:
    return make_user("ada", bio="Counts.")


@pytest.mark.tdd_green
@pytest.mark.parametrize("prefix", ["/api/v1/", "/api/"])
def test_anybody_reads_a_profile(client: Client, ada: User, prefix: str) -> None:
    Profile.objects.filter(user=ada).update(
        name="Ada L.", profile_picture="profile_pictures/a.png"
    )

    response = client.get(f"{prefix}users/{ada.pk}/profile/")

    assert response.status_code == 200
    assert response.json() == {
        "id": ada.profile.pk,
        "user_id": ada.pk,
        "username": "ada",
        "name": "Ada L.",
        "bio": "Counts.",
        "profile_picture_url": "http://testserver/media/profile_pictures/a.png",
    }


@pytest.mark.tdd_green
def test_what_a_profile_lacks_is_null(client: Client) -> None:
    bare = make_user("bare")

    body = client.get(f"/api/users/{bare.pk}/profile/").json()

    assert (body["name"], body["bio"], body["profile_picture_url"]) == (None,) * 3


@pytest.mark.tdd_green
def test_the_profile_of_an_unknown_or_deleted_user_is_404(client: Client) -> None:
    gone = make_user("gone", is_active=False)

    for user_id in [gone.pk, 987_654_321]:
        assert client.get(f"/api/users/{user_id}/profile/").status_code == 404


@pytest.mark.tdd_green
@pytest.mark.parametrize("url", [PRIVACY, "/api/users/me/privacy-settings/"])
def test_privacy_settings_are_read_and_changed(ada: User, url: str) -> None:
    other = make_user("other")
    client = client_of(ada)
    assert client.get(url).json() == {"allow_email_contact": True}

    response = client.patch(url, {"allow_email_contact": False})

    assert response.status_code == 200
    assert response.json() == client.get(url).json() == {"allow_email_contact": False}
    assert PrivacySettings.objects.get(user=other).allow_email_contact is True


@pytest.mark.tdd_green
@pytest.mark.parametrize("value", ["perhaps", None, 7])
def test_a_setting_that_is_no_boolean_is_400(ada: User, value: Any) -> None:
    response = client_of(ada).patch(PRIVACY, {"allow_email_contact": value})

    assert response.status_code == 400
    assert PrivacySettings.objects.get(user=ada).allow_email_contact is True


@pytest.mark.tdd_green
def test_privacy_settings_of_nobody_are_401() -> None:
    client = client_of(None)
    assert client.get(PRIVACY).status_code == 401
    assert client.patch(PRIVACY, {"allow_email_contact": False}).status_code == 401
