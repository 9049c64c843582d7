#!/usr/bin/env python
"""Times `manage.py seed_m03_e2e_data` beside a hand-written command that makes as many rows.

    python benches/django/compare.py [ROUNDS]        (default: 5)

Whole processes, on a fresh migrated SQLite file each, in turn; the median of each is shown, and
beside it the command's own time, which is what Django's start-up leaves of it.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BACKEND = HERE.parents[1] / "pockitflyer_backend"

STEPS = [
    ("Django's start-up", "start_up"),
    ("by hand: seed", "seed_by_hand"),
    ("by hand: seed again (delete and make)", "seed_by_hand"),
    ("seed_m03_e2e_data", "seed_m03_e2e_data"),
    ("seed_m03_e2e_data again (in sync)", "seed_m03_e2e_data"),
    ("cleanup_m03_e2e_data", "cleanup_m03_e2e_data"),
]
"""What is timed, in this order; a line of Seedbed's and one by hand have a database each."""


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        migrated = Path(scratch) / "migrated.sqlite3"
        manage(migrated, "migrate", "--verbosity=0")
        times: dict[str, list[float]] = {name: [] for name, _ in STEPS}
        for _ in range(rounds):
            for side in ["by_hand", "seedbed"]:
                shutil.copy(migrated, Path(scratch) / f"{side}.sqlite3")
                shutil.rmtree(Path(scratch) / f"{side}.media", ignore_errors=True)
            for name, command in STEPS:
                side = "by_hand" if "hand" in command else "seedbed"
                times[name].append(manage(Path(scratch) / f"{side}.sqlite3", command))
    report({name: statistics.median(measured) for name, measured in times.items()}, rounds)


def report(medians: dict[str, float], rounds: int) -> None:
    start_up = medians[STEPS[0][0]]
    print(f"{'median of ' + str(rounds):40} {'whole':>9} {'its own':>9}")
    for name, median in medians.items():
        print(f"{name:40} {median:7.2f} s {max(median - start_up, 0):7.2f} s")
    by_hand, ours = medians[STEPS[1][0]] - start_up, medians[STEPS[3][0]] - start_up
    again, in_sync = medians[STEPS[2][0]] - start_up, medians[STEPS[4][0]] - start_up
    print(f"seeding takes {ours / by_hand:.2f} of the time by hand, seeding again {in_sync / again:.2f}")


def manage(database: Path, *arguments: str) -> float:
    """Runs a command; returns how long the process took, in seconds."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "settings_bench",
        "PYTHONPATH": str(HERE),
        "POCKITFLYER_SQLITE": str(database),
        "BENCH_MEDIA": str(database.with_suffix(".media")),
    }
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, BACKEND / "manage.py", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - started
    if done.returncode != 0:
        sys.exit(done.stdout + done.stderr)
    return took


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
