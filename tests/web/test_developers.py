"""The developers' page in a real browser: examples for this server, with the key just made."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.accounts.people import EMAIL, PASSWORD, QUICK
from tests.api.serving import running
from tests.api.world import make_world
from tests.services import miss
from tests.tokenmetrics.enriching import enrich
from tests.web.axe import list_barriers
from tests.web.conftest import Site
from tests.web.keyed import Visit, visit

from assay import accounts
from assay.accounts.types import Role
from assay.api import create_app
from assay.kit.clock import SystemClock
from assay.kit.home import Home
from assay.kit.settings import Settings
from assay.tokenmetrics import create_face

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TYPESCRIPT = ROOT / "clients" / "typescript"
COMPILER = TYPESCRIPT / "node_modules" / ".bin" / "tsc"


@dataclass
class Examples:
    """What the page shows, at a server that asks for keys; each with the key made in the page."""

    home: Path
    texts: dict[str, str]

    def run(self, name: str, limit_s: float = 120.0) -> str:
        """What an example prints."""
        text = self.texts[name]
        in_shell = name in ("curl", "cli")
        command = ["bash", "-ec", text] if in_shell else [sys.executable, "-c", text]
        environment = {
            **os.environ,
            "ASSAY_HOME": str(self.home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "NO_PROXY": "127.0.0.1",
        }
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=limit_s,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def examples(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examples]:
    home = tmp_path_factory.mktemp("examples")
    world = make_world(home)
    enrich(world)
    app = create_app(
        Home(home),
        SystemClock(),
        Settings(home=home, keys=True),
        grades=world.grades,
        markets=world.markets,
        faces=(create_face(),),
    )
    app.state.desk.passwords = QUICK
    accounts.create_account(
        app.state.database,
        SystemClock(),
        email=EMAIL,
        password=PASSWORD,
        role=Role.USER,
        passwords=QUICK,
    )
    with running(app) as url:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{url.rstrip('/')}/account")
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("link", name="Developers").click()
        page.get_by_role("button", name="Make a key").click()
        expect(page.locator("pre")).to_contain_text("ak_")
        texts = {}
        for button in page.get_by_role("group", name="Language").get_by_role("button").all():
            button.click()
            texts[page.url.rpartition("in=")[2]] = page.locator("pre").inner_text()
        context.close()
        yield Examples(home, texts)


@pytest.fixture
def guest(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    with visit(browser, tmp_path / "home") as guest:
        yield guest


def test_an_open_server_shows_examples_without_a_key(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/developers")
    expect(page.get_by_text("no key is needed")).to_be_visible()
    code = page.locator("pre")
    expect(code).to_contain_text(f"curl -s '{site.url}/v1/grades/trader?limit=5'")
    for language, word in (
        ("Python", f'Client("{site.url}")'),
        ("TypeScript", f'new Assay({{ url: "{site.url}" }})'),
        ("Token Metrics client", f'BASE_URL = "{site.url}/tokenmetrics/v2"'),
        ("WebSocket", "ws://127.0.0.1"),
        ("Command line", "assay grades"),
        ("Data frame", "read_ipc_stream"),
    ):
        page.get_by_role("button", name=language, exact=True).click()
        expect(code).to_contain_text(word)
        expect(code).not_to_contain_text("YOUR_API_KEY")
    expect(page).to_have_url(f"{site.url}/developers?in=arrow")
    assert not list_barriers(page)


def test_an_example_is_copied(page: Page, site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site.url}/developers?in=python")
    page.get_by_role("button", name="Copy the Python example").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("pre").inner_text()


@pytest.mark.parametrize("name", ["curl", "python", "arrow"])
def test_examples_run_with_the_key_made_in_the_page(examples: Examples, name: str) -> None:
    assert "ak_" in examples.texts[name]
    assert "COIN" in examples.run(name)


def test_the_example_of_the_token_metrics_client_runs(examples: Examples) -> None:
    assert "ak_" in examples.texts["tokenmetrics"]
    assert "Bitcoin" in examples.run("tokenmetrics")


def test_the_example_of_the_command_line_runs(examples: Examples) -> None:
    assert "grades.trader-2023-12-29" in examples.run("cli", limit_s=300.0)


def test_the_example_of_the_websocket_hears_the_newest_grades(examples: Examples) -> None:
    # It listens for ever; here until the first snapshot.
    text = examples.texts["websocket"]
    assert "ak_" in text
    heard = Examples(examples.home, {"websocket": f"{text}\n        if message.get('rows'): break"})
    assert "snapshot [{" in heard.run("websocket")


def test_the_example_of_typescript_compiles_and_runs(examples: Examples, tmp_path: Path) -> None:
    if shutil.which("node") is None or not COMPILER.exists():
        miss("clients/typescript/node_modules", "run npm ci in clients/typescript")
    # Beside the client, where node finds what that needs.
    folder = TYPESCRIPT / "build" / tmp_path.name
    folder.mkdir(parents=True)
    try:
        source = folder / "example.ts"
        text = examples.texts["typescript"]
        source.write_text(text.replace('"assay-client"', '"../../src/index.js"'), encoding="utf-8")
        settings = ["--module", "NodeNext", "--target", "ES2022", "--strict", "--skipLibCheck"]
        lib = ["--lib", "ES2022,DOM,DOM.Iterable", "--types", "node"]
        roots = ["--rootDir", str(TYPESCRIPT), "--outDir", str(folder / "run")]
        command = [str(COMPILER), *settings, *roots, *lib, str(source)]
        done = subprocess.run(command, cwd=TYPESCRIPT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        script = folder / "run" / source.relative_to(TYPESCRIPT).with_suffix(".js")
        environment = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"}
        ran = subprocess.run(
            ["node", str(script)], env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stderr
        assert "COIN" in ran.stdout
    finally:
        shutil.rmtree(folder)


def test_examples_of_an_open_server_run_without_a_key(page: Page, site: Site) -> None:
    for name in ("curl", "python", "arrow"):
        page.goto(f"{site.url}/developers?in={name}")
        text = page.locator("pre").inner_text()
        assert "COIN" in Examples(Path(), {name: text}).run(name)


def test_the_links_lead_somewhere(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/developers")
    links = page.get_by_role("region", name="Further").get_by_role("link")
    expect(links.first).to_be_visible()
    paths = [str(link.get_attribute("href")) for link in links.all()]
    assert {"/docs", "/openapi.json", "/errors"} <= set(paths)
    for path in ("/docs", "/openapi.json", "/errors"):
        assert httpx.get(site.url + path).status_code == 200


def test_nothing_scrolls_sideways_on_a_phone(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site.url}/developers?in=python")
    expect(page.locator("pre")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_keyed_server_has_a_placeholder_until_a_key_is_made(guest: Visit) -> None:
    page = guest.page
    guest.open("/developers")
    expect(page.locator("pre")).to_contain_text("x-api-key: YOUR_API_KEY")
    expect(page.get_by_role("main").get_by_role("link", name="Sign in or sign up")).to_be_visible()
    guest.site.create()
    guest.sign_in()
    guest.open("/developers")
    page.get_by_role("button", name="Make a key").click()
    key = page.get_by_role("region", name="Key").locator("code").inner_text()
    assert key.startswith("ak_")
    expect(page.locator("pre")).to_contain_text(f"x-api-key: {key}")
    assert not list_barriers(page)
    answer = httpx.get(f"{guest.site.url}/v1/tokens?limit=1", headers={"x-api-key": key})
    assert answer.status_code == 200
    page.reload()
    expect(page.locator("pre")).to_contain_text("YOUR_API_KEY")


def test_a_read_only_account_makes_no_key(guest: Visit) -> None:
    guest.site.create(role=Role.READ_ONLY)
    guest.sign_in()
    guest.open("/developers")
    expect(guest.page.get_by_text("a read-only account makes none")).to_be_visible()
    assert not list_barriers(guest.page)
