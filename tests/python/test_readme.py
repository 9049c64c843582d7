"""The line that the README calls the Django way does what is shown below it.

It runs as it stands there, in a copy of the tracked files. Only the build is told to reuse what is
compiled already and not to optimise, which the environment can say.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.tdd_green
def test_the_django_way_prints_what_the_readme_shows(tmp_path: Path) -> None:
    command, shown = django_way((ROOT / "README.md").read_text(encoding="utf-8"))
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    subprocess.run(
        f"tar --null --create --files-from=- | tar --extract --directory={tmp_path}",
        shell=True,
        cwd=ROOT,
        input=tracked,
        check=True,
    )
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={
            **os.environ,
            "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")),
            "MATURIN_PEP517_ARGS": "--profile dev",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert masked(done.stdout) == masked(shown)


def django_way(readme: str) -> tuple[str, str]:
    """Returns the command and what the README shows below it."""
    match = re.search(r"^    \$ (python3 -m venv .*)\n((?:    .*\n|\n)+)", readme, re.MULTILINE)
    assert match, "the README shows the Django way"
    lines = match[2].rstrip("\n").split("\n")
    return match[1], "\n".join(line.removeprefix("    ") for line in lines) + "\n"


def masked(text: str) -> str:
    """Returns the text without what the clock says."""
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)
    return re.sub(r"[\d.]+ (ms|s)\b", "TIME", text)
