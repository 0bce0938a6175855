"""The committed bundle is what its sources build, and small enough to load at once."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import require

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
BUNDLE = ROOT / "src" / "assay" / "api" / "assets" / "app"
MOST_COMPRESSED = 260_000
"""All pages together; what one of them loads is measured by bench/web."""


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the bundle is built of, beside its packages."""
    require("node")
    if not (WEB / "node_modules").is_dir():
        if os.environ.get("ASSAY_REQUIRE") == "all":
            pytest.fail("web/node_modules is missing and ASSAY_REQUIRE=all")
        pytest.skip("the packages of web/package-lock.json are not installed: run tools/node.sh")
    root = tmp_path_factory.mktemp("bundle")
    shutil.copytree(WEB, root / "web", ignore=shutil.ignore_patterns("node_modules"))
    (root / "web" / "node_modules").symlink_to(WEB / "node_modules")
    shutil.copytree(
        ROOT / "clients" / "typescript" / "src", root / "clients" / "typescript" / "src"
    )
    return root


@pytest.mark.slow
def test_the_committed_bundle_is_what_the_sources_build(sources: Path) -> None:
    run(sources / "web", "node", "node_modules/vite/bin/vite.js", "build", "--logLevel", "error")
    built = sources / "src" / "assay" / "api" / "assets" / "app"
    names = sorted(path.name for path in built.iterdir())
    assert names == sorted(path.name for path in BUNDLE.iterdir())
    for name in names:
        assert (built / name).read_bytes() == (BUNDLE / name).read_bytes(), name


@pytest.mark.slow
def test_the_types_of_the_sources_hold(sources: Path) -> None:
    tool = "node_modules/svelte-check/bin/svelte-check"
    run(sources / "web", "node", tool, "--fail-on-warnings")


def test_the_bundle_is_small() -> None:
    bodies = [path.read_bytes() for path in BUNDLE.iterdir()]
    assert sum(len(gzip.compress(body, 6)) for body in bodies) < MOST_COMPRESSED


def test_no_address_of_a_registry_stands_in_the_lock() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text()
