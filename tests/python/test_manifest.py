"""Generated code says what `seedbed manifest --format json` says, in TypeScript and in Python.

Dart is parsed only: no Dart is installed here.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import tree_sitter_dart
from tree_sitter import Language, Parser

ROOT = Path(__file__).resolve().parents[2]
TYPESCRIPT = ROOT / "target" / "typescript"
PROJECTS = {"m03": ROOT, "shop": ROOT / "examples/shop", "tracker": ROOT / "examples/tracker"}
WORKERS = [0, 1, 49]

pytestmark = pytest.mark.tdd_green

USE_OF_M03 = """
import { manifest, type Manifest } from "./m03.js";

const here: Manifest = manifest(3);
const id: number = here.personas.power.id;
const mail: string = here.personas.power.email;
const gone: number = here.edges.gone.flyer.id;
const shown: readonly number[] = here.expected.power.favorites_feed.by.category.events.ids;
// @ts-expect-error: nobody is called so
here.personas.powr;
// @ts-expect-error: who is not there has no email
here.personas.anonymous.email;
export const used = [id, mail, gone, shown];
"""


def run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def seedbed(*typed: str | Path, folder: Path) -> str:
    return run(Path(sys.executable).parent / "seedbed", *typed, folder=folder)


def declared(scenario: str, worker: int) -> Any:
    typed = ["manifest", scenario, "--format", "json", "--worker", str(worker)]
    data = json.loads(seedbed(*typed, folder=PROJECTS[scenario]))
    assert data.pop("exit_code") == 0
    return data


@pytest.fixture(scope="session")
def compiler() -> Path:
    """TypeScript's compiler, in the folder of what is built."""
    found = TYPESCRIPT / "node_modules/typescript/bin/tsc"
    if not found.exists():
        TYPESCRIPT.mkdir(parents=True, exist_ok=True)
        run("npm", "install", "--no-audit", "--no-fund", "--prefix", TYPESCRIPT, "typescript@5", folder=ROOT)
    return found


@pytest.mark.parametrize("scenario", PROJECTS)
def test_typescript_is_strict_and_exact(scenario: str, compiler: Path, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    seedbed("manifest", scenario, "--out", tmp_path / f"{scenario}.ts", folder=PROJECTS[scenario])
    if scenario == "m03":
        (tmp_path / "use.ts").write_text(USE_OF_M03)
    options = ["--strict", "--noUncheckedIndexedAccess", "--noUnusedLocals", "--target", "es2022"]
    files = sorted(tmp_path.glob("*.ts"))
    run("node", compiler, *options, "--module", "nodenext", *files, folder=tmp_path)

    code = f"import {{ manifest }} from './{scenario}.js'; console.log(JSON.stringify({WORKERS}.map(manifest)))"
    printed = run("node", "--input-type=module", "-e", code, folder=tmp_path)
    assert json.loads(printed) == [declared(scenario, worker) for worker in WORKERS]


@pytest.mark.parametrize("scenario", PROJECTS)
def test_python_is_strict_and_exact(scenario: str, tmp_path: Path) -> None:
    seedbed("manifest", scenario, "--out", tmp_path / f"{scenario}.py", folder=PROJECTS[scenario])
    run(sys.executable, "-m", "mypy", "--strict", f"{scenario}.py", folder=tmp_path)

    code = f"import json; from {scenario} import manifest; print(json.dumps([manifest(w) for w in {WORKERS}]))"
    assert json.loads(run(sys.executable, "-c", code, folder=tmp_path)) == [
        declared(scenario, worker) for worker in WORKERS
    ]


@pytest.mark.parametrize("scenario", PROJECTS)
def test_dart_can_be_parsed(scenario: str) -> None:
    code = seedbed("manifest", scenario, "--format", "dart", folder=PROJECTS[scenario])
    parsed = Parser(Language(tree_sitter_dart.language())).parse(code.encode())
    assert not parsed.root_node.has_error


def test_a_file_that_is_old_is_told_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "m03.ts"
    check = [Path(sys.executable).parent / "seedbed", "manifest", "m03", "--check", file]
    for change, says in [
        (None, "line 1 is nothing and would be `// Made by"),
        (("new", "old"), "is `"),
    ]:
        if change is not None:
            seedbed("manifest", "m03", "--out", file, folder=ROOT)
            assert subprocess.run(check, cwd=ROOT, check=False, capture_output=True).returncode == 0
            file.write_text(file.read_text().replace(*change, 1))
        done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ)
        assert (done.returncode, says in done.stdout) == (1, True), done.stdout
        assert len(done.stdout.splitlines()) == 1
