"""The developers' page in a real browser: examples for this server, with the key just made."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web.axe import list_barriers
from tests.web.conftest import Site
from tests.web.keyed import Visit, visit

pytestmark = pytest.mark.slow


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


def test_the_python_examples_run_as_they_stand(
    page: Page, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("python", "arrow"):
        page.goto(f"{site.url}/developers?in={name}")
        text = page.locator("pre").inner_text()
        exec(compile(text, name, "exec"), {})  # noqa: S102 - what the page shows is the test
        assert "COIN" in capsys.readouterr().out


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
    answer = httpx.get(f"{guest.site.url}/v1/tokens?limit=1", headers={"x-api-key": key})
    assert answer.status_code == 200
    page.reload()
    expect(page.locator("pre")).to_contain_text("YOUR_API_KEY")
