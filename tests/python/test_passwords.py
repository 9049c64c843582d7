"""Other people's implementations accept the hashes that Seedbed makes, and none would make them anew.

argon2-cffi is the reference implementation in C, bcrypt 3.2 that of OpenBSD; Django brings PBKDF2.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import argon2
import bcrypt
import pytest
import seedbed
from django.conf import settings
from django.contrib.auth import hashers

PASSWORD = "Tést Pass 123!"
FORMS = {
    "django": "hash: django",
    "older_django": "hash: django, cost: 720000",
    "django_argon2": "hash: django_argon2",
    "django_bcrypt": "hash: django_bcrypt",
    "argon2": "hash: argon2",
    "argon2_of_a_library": 'hash: argon2, cost: "m=65536,t=3,p=4"',
    "rails": "hash: bcrypt",
    "node": "hash: bcrypt, cost: 10",
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The stored form of the password, by the names above."""
    folder = tmp_path_factory.mktemp("passwords")
    columns = ", ".join(f"{name} text NOT NULL" for name in FORMS)
    table = f"CREATE TABLE accounts (id integer PRIMARY KEY AUTOINCREMENT, {columns})"
    (folder / "schema.sql").write_text(table)
    lines = [f'      {name}: {{password: "{PASSWORD}", {form}}}\n' for name, form in FORMS.items()]
    (folder / "accounts.yaml").write_text(
        "scenario: accounts\nlayer: 1\npopulations:\n  accounts:\n    table: accounts\n    rows: 1\n"
        "    columns:\n" + "".join(lines),
        encoding="utf-8",
    )
    (folder / "seedbed.toml").write_text(
        'database = "sqlite:accounts.sqlite3"\nschema = "schema.sql"\nscenarios = ["."]\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        seedbed.seed("accounts")
    with closing(sqlite3.connect(folder / "accounts.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        yield dict(connection.execute("SELECT * FROM accounts").fetchone())


@pytest.fixture(scope="module", autouse=True)
def django() -> None:
    """Django with every hasher that the forms are for, each as Django ships it."""
    names = ["PBKDF2", "Argon2", "BCryptSHA256"]
    path = "django.contrib.auth.hashers."
    settings.configure(PASSWORD_HASHERS=[f"{path}{name}PasswordHasher" for name in names])


@pytest.mark.tdd_green
@pytest.mark.parametrize("name", ["django", "django_argon2", "django_bcrypt"])
def test_django_logs_in_and_keeps_the_hash(stored: dict[str, str], name: str) -> None:
    assert hashers.check_password(PASSWORD, stored[name])
    assert not hashers.check_password("another", stored[name])
    assert not hashers.identify_hasher(stored[name]).must_update(stored[name])


@pytest.mark.tdd_green
def test_a_hash_of_an_older_django_is_accepted_and_told_from_a_new_one(stored: dict[str, str]) -> None:
    hash = stored["older_django"]
    assert hash.startswith("pbkdf2_sha256$720000$")
    assert hashers.check_password(PASSWORD, hash)
    assert hashers.identify_hasher(hash).must_update(hash)


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    ("name", "hasher"),
    [
        ("argon2", argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)),
        ("argon2_of_a_library", argon2.PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)),
    ],
)
def test_argon2_of_the_reference_implementation_accepts_and_keeps_the_hash(
    stored: dict[str, str], name: str, hasher: argon2.PasswordHasher
) -> None:
    assert hasher.verify(stored[name], PASSWORD)
    assert not hasher.check_needs_rehash(stored[name])
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        hasher.verify(stored[name], "another")


@pytest.mark.tdd_green
@pytest.mark.parametrize(("name", "prefix"), [("rails", b"$2b$12$"), ("node", b"$2b$10$")])
def test_bcrypt_of_openbsd_accepts_the_hash(stored: dict[str, str], name: str, prefix: bytes) -> None:
    hash = stored[name].encode()
    assert hash.startswith(prefix)
    assert bcrypt.checkpw(PASSWORD.encode(), hash)
    assert not bcrypt.checkpw(b"another", hash)
