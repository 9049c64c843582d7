"""M03 through pytest's marker: inside a test's transaction, and behind a live server."""

import json
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from flyers.models import Favorite
from pockitflyer.tests.rows import with_token
from users.models import Follow

FEED = "/api/v1/flyers/feed/?lat=47.3769&lng=8.5417&page_size=50"


@pytest.mark.tdd_green
@pytest.mark.django_db
@pytest.mark.seedbed("m03", state="active_follows_nobody")
def test_a_marked_test_starts_from_a_state_in_its_own_transaction(seedbed: Any) -> None:
    assert connection.in_atomic_block
    active = seedbed.personas["active"]["id"]
    assert not Follow.objects.filter(follower=active).exists()

    client = with_token(seedbed.token("active"))
    shown = client.get(f"{FEED}&filter=following").json()
    assert (shown["count"], Favorite.objects.count()) == (0, 50)


@pytest.mark.tdd_green
@pytest.mark.seedbed("m03")
def test_a_live_server_shows_every_persona_what_is_declared(
    live_server: LiveServer, seedbed: Any
) -> None:
    for name in ["new", "active", "power", "prolific"]:
        for feed in ["favorites", "following"]:
            request = Request(
                f"{live_server.url}{FEED}&filter={feed}",
                headers={"Authorization": f"Bearer {seedbed.token(name)}"},
            )
            with urlopen(request) as response:
                shown = [flyer["id"] for flyer in json.load(response)["results"]]
            assert shown == seedbed.expected[name][f"{feed}_feed"]["ids"]


@pytest.mark.tdd_green
@pytest.mark.seedbed("m03")
def test_the_next_test_behind_a_live_server_finds_it_whole(
    live_server: LiveServer, seedbed: Any
) -> None:
    power = seedbed.personas["power"]
    kept = Favorite.objects.filter(user=power["id"])
    assert kept.count() == power["counts"]["favorites"]
    kept.delete()
    [table] = seedbed.plan()["plan"]["tables"]
    assert len(table["inserts"]) == power["counts"]["favorites"]
