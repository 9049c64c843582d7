"""What docs/testing.md shows of pytest: over HTTP, against a backend that runs."""

import json
import os
from urllib.request import Request, urlopen

import pytest


def feed(name, token):
    """Returns the ids that a feed of the backend shows."""
    url = f"{os.environ['BACKEND']}/api/v1/flyers/feed/?lat=47.3769&lng=8.5417&page_size=50&filter={name}"
    with urlopen(Request(url, headers={"Authorization": f"Bearer {token}"})) as response:
        return [flyer["id"] for flyer in json.load(response)["results"]]


@pytest.mark.seedbed("m03", state="active_follows_nobody")
def test_who_follows_nobody_has_an_empty_feed(seedbed):
    assert feed("following", seedbed.token("active")) == []


@pytest.mark.seedbed("m03")
def test_power_sees_what_she_keeps(seedbed):
    expected = seedbed.expected["power"]["favorites_feed"]
    assert feed("favorites", seedbed.token("power")) == expected["ids"]
