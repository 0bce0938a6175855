"""The first load of the web app in a real browser: how much comes over the wire, and how long until
the page can be used and shows its first rows. The peer is an empty page of the same server. Then
what a first visit to each page loads.
"""

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.api.serving import running
from tests.api.world import make_world

from assay.api.own_files import load_pages

ROUNDS = 7
MOST_KB = 200
MOST_MS = 1_000
FIGURES = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const all = performance.getEntriesByType("resource");
  const files = all.filter((file) => file.name.includes("/app/"));
  return [page.domInteractive, [page, ...files].reduce((sum, file) => sum + file.transferSize, 0)];
}"""


def load(browser: Browser, url: str, wanted: str) -> tuple[float, float, float]:
    """(ms until interactive, ms until `wanted` is visible, bytes of the app) of a first visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(wanted)
    shown = page.evaluate("performance.now()")
    interactive, size = page.evaluate(FIGURES)
    context.close()
    return interactive, shown, size


def main() -> int:
    chromium = shutil.which("chromium")
    if chromium is None:
        print("chromium is not installed")
        return 1
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        world = make_world(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with running(world.app) as url:
            ours = [load(browser, url, "tbody th a") for _ in range(ROUNDS)]
            bare = [load(browser, f"{url}/healthz", "body") for _ in range(ROUNDS)]
            pages = [page for page in load_pages() if page != "tokens"]
            sizes = {page: load(browser, f"{url}/{page}", "main h1")[2] for page in pages}
            sizes["tokens/BTC"] = load(browser, f"{url}/tokens/BTC", "canvas")[2]
        browser.close()
    interactive, shown, size = (statistics.median(column) for column in zip(*ours, strict=True))
    base = statistics.median(row[1] for row in bare)
    print(f"start: {size / 1e3:.0f} kB over the wire (target {MOST_KB})")
    print(f"interactive after {interactive:.0f} ms, first rows after {shown:.0f} ms", end=" ")
    print(f"(target {MOST_MS})")
    print(f"an answer of some bytes is shown after {base:.0f} ms: ratio {shown / base:.1f}")
    for page, loaded in sorted(sizes.items(), key=lambda item: -item[1]):
        print(f"/{page}: {loaded / 1e3:.0f} kB")
    return int(max(size, *sizes.values()) > MOST_KB * 1e3 or shown > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())
