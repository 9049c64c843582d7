"""A test that does not carry `tdd_green` itself stops the whole run."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).resolve().parents[2] / "conftest.py"
MARKED = "import pytest\n@pytest.mark.tdd_green\ndef test_marked(): pass\n"


def collect(pytester: pytest.Pytester, source: str) -> pytest.RunResult:
    pytester.makeini("[pytest]\nmarkers = tdd_green: passes")
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(source)
    return pytester.runpytest("--collect-only", "-p", "no:django", "-p", "no:xdist")


@pytest.mark.tdd_green
def test_marked_functions_are_collected(pytester: pytest.Pytester) -> None:
    assert collect(pytester, MARKED).ret == pytest.ExitCode.OK


@pytest.mark.tdd_green
@pytest.mark.parametrize(
    "source",
    [
        "def test_bare(): pass",
        "import pytest\npytestmark = pytest.mark.tdd_green\ndef test_bare(): pass",
        "import pytest\n@pytest.mark.tdd_green\nclass TestAll:\n    def test_bare(self): pass",
        "import unittest\nclass TestAll(unittest.TestCase):\n    def test_bare(self): pass",
    ],
    ids=["no marker", "on the module", "on the class", "unittest"],
)
def test_one_unmarked_function_fails_the_collection(
    pytester: pytest.Pytester, source: str
) -> None:
    result = collect(pytester, f"{MARKED}\n{source}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*no @pytest.mark.tdd_green*", "*test_bare"])
