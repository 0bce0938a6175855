"""docs/api.md and the README say what works: every example runs against a served world."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from tests.api.serving import running
from tests.api.spoken import make_kind_rows, say
from tests.api.world import NEWEST, World, make_world

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "docs" / "api.md", ROOT / "README.md")
ADDRESS = "http://127.0.0.1:8000"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CURL = re.compile(r"^    (curl .*)$", re.MULTILINE)


def list_examples() -> list[tuple[str, str]]:
    """(language, text) of every fenced block, and the README's curl lines."""
    found = [example for page in PAGES for example in FENCE.findall(page.read_text("utf-8"))]
    return found + [("bash", line) for line in CURL.findall(PAGES[1].read_text("utf-8"))]


EXAMPLES = list_examples()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A world with the index of the examples, on a real socket."""
    world: World = make_world(tmp_path_factory.mktemp("examples"))
    rows = make_kind_rows("indices", NEWEST)
    rows.append(rows[0] | {"index_id": 99, "slug": "trader", "ticker": "TRADER"})
    say(world.database, "indices", NEWEST, rows)
    with running(world.app) as url:
        yield url


def find_tool(name: str) -> str:
    """The path of a tool that an example needs; without it the example cannot be judged."""
    path = shutil.which(name)
    if path is None:
        if os.environ.get("ASSAY_REQUIRE") == "all":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return path


def run(command: list[str], folder: Path) -> str:
    """What a command prints. It fails where the command does."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.parametrize("language", sorted({language for language, _ in EXAMPLES}))
def test_every_example_is_of_a_language_that_is_tried(language: str) -> None:
    assert language in {"bash", "python", "js", "json"}


@pytest.mark.parametrize("text", [text for language, text in EXAMPLES if language == "bash"])
def test_shell_examples(served: str, tmp_path: Path, text: str) -> None:
    tools = set(re.findall(r"\b(curl|openssl)\b", text))
    for tool in tools:
        find_tool(tool)
    # An answer that is an error fails the example.
    script = text.replace(ADDRESS, served).replace("curl -s", "curl --fail-with-body -s")
    script = re.sub(r"^curl (?!--fail)", "curl --fail-with-body -s ", script, flags=re.MULTILINE)
    said = run([find_tool("bash"), "-euo", "pipefail", "-c", script], tmp_path)
    assert said or list(tmp_path.iterdir()) or "test " in text


@pytest.mark.parametrize("text", [text for language, text in EXAMPLES if language == "python"])
def test_python_examples(served: str, tmp_path: Path, text: str) -> None:
    assert run([sys.executable, "-W", "error", "-c", text.replace(ADDRESS, served)], tmp_path)


@pytest.mark.parametrize("text", [text for language, text in EXAMPLES if language == "js"])
def test_javascript_examples(served: str, tmp_path: Path, text: str) -> None:
    script = tmp_path / "example.mjs"
    script.write_text(text.replace(ADDRESS, served))
    assert run([find_tool("node"), str(script)], tmp_path)


@pytest.mark.parametrize("text", [text for language, text in EXAMPLES if language == "json"])
def test_json_examples_are_json(text: str) -> None:
    assert orjson.loads(text)
