"""The JavaScript clients' handling of the answers, in a real Node with its own fetch, whose
requests to api.tokenmetrics.com a preloaded file sends here (reference, section 5).

No official JavaScript package is on npm under any name that was tried; what is run is written
from their behaviour.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.serving import running
from tests.api.world import make_world
from tests.conftest import require
from tests.tokenmetrics.asking import PREFIX, open_face

FOLDER = Path(__file__).with_name("node")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with running(open_face(make_world(tmp_path), tmp_path).app) as address:
        yield address.rstrip("/") + PREFIX


@pytest.mark.slow
def test_javascript_clients_can_use_every_answer(url: str) -> None:
    node = require("node")
    done = subprocess.run(
        [node, "--require", str(FOLDER / "redirect.cjs"), str(FOLDER / "clients.mjs")],
        env={"PATH": os.environ["PATH"], "ASSAY_V2": url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\nok ") + done.stdout.startswith("ok ") == 9
