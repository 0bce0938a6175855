"""One face over the small market of the API's tests, shared by all tests that only read."""

from pathlib import Path

import pytest
from tests.api.world import make_world
from tests.tokenmetrics.asking import AskedFace, open_face


@pytest.fixture(scope="session")
def face(tmp_path_factory: pytest.TempPathFactory) -> AskedFace:
    path = tmp_path_factory.mktemp("tokenmetrics")
    return open_face(make_world(path), path)


@pytest.fixture
def fresh_face(tmp_path: Path) -> AskedFace:
    return open_face(make_world(tmp_path), tmp_path)
