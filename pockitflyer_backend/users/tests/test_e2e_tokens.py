"""`seedbed token`, judged by the running application."""

import io
import json
import subprocess
import sys
from pathlib import Path

import jwt
import pytest
import seedbed
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from rest_framework_simplejwt.tokens import AccessToken
from seedbed.django import Database

from pockitflyer.tests.rows import with_token
from users.models import User
from users.tests.commands import PERSONAS
from users.utils import e2e_token_helpers

PRIVATE = "/api/v1/users/me/privacy-settings/"
SCRIPTS = str(Path(sys.executable).parent)
DAY = 24 * 60 * 60


def token(persona: str, **flags: object) -> str:
    return str(seedbed.token(persona, database=Database(), **flags))


def power() -> User:
    return User.objects.get(email=PERSONAS["power"])


@pytest.mark.tdd_green
def test_a_token_is_let_in_and_says_what_login_says(m03: None) -> None:
    def lasting(text: str) -> dict[str, object]:
        claims = dict(AccessToken(text).payload)
        claims["lifetime"] = claims.pop("exp") - claims["iat"]
        assert len(claims.pop("jti")) == 32 and claims.pop("iat")
        return claims

    assert with_token(token("power")).get(PRIVATE).status_code == 200
    assert lasting(token("power")) == lasting(e2e_token_helpers.valid_token(power()))
    assert lasting(token("power"))["user_id"] == str(power().pk)
    assert lasting(token("power", ttl="2h"))["lifetime"] == 2 * 60 * 60
    assert lasting(token("power", ttl=60))["lifetime"] == 60
    assert token("power") != token("power")


@pytest.mark.tdd_green
def test_an_expired_one_and_a_malformed_one_are_refused(m03: None) -> None:
    expired, malformed = token("power", expired=True), token("power", malformed=True)

    for text in [expired, malformed]:
        assert with_token(text).get(PRIVATE).status_code == 401
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(expired, django_settings.SECRET_KEY, algorithms=["HS256"])
    payload = {"verify_exp": False}
    claims = jwt.decode(
        expired, django_settings.SECRET_KEY, algorithms=["HS256"], options=payload
    )
    assert claims["exp"] - claims["iat"] == DAY
    assert malformed == e2e_token_helpers.malformed_token()


@pytest.mark.tdd_green
def test_an_inactive_accounts_token_is_sound_and_refused(m03: None) -> None:
    User.objects.filter(pk=power().pk).update(is_active=False)
    text = token("power")

    assert AccessToken(text)["user_id"] == str(power().pk)
    assert with_token(text).get(PRIVATE).status_code == 401


@pytest.mark.tdd_green
def test_tokens_are_for_seeded_rows_that_are_there(m03: None) -> None:
    for name, worker, says in [
        ("anonymous", 0, "absent"),
        ("power", 7, "manage.py seedbed seed m03"),
        ("powr", 0, "personas are: "),
    ]:
        with pytest.raises(seedbed.UsageError, match=says):
            token(name, worker=worker)
    User.objects.filter(pk=power().pk).update(is_e2e_test_data=False)
    with pytest.raises(seedbed.UsageError, match="manage.py seedbed reset m03"):
        token("power")


@pytest.mark.tdd_green
def test_manage_py_prints_the_token_alone_and_nowhere_the_secret(
    m03: None, settings, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.SIMPLE_JWT = settings.SIMPLE_JWT | {"SIGNING_KEY": "s3cret-of-this-test-" * 3}
    out, err = io.StringIO(), io.StringIO()
    call_command("seedbed", "token", "power", stdout=out, stderr=err)
    text = out.getvalue().strip()
    key = settings.SIMPLE_JWT["SIGNING_KEY"]
    assert jwt.decode(text, key, algorithms=["HS256"])["token_type"] == "access"

    call_command("seedbed", "token", "power", format="json", stdout=out, stderr=err)
    settings.SEEDBED = {"tokens": {"claims": {"email": "{mail}"}}}
    for verb in [["token", "power"], ["token", "anonymous"], ["token", "power", "--ttl", "x"]]:
        with pytest.raises((CommandError, SystemExit)) as raised:
            call_command("seedbed", *verb, stdout=out, stderr=err)
        assert "s3cret" not in str(raised.value) + repr(raised.value)
    said = capfd.readouterr()
    assert "s3cret" not in out.getvalue() + err.getvalue() + said.out + said.err


@pytest.mark.tdd_green
def test_the_command_line_signs_with_the_key_of_a_fresh_clone(tmp_path: Path) -> None:
    """The file that settings.py reads is the one that seedbed.toml names."""
    root = django_settings.BASE_DIR.parent
    database = f"sqlite:{tmp_path / 'own.sqlite3'}"

    def run(*typed: str, **environment: str) -> str:
        command = ["seedbed", *typed, "--db", database, "--media", str(tmp_path)]
        done = subprocess.run(
            command, cwd=root, env=environment | {"PATH": SCRIPTS}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("seed", "m03")
    file = (django_settings.BASE_DIR / "development-only-secret-key").read_text().strip()
    assert jwt.decode(run("token", "power").strip(), file, algorithms=["HS256"])
    own = "a key that stands in a variable, long enough"
    text = run("token", "power", POCKITFLYER_SECRET_KEY=own).strip()
    assert jwt.decode(text, own, algorithms=["HS256"])
    assert json.loads(run("token", "power", "--format", "json"))["persona"] == "power"
