"""What the routes lead to apart from the API's own rules."""

import runpy
from pathlib import Path
from types import ModuleType

import pytest
from django.test import Client

from pockitflyer import urls
from pockitflyer.tests.rows import client_of, make_user

TOO_LARGE = 2**63


@pytest.mark.tdd_green
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("delete", f"/api/favorites/{TOO_LARGE}/"),
        ("delete", f"/api/follows/{TOO_LARGE}/"),
        ("get", f"/api/users/{TOO_LARGE}/profile/"),
    ],
)
def test_an_id_that_no_column_holds_is_404(method: str, path: str) -> None:
    client = client_of(make_user("reader"))
    assert getattr(client, method)(path).status_code == 404


@pytest.mark.tdd_green
@pytest.mark.django_db
def test_a_body_that_is_no_json_is_400(client: Client) -> None:
    response = client.post("/api/auth/login/", "{", content_type="application/json")
    assert response.status_code == 400


@pytest.mark.tdd_green
@pytest.mark.parametrize(("debug", "status"), [(True, 200), (False, 404)])
def test_media_is_served_in_debug_only(
    settings, media: Path, client: Client, debug: bool, status: int
) -> None:
    media.mkdir()
    (media / "a.png").write_bytes(b"picture")
    settings.DEBUG = debug
    # The routes are decided at import; the imported module keeps those of the tests.
    routes = ModuleType("routes_read_again")
    routes.urlpatterns = runpy.run_path(urls.__file__)["urlpatterns"]
    settings.ROOT_URLCONF = routes

    assert client.get("/media/a.png").status_code == status
