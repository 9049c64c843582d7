"""What the stubs and annotations say is so."""

import subprocess
import sys
from pathlib import Path

import seedbed

PACKAGE = Path(seedbed.__file__).parent
CONFIG = Path(__file__).resolve().parents[1] / "pyproject.toml"


def run(*arguments: str | Path) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_describes_the_engine(tmp_path: Path) -> None:
    known = tmp_path / "known.txt"
    # The checker takes a `Literal` of many values for a union that is made when it runs.
    known.write_text("seedbed.database.Engine\nseedbed.database.Kind\n", encoding="utf-8")
    modules = ["_engine", "verbs", "answer", "errors", "database"]
    options = ["--mypy-config-file", CONFIG, "--allowlist", known]
    run("mypy.stubtest", *options, *[f"seedbed.{module}" for module in modules])


def test_the_package_is_typed_strictly(tmp_path: Path) -> None:
    run("mypy", "--config-file", CONFIG, "--cache-dir", tmp_path, "-p", "seedbed")
