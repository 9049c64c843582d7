"""What the commands of M03 promise: C1, C2, C28 to C33, C35 to C39 and E5."""

import ast
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from flyers.models import Favorite, Flyer, FlyerImage
from pockitflyer.tests.rows import make_flyer, make_user
from users.models import Follow, User
from users.tests.commands import (
    FIXTURES,
    LOWER,
    PERSONAS,
    RELATIONS,
    answer,
    refusal,
    refuse_after,
    rows,
)

SEED, CLEANUP = "seed_m03_e2e_data", "cleanup_m03_e2e_data"
NOTHING = {"flyers_favorite": [], "users_follow": []}


def pairs() -> set[tuple[str, ...]]:
    """Returns who keeps and who follows what, by names instead of ids."""
    favorites = Favorite.objects.values_list("user__email", "flyer__title", "flyer_id")
    follows = Follow.objects.values_list("follower__email", "followed__email")
    return {*favorites, *follows}


@pytest.mark.tdd_green
def test_one_command_seeds_all_three(empty: None) -> None:
    """C1, C2: on a migrated database without a row"""
    printed = answer(SEED)

    assert (User.objects.count(), Flyer.objects.count()) == (54, 150)
    assert (Favorite.objects.count(), Follow.objects.count()) == (50, 30)
    assert all(name in printed for name in ["m01", "m02", "m03", "+ 50 favorites"])


@pytest.mark.tdd_green
def test_what_stands_below_stays_as_it_is(m02: None) -> None:
    """C2, C29: and cleanup leaves it so, is_active and validity included."""
    before = rows(*LOWER)
    assert rows(*RELATIONS) == NOTHING

    answer(SEED)
    assert rows(*LOWER) == before
    assert (Favorite.objects.count(), Follow.objects.count()) == (50, 30)

    answer(CLEANUP)
    assert rows(*LOWER) == before
    assert rows(*RELATIONS) == NOTHING


@pytest.mark.tdd_green
def test_layers_seeded_one_by_one_are_the_dataset_seeded_at_once(empty: None) -> None:
    """C2, C33"""
    for command in ["seed_e2e_data", "seed_m02_e2e_data", SEED]:
        answer(command, "--as-of", "2026-03-01")
    one_by_one = rows()
    answer("cleanup_e2e_data")

    answer(SEED, "--as-of", "2026-03-01")
    assert rows() == one_by_one


@pytest.mark.tdd_green
def test_cleanup_removes_everything_and_may_run_twice(m03: None) -> None:
    """C28"""
    answer(CLEANUP)
    assert rows(*RELATIONS) == NOTHING
    assert answer(CLEANUP).startswith("nothing to remove: ")


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    "command", [CLEANUP, "cleanup_m02_e2e_data", "cleanup_e2e_data"]
)
def test_cleanup_of_what_was_never_seeded_does_nothing(
    empty: None, command: str
) -> None:
    """C28: whatever stands there"""
    make_flyer(make_user("ada"))
    before = rows()
    assert answer(command).startswith("nothing to remove: ")
    assert rows() == before


@pytest.mark.tdd_green
def test_cleanup_leaves_what_people_keep_and_follow(m02: None) -> None:
    """C30: favorites and follows of real users, those of seeded flyers and users included"""
    ada, bob = make_user("ada"), make_user("bob")
    seeded = User.objects.get(email=PERSONAS["active"])
    for flyer in [make_flyer(ada), seeded.flyers.first()]:
        Favorite.objects.create(user=bob, flyer=flyer)
    for followed in [ada, seeded]:
        Follow.objects.create(follower=bob, followed=followed)
    before = rows()

    answer(SEED)
    answer(CLEANUP)

    assert rows() == before


@pytest.mark.tdd_green
def test_cleanup_of_m01_takes_what_stands_on_it_first(m03: None) -> None:
    """C28: in the wrong order nothing is left over, and the answer says so."""
    printed = answer("cleanup_e2e_data")

    assert "m03 and m02 went first, since they stand on it" in printed
    assert not any(rows().values())


@pytest.mark.tdd_green
def test_cleanup_of_m02_takes_m03_first(m03: None) -> None:
    """C28, F19: the flyers go back to their creators of M01"""
    printed = answer("cleanup_m02_e2e_data")

    assert "m03 went first, since it stands on it" in printed
    assert rows(*RELATIONS) == NOTHING
    assert Flyer.objects.filter(creator__username__startswith="m01_").count() == 150


@pytest.mark.tdd_green
def test_a_second_run_changes_nothing(m03: None) -> None:
    """C31: no row more, no pair and no created_at other than before"""
    before = rows()
    assert answer(SEED).startswith("in sync: 737 rows ")
    assert rows() == before


@pytest.mark.tdd_green
def test_a_run_restores_what_was_deleted_and_changed(m03: None) -> None:
    """C32: exactly, in all three layers: keys, pairs and times"""
    before = rows()
    kept = list(Favorite.objects.order_by("pk"))
    Favorite.objects.filter(pk__in=[favorite.pk for favorite in kept[::7]]).delete()
    Favorite.objects.filter(pk=kept[1].pk).update(
        created_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    spare = Flyer.objects.filter(favorites=None).first()
    Favorite.objects.filter(pk=kept[2].pk).update(flyer=spare)
    Follow.objects.filter(follower__email=PERSONAS["power"]).delete()
    Flyer.objects.filter(favorites__isnull=False).first().delete()
    FlyerImage.objects.filter(order=0).update(order=9)
    User.objects.get(email=PERSONAS["new"]).delete()
    User.objects.filter(email=PERSONAS["active"]).update(is_active=False, bio="changed")
    assert rows() != before

    answer(SEED)

    assert rows() == before


@pytest.mark.tdd_green
def test_another_seed_gives_another_dataset(m03: None, own_media: None) -> None:
    """C33: which keeps what C3 and C10 ask"""
    before = pairs()
    answer("cleanup_e2e_data")
    answer(SEED, "--seed", "2")

    assert (Favorite.objects.count(), Follow.objects.count()) == (50, 30)
    assert pairs() != before


@pytest.mark.tdd_green
def test_a_later_day_moves_every_time_and_nothing_else(empty: None) -> None:
    """C33, F22"""

    def seeded(day: str) -> list[dict]:
        answer(SEED, "--as-of", day)
        found = list(Favorite.objects.order_by("pk").values())
        answer("cleanup_e2e_data")
        return found

    for favorite in (first := seeded("2026-03-01")):
        favorite["created_at"] += timedelta(days=9)
    assert seeded("2026-03-10") == first


@pytest.mark.tdd_green
def test_an_error_in_the_middle_leaves_an_empty_database(empty: None) -> None:
    """C35: M01 and M02 were written before it, and go as well."""
    fail_in_the_middle()
    assert not any(rows().values())


@pytest.mark.tdd_green
def test_an_error_in_the_middle_leaves_what_stood_below(m02: None) -> None:
    """C35: exactly"""
    before = rows()
    fail_in_the_middle()
    assert rows() == before
    assert rows(*RELATIONS) == NOTHING


@pytest.mark.tdd_green
def test_the_number_of_statements_does_not_depend_on_the_rows_to_write(
    m03: None,
) -> None:
    """C36: all 80 rows are written with as many statements as 2 of them."""
    Favorite.objects.all().delete()
    Follow.objects.all().delete()
    all_of_them = statements(SEED)
    Favorite.objects.first().delete()
    Follow.objects.first().delete()
    two_of_them = statements(SEED)

    assert len(all_of_them) == len(two_of_them) < 300
    assert (Favorite.objects.count(), Follow.objects.count()) == (50, 30)


@pytest.mark.tdd_green
def test_the_number_of_statements_does_not_depend_on_the_rows_of_others(
    m02: None,
) -> None:
    """C36: no user and no flyer is looked up on its own."""

    def seeding_beside(people: int) -> int:
        with transaction.atomic():
            users = [make_user(f"creator{number}") for number in range(people)]
            for follower, followed in pairwise(users):
                Follow.objects.create(follower=follower, followed=followed)
                Favorite.objects.create(user=follower, flyer=make_flyer(followed))
            count = len(statements(SEED))
            transaction.set_rollback(True)
        return count

    assert seeding_beside(2) == seeding_beside(60)


@pytest.mark.tdd_green
def test_rows_are_written_in_bulk(empty: None) -> None:
    """C36: each relation with one statement, the 737 rows of the chain with few."""
    inserts = [sql for sql in statements(SEED) if sql.startswith(("INSERT", "COPY"))]

    for table in ["flyers_favorite", "users_follow"]:
        assert sum(sql.startswith((f'INSERT INTO "{table}"', f'COPY "{table}"')) for sql in inserts) == 1
    assert len(inserts) < 40


@pytest.mark.tdd_green
def test_flyers_change_hands_in_bulk(m01: None) -> None:
    """C36 for the layer below: 150 flyers get another creator in a handful of statements."""
    updates = [sql for sql in statements("seed_m02_e2e_data") if "UPDATE" in sql]
    assert len(updates) < 20


@pytest.mark.tdd_green
def test_seeding_the_chain_takes_less_than_10_seconds(empty: None) -> None:
    """C37: pictures and the password hash included"""
    assert seconds(SEED) < 10


@pytest.mark.tdd_green
def test_seeding_m03_alone_takes_less_than_10_seconds(m02: None) -> None:
    """C37"""
    assert seconds(SEED) < 10


@pytest.mark.tdd_green
def test_the_scenario_file_is_what_is_seeded(
    empty: None, settings, tmp_path: Path
) -> None:
    """C38: with another number in m03_engagement_scenarios.json, other rows"""
    settings.SEEDBED = {"scenarios": [tmp_path]}
    for file in FIXTURES.glob("*.json"):
        scenario = json.loads(file.read_text(encoding="utf-8"))
        if file.name == "m03_engagement_scenarios.json":
            groups = scenario["groups"]["users"]["engagement"]
            groups["prolific"]["has"]["favorites"] = 3
            for fact in scenario["ensure"]:
                if fact["fact"] == "favorites of prolific":
                    fact["exactly"] = 3
        (tmp_path / file.name).write_text(json.dumps(scenario), encoding="utf-8")

    answer(SEED)

    assert Favorite.objects.filter(user__email=PERSONAS["prolific"]).count() == 3


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    "path",
    [
        "management/commands/seed_m03_e2e_data.py",
        "management/commands/cleanup_m03_e2e_data.py",
        "tests/test_m03_e2e_data_seeding.py",
        "fixtures/m03_engagement_scenarios.json",
    ],
)
def test_the_files_stand_where_the_task_names_them(path: str) -> None:
    """C38"""
    assert (FIXTURES.parent / path).is_file()


@pytest.mark.tdd_green
def test_every_test_of_the_datasets_carries_its_marker() -> None:
    """C39, B16: on the function itself, read without importing it"""
    found = 0
    for file in Path(__file__).parent.glob("test_m0*_e2e_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                markers = [ast.unparse(marker) for marker in node.decorator_list]
                assert "pytest.mark.tdd_green" in markers, node.name
                found += 1
    assert found > 100


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    ("options", "favorites", "follows"),
    [
        (["--follows"], True, False),
        (["--favorites"], False, True),
        (["--favorites", "--follows"], False, False),
        ([], False, False),
    ],
)
def test_one_user_can_be_brought_to_nothing(
    m03: None, options: list[str], favorites: bool, follows: bool
) -> None:
    """E5: what is asked for goes, nobody else's row does, and seeding restores it."""
    before = rows()
    active = User.objects.get(email=PERSONAS["active"])

    answer(CLEANUP, "--user", active.email, *options)

    assert (active.favorites.exists(), active.following.exists()) == (
        favorites,
        follows,
    )
    assert rows(*LOWER) == {table: before[table] for table in rows(*LOWER)}
    gone = (0 if favorites else 5) + (0 if follows else 3)
    assert Favorite.objects.count() + Follow.objects.count() == 80 - gone

    answer(SEED)
    assert rows() == before


@pytest.mark.tdd_green
@pytest.mark.parametrize("email", ["nobody@pockitflyer.test", "ada@pockitflyer.test"])
def test_only_a_seeded_user_is_brought_to_nothing(m03: None, email: str) -> None:
    """E5: an unknown and a real user are refused."""
    ada = make_user("ada", is_e2e_test_data=True)
    Follow.objects.create(
        follower=ada, followed=User.objects.get(email=PERSONAS["new"])
    )
    before = rows()

    error = refusal(CLEANUP, "--user", email, "--follows")

    assert (error.returncode, email in str(error)) == (2, True)
    assert rows() == before


@pytest.mark.tdd_green
@pytest.mark.parametrize("option", ["--favorites", "--follows"])
def test_a_part_goes_with_a_user(m03: None, option: str) -> None:
    """E5: an option that would not be heeded is refused."""
    error = refusal(CLEANUP, option)
    assert (error.returncode, "--user EMAIL" in str(error)) == (2, True)
    assert Favorite.objects.count() + Follow.objects.count() == 80


def statements(command: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        answer(command)
    return [query["sql"] for query in captured.captured_queries]


def seconds(command: str) -> float:
    start = perf_counter()
    answer(command)
    return perf_counter() - start


def fail_in_the_middle() -> None:
    """Seeds a database that refuses the 30th favorite."""
    refuse_after("flyers_favorite", 29)
    error = refusal(SEED)
    assert error.returncode == 6
    assert "injected" in str(error) and "nothing was written" in str(error)
