"""What axe-core, the accessibility checker, finds on a page."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")


def list_barriers(page: Page) -> list[str]:
    """Every serious or critical finding, by rule and place."""
    # The content policy forbids scripts in the page; the checker runs from the debugger instead.
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run()")
    return [
        f"{finding['id']}: {node['target']}"
        for finding in found["violations"]
        if finding["impact"] in GRAVE
        for node in finding["nodes"]
    ]
