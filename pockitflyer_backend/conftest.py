"""What holds for every test of the backend."""

from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fails the collection unless each test function carries `tdd_green` itself.

    A marker on the class or the module would also cover tests that nobody has seen pass.
    """
    unmarked = [
        item.nodeid
        for item in items
        if isinstance(item, pytest.Function)
        and "tdd_green"
        not in {mark.name for mark in getattr(item.function, "pytestmark", [])}
    ]
    if unmarked:
        raise pytest.UsageError(
            "no @pytest.mark.tdd_green on the function:\n  " + "\n  ".join(unmarked)
        )


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:
    """The media folder of one test; the application's own is out of reach."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT
