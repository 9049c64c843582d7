"""The commands as a shell runs them: processes, exit codes, files. C1, C28, C33, C35."""

from typing import Any

import pytest
from django.conf import settings

from users.tests.commands import manage
from users.tests.databases import ON_SQLITE, Maker, Own
from users.tests.seeding import add_user

SEED, CLEANUP = "seed_m03_e2e_data", "cleanup_m03_e2e_data"

# What names a row of each table, and the rows it points at; ids do not.
NAMES = {
    "users_user t": "t.email",
    "users_profile t JOIN users_user u ON u.id = t.user_id": "u.email",
    "users_privacysettings t JOIN users_user u ON u.id = t.user_id": "u.email",
    "flyers_flyer t JOIN users_user u ON u.id = t.creator_id": "u.email",
    "flyers_flyerimage t JOIN flyers_flyer f ON f.id = t.flyer_id": (
        "f.title, f.location_address"
    ),
    "users_follow t JOIN users_user a ON a.id = t.follower_id"
    " JOIN users_user b ON b.id = t.followed_id": "a.email, b.email",
    "flyers_favorite t JOIN users_user u ON u.id = t.user_id"
    " JOIN flyers_flyer f ON f.id = t.flyer_id": (
        "u.email, f.title, f.location_address"
    ),
}


FULL = (
    """
    CREATE TRIGGER is_full BEFORE INSERT ON flyers_favorite
    WHEN (SELECT count(*) FROM flyers_favorite) = 29
    BEGIN SELECT RAISE(ABORT, 'injected'); END
    """
    if ON_SQLITE
    else """
    CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT count(*) FROM flyers_favorite) = 29 THEN RAISE 'injected'; END IF; RETURN new;
    END $$;
    CREATE TRIGGER is_full BEFORE INSERT ON flyers_favorite FOR EACH ROW EXECUTE FUNCTION is_full()
    """
)
"""The 30th favorite is one too many."""


def dump(database: Own) -> list[list[tuple[Any, ...]]]:
    """Returns every row of every table, sorted, with names in place of ids."""
    tables = []
    for joined, names in NAMES.items():
        own = [
            f't."{column}"'
            for column in database.columns(joined.split()[0])
            if column != "id" and not column.endswith("_id")
        ]
        sql = f"SELECT {names}, {', '.join(own)} FROM {joined}"
        tables.append(sorted(database.query(sql), key=repr))
    return tables


def pictures(database: Own) -> dict[str, bytes]:
    return {
        str(file.relative_to(database.media)): file.read_bytes()
        for file in database.media.rglob("*.png")
    }


def counts(database: Own) -> tuple[int, ...]:
    tables = ["users_user", "flyers_flyer", "flyers_favorite", "users_follow"]
    return tuple(database.count(table) for table in tables)


@pytest.mark.tdd_green
def test_a_migrated_empty_database_is_seeded_and_cleaned_with_code_0(make: Maker) -> None:
    """C1, C28, C31: each command twice; the repository gets no file."""
    files = set(settings.BASE_DIR.iterdir())
    database = make.bare()
    assert manage(database, "migrate").returncode == 0

    assert manage(database, CLEANUP).returncode == 0

    first = manage(database, SEED)
    assert (first.returncode, first.stderr) == (0, "")
    assert "seeded    737 rows" in first.stdout
    assert "checks hold" in first.stdout
    assert counts(database) == (54, 150, 50, 30)
    assert len(pictures(database)) == 382

    again = manage(database, SEED)
    assert (again.returncode, again.stdout.split(":")[0]) == (0, "in sync")

    for _ in range(2):
        assert manage(database, CLEANUP).returncode == 0
        assert counts(database) == (54, 150, 0, 0)

    assert manage(database, "cleanup_e2e_data").returncode == 0
    assert counts(database) == (0, 0, 0, 0)
    assert pictures(database) == {}
    assert set(settings.BASE_DIR.iterdir()) - files <= {
        settings.BASE_DIR / "__pycache__"
    }


@pytest.mark.tdd_green
def test_two_fresh_databases_are_equal(make: Maker) -> None:
    """C33: with the same seed and day, whatever the process, the hashes and the zone."""
    one, other = (make(name) for name in ["one", "other"])
    asked = [SEED, "--seed", "1", "--as-of", "2026-03-01"]

    assert manage(one, *asked, PYTHONHASHSEED="1", TZ="UTC").returncode == 0
    assert manage(other, *asked, PYTHONHASHSEED="2", TZ="Asia/Tokyo").returncode == 0

    assert [len(table) for table in dump(one)] == [54, 54, 54, 150, 345, 30, 50]
    assert dump(one) == dump(other)
    assert pictures(one) == pictures(other)


@pytest.mark.tdd_green
def test_an_error_in_the_middle_leaves_an_empty_file(make: Maker) -> None:
    """C35: in a transaction of its own; the next run is one on an empty database."""
    database = make()
    database.run(FULL)

    failed = manage(database, SEED)
    assert failed.returncode == 6
    assert "CommandError: " in failed.stderr and "injected" in failed.stderr
    assert "nothing was written" in failed.stderr
    assert counts(database) == (0, 0, 0, 0)

    database.run("DROP TRIGGER is_full" + ("" if ON_SQLITE else " ON flyers_favorite"))
    assert manage(database, SEED).returncode == 0
    assert counts(database) == (54, 150, 50, 30)


@pytest.mark.tdd_green
def test_a_database_of_people_is_refused_with_code_3(make: Maker) -> None:
    """B11: production rows; nothing is seeded beside them before somebody has allowed it."""
    database = make()
    add_user(database, "ada")

    refused = manage(database, SEED, "--no-input")

    assert refused.returncode == 3
    assert "not-for-tests" in refused.stderr
    assert counts(database) == (1, 0, 0, 0)
    assert not database.media.exists()


@pytest.mark.tdd_green
def test_a_wrong_option_leaves_with_code_2(make: Maker) -> None:
    """E5"""
    database = make()
    refused = manage(
        database, CLEANUP, "--user", "nobody@pockitflyer.test", "--follows"
    )
    assert refused.returncode == 2
    assert "`nobody@pockitflyer.test` is no user that was seeded here" in refused.stderr


@pytest.mark.tdd_green
def test_a_database_without_tables_is_refused_and_stays_empty(make: Maker) -> None:
    """C1: the other side of it"""
    database = make.bare()

    refused = manage(database, SEED)

    assert refused.returncode == 6
    assert "there is no table `users_user`" in refused.stderr
    assert [line for line in database.everything() if "TRANSACTION" not in line and line != "COMMIT;"] == []


@pytest.mark.tdd_green
def test_a_database_without_tables_names_the_command_that_makes_them(make: Maker) -> None:
    """C1: in a Django project missing tables are those of `migrate`."""
    refused = manage(make.bare(), SEED)

    assert refused.returncode == 6
    assert "python manage.py migrate" in refused.stderr
