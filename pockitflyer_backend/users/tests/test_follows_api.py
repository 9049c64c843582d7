"""POST follows/, DELETE follows/{user_id}/ and GET follows/status/ over HTTP."""

from typing import Any

import pytest
from django.test import Client
from django.utils.dateparse import parse_datetime

from pockitflyer.tests.rows import client_of, make_user
from users.models import Follow, User

pytestmark = pytest.mark.django_db

FOLLOWS = "/api/v1/follows/"
STATUS = "/api/v1/follows/status/"
UNKNOWN = 987_654_321


@pytest.fixture
def reader() -> User:
    return make_user("reader")


@pytest.fixture
def ada() -> User:
    return make_user("ada")


def pairs() -> list[tuple[int, int]]:
    return list(Follow.objects.order_by("id").values_list("follower_id", "followed_id"))


@pytest.mark.tdd_green
@pytest.mark.parametrize("prefix", ["/api/v1/", "/api/"])
def test_following_is_201_and_told(reader: User, ada: User, prefix: str) -> None:
    response = client_of(reader).post(f"{prefix}follows/", {"followed_id": ada.pk})

    assert response.status_code == 201
    follow = Follow.objects.get()
    body = response.json()
    assert parse_datetime(body.pop("created_at")) == follow.created_at
    assert body == {"follower_id": reader.pk, "followed_id": ada.pk}
    assert pairs() == [(reader.pk, ada.pk)]
    assert follow.is_e2e_test_data is False


@pytest.mark.tdd_green
def test_following_again_is_200_and_changes_nothing(reader: User, ada: User) -> None:
    client = client_of(reader)
    first = client.post(FOLLOWS, {"followed_id": ada.pk})
    again = client.post(FOLLOWS, {"followed_id": ada.pk})

    assert again.status_code == 200
    assert again.json() == first.json()
    assert pairs() == [(reader.pk, ada.pk)]


@pytest.mark.tdd_green
def test_following_oneself_is_400(reader: User) -> None:
    response = client_of(reader).post(FOLLOWS, {"followed_id": reader.pk})

    assert response.status_code == 400
    assert response.json() == {"followed_id": ["Cannot follow yourself"]}
    assert pairs() == []


@pytest.mark.tdd_green
@pytest.mark.parametrize("body", [{}, {"followed_id": None}, {"followed_id": "ada"}])
def test_following_something_that_is_no_id_is_400(
    reader: User, body: dict[str, Any]
) -> None:
    response = client_of(reader).post(FOLLOWS, body)

    assert response.status_code == 400
    assert list(response.json()) == ["followed_id"]


@pytest.mark.tdd_green
@pytest.mark.parametrize("followed_id", [UNKNOWN, 2**70])
def test_following_an_unknown_user_is_404(reader: User, followed_id: int) -> None:
    response = client_of(reader).post(FOLLOWS, {"followed_id": followed_id})
    assert response.status_code == 404


@pytest.mark.tdd_green
def test_following_a_deleted_user_is_404(reader: User) -> None:
    gone = make_user("gone", is_active=False)

    response = client_of(reader).post(FOLLOWS, {"followed_id": gone.pk})

    assert response.status_code == 404
    assert pairs() == []


@pytest.mark.tdd_green
def test_unfollowing_is_204_and_leaves_other_rows_alone(
    reader: User, ada: User
) -> None:
    bob = make_user("bob")
    for follower, followed in [(reader, ada), (reader, bob), (ada, reader), (bob, ada)]:
        Follow.objects.create(follower=follower, followed=followed)

    response = client_of(reader).delete(f"{FOLLOWS}{ada.pk}/")

    assert (response.status_code, response.content) == (204, b"")
    assert pairs() == [(reader.pk, bob.pk), (ada.pk, reader.pk), (bob.pk, ada.pk)]


@pytest.mark.tdd_green
def test_a_deleted_user_can_be_unfollowed(reader: User) -> None:
    gone = make_user("gone", is_active=False)
    Follow.objects.create(follower=reader, followed=gone)

    assert client_of(reader).delete(f"{FOLLOWS}{gone.pk}/").status_code == 204
    assert pairs() == []


@pytest.mark.tdd_green
@pytest.mark.parametrize("user_id", [UNKNOWN, 2**63 - 1])
def test_unfollowing_nobody_is_204(reader: User, user_id: int) -> None:
    response = client_of(reader).delete(f"/api/follows/{user_id}/")
    assert response.status_code == 204


@pytest.mark.tdd_green
def test_an_anonymous_reader_is_401_and_changes_nothing(
    reader: User, ada: User
) -> None:
    Follow.objects.create(follower=reader, followed=ada)
    client = client_of(None)

    assert client.post(FOLLOWS, {"followed_id": ada.pk}).status_code == 401
    assert client.delete(f"{FOLLOWS}{ada.pk}/").status_code == 401
    assert pairs() == [(reader.pk, ada.pk)]


@pytest.mark.tdd_green
@pytest.mark.parametrize("url", [STATUS, "/api/follows/status/"])
def test_the_status_is_about_the_reader_and_the_direction(
    reader: User, ada: User, url: str
) -> None:
    Follow.objects.create(follower=reader, followed=ada)

    def is_following(user: User | None, other: User) -> bool:
        response = client_of(user).get(url, {"user_id": other.pk})
        assert response.status_code == 200
        body = response.json()
        assert body == {
            "is_following": body["is_following"],
            "followed_user_id": other.pk,
        }
        return body["is_following"]

    assert is_following(reader, ada) is True
    assert is_following(ada, reader) is False
    assert is_following(reader, reader) is False
    assert is_following(None, ada) is False


@pytest.mark.tdd_green
def test_a_follow_of_a_deleted_user_is_still_told(reader: User) -> None:
    gone = make_user("gone", is_active=False)
    Follow.objects.create(follower=reader, followed=gone)

    response = client_of(reader).get(STATUS, {"user_id": gone.pk})

    assert response.status_code == 200
    assert response.json()["is_following"] is True


@pytest.mark.tdd_green
@pytest.mark.parametrize("query", [{}, {"user_id": ""}, {"user_id": "ada"}])
def test_the_status_of_no_id_is_400(client: Client, query: dict[str, str]) -> None:
    response = client.get(STATUS, query)

    assert response.status_code == 400
    assert list(response.json()) == ["user_id"]


@pytest.mark.tdd_green
def test_the_status_of_an_unknown_user_is_404(client: Client) -> None:
    assert client.get(STATUS, {"user_id": UNKNOWN}).status_code == 404
