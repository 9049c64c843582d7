#!/usr/bin/env python
"""Times `seedbed seed m03 --scale N --rebuild` beside a hand-written command that makes as many rows.

    script/with-postgres target/python/bin/python benches/django/compare_scale.py [N]    (default: 400)

Whole processes, on a fresh migrated PostgreSQL database each, one after the other; with the rows that each made.
`SEEDBED` names the program, else it is the release build of this repository.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BACKEND = ROOT / "pockitflyer_backend"
TABLES = [
    "users_user",
    "users_profile",
    "users_privacysettings",
    "users_follow",
    "flyers_flyer",
    "flyers_flyerimage",
    "flyers_favorite",
]


def main(scale: int) -> None:
    server = os.environ["DATABASE_URL"]
    program = os.environ.get("SEEDBED", str(ROOT / "target/release/seedbed"))
    with tempfile.TemporaryDirectory() as scratch:
        by_hand, ours = database(server, "by_hand"), database(server, "seedbed")
        for url in [by_hand, ours]:
            manage(url, scratch, "migrate", "--verbosity=0")
        commands = {
            "by hand, bulk_create": (by_hand, lambda: manage(by_hand, scratch, "seed_many_by_hand", f"--scale={scale}")),
            "seedbed, --rebuild": (ours, lambda: seed(program, ours, scratch, scale)),
        }
        times = {}
        print(f"m03 at scale {scale} on PostgreSQL, whole processes")
        for name, (url, run) in commands.items():
            started = time.perf_counter()
            run()
            times[name] = time.perf_counter() - started
            rows = count(url)
            print(f"  {name:24} {rows:>9} rows in {times[name]:7.2f} s {rows / times[name]:>9.0f} rows/s")
        slow, quick = times.values()
        print(f"seedbed is {slow / quick:.1f} times as fast")


def database(server: str, name: str) -> str:
    """Makes a database and returns its address."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
    parts = urlsplit(server)
    return urlunsplit(parts._replace(path=f"/{name}"))


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in TABLES]  # type: ignore[arg-type]
    return sum(row[0] for row in counts if row)


def manage(url: str, scratch: str, *arguments: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "settings_bench",
        "PYTHONPATH": str(HERE),
        "DATABASE_URL": url,
        "BENCH_MEDIA": str(Path(scratch) / "media"),
    }
    run([sys.executable, str(BACKEND / "manage.py"), *arguments], environment)


def seed(program: str, url: str, scratch: str, scale: int) -> None:
    media = str(Path(scratch) / "seedbed.media")
    command = [program, "seed", "m03", "--scale", str(scale), "--rebuild", "--db", url, "--media", media]
    run(command, dict(os.environ))


def run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
