"""The runbooks: commands exist, links lead somewhere, and what can be run here is run."""

import contextlib
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.serving import running
from tests.api.world import NOW, make_world
from tests.deploy.files import ROOT, SETTINGS, find_command
from typer.testing import CliRunner

from assay.api import create_app
from assay.cli.app import app
from assay.client import Client, Unauthorized
from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.settings import Settings

FOLDER = ROOT / "docs" / "runbooks"
PAGES = [ROOT / "docs" / "deployment.md", *sorted(FOLDER.glob("*.md"))]


def list_blocks(page: Path, fence: str) -> list[str]:
    blocks = re.findall(
        rf"^( *)```{fence}\n(.*?)^ *```$", page.read_text(), re.MULTILINE | re.DOTALL
    )
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in blocks]


def list_commands(page: Path) -> Iterator[list[str]]:
    """Every `assay` command of a page, in blocks and in the text."""
    text = page.read_text()
    lines = [
        line
        for block in re.findall(r"```sh.*?\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    lines += re.findall(r"`(assay [^`]+)`", text)
    for line in lines:
        words = shlex.split(line)
        if words and words[0] == "assay":
            yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_settings_and_links_are_real(page: Path) -> None:
    text = page.read_text()
    for words in list_commands(page):
        find_command(words)
    assert set(re.findall(r"\bASSAY_[A-Z_]+\b", text)) <= SETTINGS | {
        "ASSAY_API_URL",
        "ASSAY_API_KEY",
    }
    for link in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = link.partition("#")
        target = page if not path else page.parent / path
        assert target.exists(), link
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
        assert not anchor or anchor in {h.lower().replace(" ", "-") for h in headings}, link
    for file in re.findall(r"\bdeploy/[\w./-]+\w", text):
        if file != "deploy/secrets" and not file.startswith("deploy/assay-"):
            assert (ROOT / file).exists(), file


def run_block(block: str, folder: Path, home: Path) -> str:
    """Run the commands of a block one after the other, as the shell does; none may fail."""
    passphrase = folder / "passphrase"
    passphrase.write_text("candles, candles, candles\n")
    passphrase.chmod(0o600)
    environment = {
        "ASSAY_HOME": str(home),
        "ASSAY_PORT": "0",
        "ASSAY_PASSPHRASE_FILE": str(passphrase),
        "COLUMNS": "200",
    }
    said = ""
    with contextlib.chdir(folder):
        for line in block.splitlines():
            name, *words = shlex.split(line)
            assert name == "assay"
            done = CliRunner().invoke(app, words, env=environment)
            assert done.exit_code == 0, f"{line}\n{done.output}"
            said += done.output
    return said


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an account in it."""
    path = tmp_path / "home"
    run_block("assay database upgrade\nassay account create ada@example.org", tmp_path, path)
    return path


@pytest.mark.slow
def test_the_way_up_and_down_is_walked(tmp_path: Path, home: Path) -> None:
    blocks = list_blocks(FOLDER / "migration.md", "sh run")
    assert len(blocks) == 4
    *up, down = blocks
    for block in up:
        run_block(block, tmp_path, home)
    assert "ada@example.org" in run_block("assay account list", tmp_path, home)
    run_block(down, tmp_path, home)
    # The way back that the page names, should the older version not start.
    old = tmp_path / "old"
    run_block("assay restore before.assay", tmp_path, old)
    assert "ada@example.org" in run_block("assay account list", tmp_path, old)


@pytest.mark.slow
def test_what_was_backed_up_is_restored(tmp_path: Path, home: Path) -> None:
    (make,) = list_blocks(FOLDER / "restore.md", "sh run")
    (restore,) = list_blocks(FOLDER / "restore.md", "sh restore")
    run_block(make, tmp_path, home)
    fresh = tmp_path / "fresh"
    run_block(restore, tmp_path, fresh)
    assert "ada@example.org" in run_block("assay account list", tmp_path, fresh)


def test_keys_are_rotated_and_revoked_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(tmp_path)
    settings = Settings(home=tmp_path, keys=True)
    keyed = create_app(
        Home(tmp_path), FixedClock(NOW), settings, grades=world.grades, markets=world.markets
    )
    person = {"email": "ada@example.org", "password": "seven candles and a key"}
    rotate, revoke = list_blocks(FOLDER / "key-rotation.md", "python")
    with running(keyed) as url, Client(url, key="") as session:
        session.create_account(**person)
        session.sign_in(**person)
        mine = session.create_key(name="mine", scopes=["read", "account"]).data
        leaked = session.create_key(name="leaked").data
        monkeypatch.setenv("ASSAY_API_URL", url)
        monkeypatch.setenv("ASSAY_API_KEY", mine.key)
        names: dict[str, object] = {"key_id": leaked.key_id}
        exec(compile(rotate, "rotate", "exec"), names)  # noqa: S102
        fresh = str(names["fresh"])
        assert fresh != leaked.key
        for key in (fresh, leaked.key):
            with Client(url, key=key) as client:
                assert client.get_token("BTC").data.symbol == "BTC"
        exec(compile(revoke, "revoke", "exec"), names)  # noqa: S102
        with Client(url, key=fresh) as client, pytest.raises(Unauthorized):
            wait_until_refused(client)


def wait_until_refused(client: Client) -> None:
    """Ask for two seconds at most: a revocation is seen within one."""
    for _ in range(40):
        client.get_token("BTC")
        time.sleep(0.05)
