"""A library in a folder of its own, without Django."""

import shutil
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parent / "library"
TOML = """\
database = "sqlite:library.sqlite3"
schema = "library.sql"
scenarios = ["scenarios"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a `seedbed.toml`, a schema and the scenario; no database yet."""
    (tmp_path / "seedbed.toml").write_text(TOML, encoding="utf-8")
    shutil.copy(LIBRARY / "library.sql", tmp_path)
    shutil.copytree(LIBRARY / "catalogue" / "fixtures", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    return tmp_path
