"""Takes the pictures of the web app that README.md shows, from a running server.

    .venv/bin/python tools/take_pictures.py http://127.0.0.1:8000

Needs Chromium and a server whose history stands. Writes docs/pictures/*.png.
"""

import shutil
import sys
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"


class Picture(NamedTuple):
    """A page as it is shown: what must be there before it is taken, and what is pressed first."""

    name: str
    path: str
    wanted: str
    scheme: Literal["light", "dark"]
    height: int = 860
    press: str = ""


PICTURES = (
    Picture("market", "/market", "tbody th a", "light"),
    Picture("heat-map", "/market?form=map", "main h3", "dark", 1_500),
    Picture("token", "/tokens/BTC", "canvas", "light", 1_480),
    Picture("track-record", "/track-record", "main svg", "light", 1_240),
    Picture(
        "verify",
        "/verify",
        "role=region[name='Verdict']",
        "dark",
        press="Check the newest publication",
    ),
)


def take(browser: Browser, url: str, picture: Picture) -> None:
    """Write one picture."""
    page = browser.new_page(
        viewport={"width": 1280, "height": picture.height}, color_scheme=picture.scheme
    )
    page.goto(url + picture.path)
    if picture.press:
        page.get_by_role("button", name=picture.press).click()
    page.wait_for_selector(picture.wanted)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{picture.name}.png")
    page.close()


def main() -> int:
    """Take all of them."""
    if len(sys.argv) != 2 or not (chromium := shutil.which("chromium")):
        print(__doc__, file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        # As root Chromium starts only without its sandbox; it sees our pages alone.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for picture in PICTURES:
            take(browser, sys.argv[1].rstrip("/"), picture)
            print(picture.name)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
