"""The TypeScript client: generated from the same document, compiled, run by node against us.

Needs node >= 20 and the packages of `clients/typescript` (`npm ci` there).
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.world import World
from tests.client.examples import list_examples
from tests.services import miss

from assay.client import Client

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "clients" / "typescript"
COMPILER = FOLDER / "node_modules" / ".bin" / "tsc"


@pytest.fixture(scope="module")
def compiled() -> Iterator[Path]:
    """Where the compiled client and its tests lie; compiling is the type check. It lies within the
    package, where node finds what that needs, apart from what other test processes compile.
    """
    if shutil.which("node") is None:
        miss("node", "not on PATH")
    if not COMPILER.exists():
        miss("clients/typescript/node_modules", "run npm ci in clients/typescript")
    folder = FOLDER / "build" / secrets.token_hex(4)
    done = subprocess.run(
        [str(COMPILER), "-p", "tsconfig.test.json", "--outDir", str(folder)],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    yield folder / "test"
    shutil.rmtree(folder)


def run_node(script: Path, url: str = "http://127.0.0.1:9") -> str:
    environment = {"PATH": os.environ["PATH"], "ASSAY_API_URL": url, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        ["node", str(script)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_lock_names_no_host() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_bytes())
    assert lock["lockfileVersion"] >= 3
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert all("integrity" in package for package in packages.values())


def test_no_path_is_forgotten() -> None:
    """Without node: the committed types have every path of the committed document."""
    document = json.loads((ROOT / "clients" / "openapi.json").read_bytes())
    types = (FOLDER / "src" / "schema.ts").read_text(encoding="utf-8")
    section = types.partition("export interface paths {")[2].partition("\n}\n")[0]
    assert set(re.findall(r'^    "(/[^"]*)": \{', section, re.MULTILINE)) == set(document["paths"])


@pytest.mark.slow
def test_the_committed_types_are_what_the_generator_writes(compiled: Path) -> None:
    generator = ROOT / "tools" / "generate_clients.py"
    command = [sys.executable, str(generator), "--check", "--from"]
    command.append(str(ROOT / "clients" / "openapi.json"))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left as it is" not in done.stdout


@pytest.mark.slow
def test_it_reads_a_real_server(compiled: Path, served: tuple[World, str]) -> None:
    told = json.loads(run_node(compiled / "smoke.js", served[1]))
    assert told["best"]["rank"] == 1
    assert len(told["symbols"]) > 100
    assert len(told["sizes"]) == -(-sum(told["sizes"]) // 40)
    assert told["refused"] == [404, "not-found", False]


@pytest.mark.slow
def test_it_survives_what_passes_and_raises_the_rest(compiled: Path) -> None:
    assert run_node(compiled / "faults.js") == "ok\n"


@pytest.mark.slow
def test_the_typescript_example_compiles_and_runs(compiled: Path, keyed: str) -> None:
    person = {"email": "bob@example.org", "password": "nine candles and a key"}
    with Client(keyed, key="") as assay:
        assay.create_account(**person)
        assay.sign_in(**person)
        key = assay.create_key(name="node").data.key
    (example,) = list_examples("ts")
    source = compiled.parent / "example" / "example.ts"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(
        example.replace('"assay-client"', '"../../../src/index.js"'), encoding="utf-8"
    )
    settings = ["--module", "NodeNext", "--target", "ES2022", "--strict", "--skipLibCheck"]
    built = compiled.parent / "run"
    roots = ["--rootDir", str(FOLDER), "--outDir", str(built)]
    lib = ["--lib", "ES2022,DOM,DOM.Iterable", "--types", "node"]
    command = [str(COMPILER), *settings, *roots, *lib, str(source)]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    environment = {"PATH": os.environ["PATH"], "ASSAY_API_URL": keyed, "ASSAY_API_KEY": key}
    script = built / source.relative_to(FOLDER).with_suffix(".js")
    ran = subprocess.run(
        ["node", str(script)], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "not-found" in ran.stdout
    assert "GONE collapsed" in ran.stdout
