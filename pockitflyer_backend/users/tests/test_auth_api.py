"""POST auth/login/ and auth/register/ over HTTP, and what a token opens."""

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from pockitflyer.tests.rows import PASSWORD, client_of, make_user, with_token
from users import accounts
from users.models import PrivacySettings, Profile, User

pytestmark = pytest.mark.django_db

LOGIN = "/api/v1/auth/login/"
REGISTER = "/api/v1/auth/register/"
PRIVATE = "/api/v1/users/me/privacy-settings/"
EMAIL = "ada@pockitflyer.test"


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ada() -> User:
    return make_user("ada", password=make_password(PASSWORD))


def post(url: str, **body: Any) -> Any:
    return APIClient().post(url, body)


@pytest.mark.tdd_green
@pytest.mark.parametrize("prefix", ["/api/v1/", "/api/"])
def test_login_is_200_with_token_user_and_profile(ada: User, prefix: str) -> None:
    response = post(f"{prefix}auth/login/", email=EMAIL, password=PASSWORD)

    assert response.status_code == 200
    body = response.json()
    token = body.pop("token")
    assert body == {"user_id": ada.pk, "profile_id": ada.profile.pk}
    assert with_token(token).get(PRIVATE).status_code == 200


@pytest.mark.tdd_green
def test_the_token_lasts_a_day_and_names_user_and_email(ada: User) -> None:
    token = AccessToken(post(LOGIN, email=EMAIL, password=PASSWORD).json()["token"])

    assert set(token.payload) == {"token_type", "exp", "iat", "jti", "user_id", "email"}
    assert token["exp"] - token["iat"] == 24 * 60 * 60
    assert (token["user_id"], token["email"]) == (str(ada.pk), EMAIL)


@pytest.mark.tdd_green
def test_login_writes_the_last_login_and_nothing_else(ada: User) -> None:
    before = User.objects.values().get()
    start = timezone.now()

    post(LOGIN, email=EMAIL, password=PASSWORD)

    after = User.objects.values().get()
    assert start <= after["last_login"] <= timezone.now()
    assert after | {"last_login": None} == before


@pytest.mark.tdd_green
def test_case_does_not_matter_in_the_email(ada: User) -> None:
    response = post(LOGIN, email="Ada@PockitFlyer.TEST", password=PASSWORD)
    assert response.status_code == 200


@pytest.mark.tdd_green
def test_an_email_stored_in_capitals_is_found_too() -> None:
    make_user("ada", email="ADA@pockitflyer.test", password=make_password(PASSWORD))
    assert post(LOGIN, email=EMAIL, password=PASSWORD).status_code == 200


@pytest.mark.tdd_green
def test_of_accounts_that_differ_in_case_the_exact_one_logs_in(ada: User) -> None:
    capital = make_user(
        "capital", email=EMAIL.upper(), password=make_password(PASSWORD)
    )

    for email, user in [(EMAIL, ada), (EMAIL.upper(), capital), (EMAIL.title(), ada)]:
        body = post(LOGIN, email=email, password=PASSWORD).json()
        assert body["user_id"] == user.pk


@pytest.mark.tdd_green
@pytest.mark.parametrize("wildcard", ["%@pockitflyer.test", "a_a@pockitflyer.test"])
def test_an_email_is_no_pattern(ada: User, wildcard: str) -> None:
    assert post(LOGIN, email=wildcard, password=PASSWORD).status_code == 401


@pytest.mark.tdd_green
def test_refused_credentials_are_401_and_do_not_tell_whether_the_account_exists(
    ada: User,
) -> None:
    make_user("gone", is_active=False, password=make_password(PASSWORD))

    refused = [
        post(LOGIN, email=EMAIL, password="wrong"),
        post(LOGIN, email="nobody@pockitflyer.test", password=PASSWORD),
        post(LOGIN, email="gone@pockitflyer.test", password=PASSWORD),
    ]

    assert [response.status_code for response in refused] == [401, 401, 401]
    assert len({response.content for response in refused}) == 1
    assert not User.objects.exclude(last_login=None).exists()


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": EMAIL}, "password"),
        ({"password": PASSWORD}, "email"),
        ({"email": "", "password": PASSWORD}, "email"),
        ({"email": EMAIL, "password": ""}, "password"),
    ],
)
@pytest.mark.parametrize("url", [LOGIN, REGISTER])
def test_a_missing_field_is_400_and_named(
    url: str, body: dict[str, str], field: str
) -> None:
    response = post(url, **body)

    assert response.status_code == 400
    assert list(response.json()) == [field]


@pytest.mark.tdd_green
def test_a_stale_token_does_not_keep_anybody_from_logging_in(ada: User) -> None:
    client = with_token("stale")
    response = client.post(LOGIN, {"email": EMAIL, "password": PASSWORD})
    assert response.status_code == 200


@pytest.mark.tdd_green
@pytest.mark.parametrize("url", [PRIVATE, "/api/v1/flyers/feed/?lat=0&lng=0"])
def test_the_token_of_an_inactive_account_is_401(ada: User, url: str) -> None:
    client = client_of(ada)
    assert client.get(url).status_code == 200

    User.objects.update(is_active=False)

    response = client.get(url)
    assert response.status_code == 401
    assert response.json()["code"] == "user_inactive"


@pytest.mark.tdd_green
@pytest.mark.parametrize("prefix", ["/api/v1/", "/api/"])
def test_registration_is_201_with_a_token_that_works(prefix: str) -> None:
    response = post(
        f"{prefix}auth/register/", email=EMAIL, password=PASSWORD, display_name="Ada L."
    )

    assert response.status_code == 201
    user = User.objects.get()
    body = response.json()
    token = body.pop("token")
    assert body == {"user_id": user.pk, "profile_id": user.profile.pk}
    assert AccessToken(token)["email"] == EMAIL
    assert with_token(token).get(PRIVATE).status_code == 200
    assert (user.email, user.username, user.profile.name) == (EMAIL, "ada", "Ada L.")


@pytest.mark.tdd_green
def test_a_registered_account_logs_in_and_is_no_test_data() -> None:
    password = " spaces at both ends 1A "
    post(REGISTER, email="Ada.L@PockitFlyer.test", password=password)

    user = User.objects.get()
    assert user.email == "ada.l@pockitflyer.test"
    assert (user.is_active, user.email_verified, user.is_staff) == (True, False, False)
    assert user.profile.name is None
    for row in [user, Profile.objects.get(), PrivacySettings.objects.get()]:
        assert row.is_e2e_test_data is False
    login = post(LOGIN, email=user.email, password=password)
    assert login.status_code == 200


@pytest.mark.tdd_green
@pytest.mark.parametrize("stored", [EMAIL, "ADA@pockitflyer.test"])
@pytest.mark.parametrize("email", [EMAIL, "Ada@PockitFlyer.test"])
def test_a_taken_email_is_409_in_any_case(stored: str, email: str) -> None:
    make_user("ada", email=stored)

    response = post(REGISTER, email=email, password=PASSWORD)

    assert response.status_code == 409
    assert User.objects.count() == 1


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"email": f"{'a' * 250}@pockitflyer.test"}, "email"),
        ({"password": "Short1!"}, "password"),
        ({"display_name": ""}, "display_name"),
        ({"display_name": "a" * 51}, "display_name"),
    ],
)
def test_a_registration_that_breaks_a_rule_is_400_and_named(
    wrong: dict[str, str], field: str
) -> None:
    response = post(REGISTER, **{"email": EMAIL, "password": PASSWORD} | wrong)

    assert response.status_code == 400
    assert list(response.json()) == [field]
    assert not User.objects.exists()


@pytest.mark.tdd_green
def test_usernames_are_unique_and_pass_the_rules_of_the_model() -> None:
    make_user("taken", username="Ada", email="other@pockitflyer.test")
    long = "x" * 160
    for local in ["ada", "ada+x", "o'hara", long]:
        for host in ["a.test", "b.test"]:
            response = post(REGISTER, email=f"{local}@{host}", password=PASSWORD)
            assert response.status_code == 201

    for user in User.objects.all():
        user.full_clean()
    usernames = User.objects.order_by("id").values_list("username", flat=True)
    assert list(usernames) == [
        *["Ada", "ada2", "ada3"],
        *["ada+x", "ada+x2", "o_hara", "o_hara2"],
        *["x" * 140, "x" * 140 + "2"],
    ]


@pytest.mark.tdd_green
def test_a_username_that_somebody_takes_meanwhile_is_chosen_again(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["ada", "ada2"])
    monkeypatch.setattr(accounts, "free_username", lambda email: next(answers))

    response = post(REGISTER, email="ada@b.test", password=PASSWORD)

    assert response.status_code == 201
    assert User.objects.get(email="ada@b.test").username == "ada2"


@pytest.mark.tdd_green
def test_an_email_that_somebody_takes_meanwhile_is_409(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def somebody_is_faster(email: str) -> str:
        make_user("faster", email=email)
        return "ada"

    monkeypatch.setattr(accounts, "free_username", somebody_is_faster)

    assert post(REGISTER, email=EMAIL, password=PASSWORD).status_code == 409
    assert User.objects.count() == 1
