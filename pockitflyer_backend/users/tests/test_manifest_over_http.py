"""The manifest's expected answers are what the application returns over real sockets.

For every persona, at as-of, an hour later and an hour before they end to hold.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import seedbed
import time_machine
from pytest_django.live_server_helper import LiveServer
from seedbed.django import Database

from users.models import User
from users.utils.e2e_token_helpers import valid_token

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
PLACE = {"lat": "47.3769", "lng": "8.5417"}
LISTS = {"favorites_feed": "favorites", "following_feed": "following"}


def feed(live_server: LiveServer, token: str | None, **query: str) -> list[int]:
    """Returns the keys of the flyers on all pages, in order."""
    url = f"{live_server.url}/api/v1/flyers/feed/?{urllib.parse.urlencode(PLACE | query)}"
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    shown: list[int] = []
    while url:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as got:
            page = json.load(got)
        shown += [item["id"] for item in page["results"]]
        url = page["next"]
    assert len(shown) == page["count"]
    return shown


def matches(expected: dict[str, Any], get: Callable[..., list[int]]) -> None:
    """Compares a list with what is shown, as a whole and by category."""
    assert get() == expected["ids"]
    assert expected["total"] == len(expected["ids"])
    for category, part in expected["by"]["category"].items():
        assert get(categories=category) == part["ids"]
        assert part["total"] == len(part["ids"])


@pytest.mark.tdd_green
@pytest.mark.parametrize("hours", [0, 1, 47])
@pytest.mark.parametrize("worker", [0, 3])
def test_every_persona_is_shown_what_the_manifest_says(
    live_server: LiveServer, hours: int, worker: int
) -> None:
    mine = {"database": Database(), "worker": worker, "as_of": AS_OF}
    seeded = seedbed.seed("m03", **mine).data
    manifest = seedbed.manifest("m03", database=Database(), worker=worker).data
    assert manifest["digest"] == seeded["dataset"]["digest"]
    accounts = {
        name: persona
        for name, persona in manifest["personas"].items()
        if persona["population"] == "users" and not persona["absent"]
    }
    assert len(accounts) >= 13

    with time_machine.travel(AS_OF + timedelta(hours=hours), tick=False):
        tokens = {
            name: valid_token(User.objects.get(pk=persona["id"]))
            for name, persona in accounts.items()
            if User.objects.get(pk=persona["id"]).is_active
        }
        assert len(tokens) >= 11
        for name, token in tokens.items():
            for list_name, relation in LISTS.items():
                matches(
                    manifest["expected"][name][list_name],
                    lambda token=token, relation=relation, **query: feed(
                        live_server, token, filter=relation, **query
                    ),
                )
        matches(
            manifest["expected"]["everybody"]["feed"],
            lambda **query: feed(live_server, None, **query),
        )


@pytest.mark.tdd_green
def test_named_pairs_lead_to_the_rows_that_show_their_fact(live_server: LiveServer) -> None:
    seedbed.seed("m03", database=Database(), as_of=AS_OF)
    edges = seedbed.manifest("m03", database=Database()).data["edges"]

    with time_machine.travel(AS_OF, tick=False):
        for name in ["gone", "expired"]:
            user = User.objects.get(pk=edges[name]["user"]["id"])
            flyer = edges[name]["flyer"]["id"]
            assert user.favorites.filter(pk=edges[name]["id"], flyer_id=flyer).exists()
            shown = feed(live_server, valid_token(user), filter="favorites")
            assert flyer not in shown
        left = edges["left"]
        assert not User.objects.get(pk=left["followed"]["id"]).is_active
