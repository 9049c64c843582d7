"""The helpers make what they say, judged by the running application."""

from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from pockitflyer.tests.rows import PASSWORD, make_user, with_token
from users.models import User
from users.utils.e2e_token_helpers import expired_token, malformed_token, valid_token

pytestmark = pytest.mark.django_db

PRIVATE = "/api/v1/users/me/privacy-settings/"
OPEN = "/api/v1/flyers/feed/?lat=0&lng=0"
DAY = 24 * 60 * 60


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.mark.tdd_green
def test_a_valid_token_is_let_in(ada: User) -> None:
    assert with_token(valid_token(ada)).get(PRIVATE).status_code == 200


@pytest.mark.tdd_green
def test_a_valid_token_has_the_claims_that_login_gives(ada: User, settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.update(password=make_password(PASSWORD))
    login = APIClient().post(
        "/api/v1/auth/login/", {"email": ada.email, "password": PASSWORD}
    )

    def lasting(token: str) -> dict[str, object]:
        claims = dict(AccessToken(token).payload)
        claims["lifetime"] = claims.pop("exp") - claims["iat"]
        assert claims.pop("jti") and claims.pop("iat")
        return claims

    assert lasting(valid_token(ada)) == lasting(login.json()["token"])
    assert lasting(valid_token(ada)) == {
        "token_type": "access",
        "user_id": str(ada.pk),
        "email": ada.email,
        "lifetime": DAY,
    }


@pytest.mark.tdd_green
def test_a_valid_token_lasts_as_long_as_asked(ada: User) -> None:
    token = AccessToken(valid_token(ada, timedelta(days=7)))
    assert token["exp"] - token["iat"] == 7 * DAY


@pytest.mark.tdd_green
@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=-1)])
def test_a_valid_token_cannot_be_over_already(ada: User, lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="valid token"):
        valid_token(ada, lifetime)


@pytest.mark.tdd_green
@pytest.mark.parametrize("url", [PRIVATE, OPEN])
def test_an_expired_token_is_401_because_it_is_expired(ada: User, url: str) -> None:
    response = with_token(expired_token(ada)).get(url)

    assert response.status_code == 401
    assert response.json()["code"] == "token_not_valid"
    assert response.json()["messages"][0]["message"] == "Token is expired"


@pytest.mark.tdd_green
def test_an_expired_token_was_good_for_a_day(ada: User) -> None:
    claims = jwt.decode(
        expired_token(ada),
        settings.SECRET_KEY,
        algorithms=["HS256"],
        options={"verify_exp": False},
    )
    assert claims["exp"] - claims["iat"] == DAY
    assert claims["email"] == ada.email


@pytest.mark.tdd_green
@pytest.mark.parametrize("url", [PRIVATE, OPEN])
def test_a_malformed_token_is_401(url: str) -> None:
    response = with_token(malformed_token()).get(url)

    assert response.status_code == 401
    assert response.json()["code"] == "token_not_valid"


@pytest.mark.tdd_green
def test_a_malformed_token_is_refused_for_its_content_alone() -> None:
    token = malformed_token()

    assert len(token.split(".")) == 3
    # The signature holds ...
    payload = jwt.PyJWS().decode(token, settings.SECRET_KEY, algorithms=["HS256"])
    assert payload == b"this is no set of claims"
    # ... and reading claims is what fails.
    with pytest.raises(jwt.DecodeError, match="payload"):
        jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
