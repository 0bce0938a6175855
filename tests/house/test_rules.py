"""The house's own checks catch what they promise: each planted fault is found."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def check_house() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_house", ROOT / "tools" / "check_house.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("path", "line", "complaint"),
    [
        ("grades/service.py", "from assay.markets.store import lake", "window"),
        ("grades/service.py", "import assay.ledger.store", "window"),
        ("grades/compute/x.py", "value = open('f')", "in pure code"),
        ("api/x.py", "from assay.grades.service import publish", "window"),
    ],
)
def test_planted_faults_are_found(
    check_house: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    line: str,
    complaint: str,
) -> None:
    root = tmp_path / "assay"
    for inner in ("markets/store.py", "ledger/store.py", "grades/service.py", path):
        (root / inner).parent.mkdir(parents=True, exist_ok=True)
        (root / inner).write_text("")
    (root / path).write_text(line + "\n")
    monkeypatch.setattr(check_house, "ROOT", root)
    assert any(complaint in breach for breach in check_house.check_source(root / path))


@pytest.mark.parametrize(
    "line", ["from assay.markets import load_panel", "from assay.markets.types import Panel"]
)
def test_front_doors_are_open(
    check_house: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    root = tmp_path / "assay"
    (root / "markets").mkdir(parents=True)
    (root / "markets" / "types.py").write_text("")
    (root / "grades").mkdir()
    (root / "grades" / "service.py").write_text(line + "\n")
    monkeypatch.setattr(check_house, "ROOT", root)
    assert check_house.check_source(root / "grades" / "service.py") == []


def test_every_room_is_on_the_page_and_has_a_card() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = [path.parent for path in (ROOT / "src" / "assay").glob("*/__init__.py")]
    assert rooms
    for room in rooms:
        assert re.search(rf"\b{room.name}\b", page), f"{room.name} is not in ARCHITECTURE.md"
        assert (room / "__init__.py").read_text().startswith('"""')


def test_decision_records_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_requirements_are_pinned_by_hash_and_name_no_index() -> None:
    for name in ("run", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert "://" not in text
        assert "index-url" not in text
        pins = re.findall(r"^[a-z0-9][\w.-]*==.*?(?=^[a-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)
        assert len(pins) > 50
        assert all("--hash=sha256:" in pin for pin in pins)


def test_the_command_line_answers_help_without_loading_anything(tmp_path: Path) -> None:
    home = tmp_path / "home"
    answer = subprocess.run(
        [sys.executable, "-m", "assay", "--help"],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "ASSAY_HOME": str(home)},
        check=True,
    )
    assert "evaluate" in answer.stdout
    assert not {"lake", "panel", "assay.db"} & {path.name for path in home.glob("*")}
