"""The pages for people: their own files only, nothing inline, everything escaped."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from tests.api.asking import ask
from tests.api.chromium import draw
from tests.api.serving import running
from tests.api.world import NEWEST, World, make_rows, make_world, publish

from assay.api.cards import CARDS
from assay.api.description import TAGS
from assay.api.problems import PROBLEMS
from assay.grades import GradeKind
from assay.kit.clock import FixedClock

PAGES = ("/", "/docs", "/errors")


@pytest.mark.parametrize("page", PAGES)
def test_pages_load_nothing_foreign_and_nothing_inline(world: World, page: str) -> None:
    answer = ask(world.app, page)
    assert answer.header("content-type") == "text/html; charset=utf-8"
    html = answer.body.decode()
    policy = answer.header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in html
    assert "<style" not in html
    assert not re.search(r"<script(?![^>]* src=)", html)
    assert not re.search(r"\son\w+=", html)
    for link in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert link.startswith("/"), link
        target = link.partition("#")[0]
        assert ask(world.app, target).status == 200, link


def test_the_start_page_says_how_far_the_data_goes(tmp_path: Path) -> None:
    recorded = make_world(tmp_path / "a", clock=FixedClock(datetime(2026, 5, 1, tzinfo=UTC)))
    html = ask(recorded.app, "/").body.decode()
    assert "Recorded data to 29 December 2023" in html
    assert "backfilled" in html
    assert "Not investment advice" in html
    assert "Trader grade" in html
    assert "Investor grade" in html
    fresh = make_world(tmp_path / "b", clock=FixedClock(datetime(2023, 12, 30, 9, tzinfo=UTC)))
    html = ask(fresh.app, "/").body.decode()
    assert "Recorded" not in html
    assert "Data to 29 December 2023" in html


def test_names_from_outside_are_escaped(tmp_path: Path) -> None:
    world = make_world(tmp_path, days=0)
    rows = make_rows(world.markets.registry, NEWEST)
    rows[0]["name"] = '<script>alert("x")</script>'
    publish(world.database, GradeKind.TRADER, NEWEST, rows, datetime(2024, 1, 1, tzinfo=UTC))
    html = ask(world.app, "/").body.decode()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_every_error_code_has_its_place_on_the_page(world: World) -> None:
    html = ask(world.app, "/errors").body.decode()
    for code in PROBLEMS:
        assert f'id="{code}"' in html


def test_the_vendored_files_are_the_published_ones() -> None:
    folder = files("assay.api").joinpath("assets")
    notice = folder.joinpath("swagger-ui.NOTICE.txt").read_text(encoding="utf-8")
    listed = re.findall(r"^([0-9a-f]{64})  (\S+)$", notice, re.MULTILINE)
    assert {name for _, name in listed} == {"swagger-ui-bundle.js", "swagger-ui.css"}
    for digest, name in listed:
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == digest


@pytest.mark.slow
def test_the_docs_are_drawn_by_a_real_browser(
    fresh_world: World, chromium: str, tmp_path: Path
) -> None:
    """The reference draws itself from our files alone under the strict policy."""
    tags = [tag["name"] for tag in TAGS]
    unfold = "for (const tag of ['grades', 'facts'])"
    unfold += " document.querySelector(`#operations-tag-${tag} button`).click()"
    operations = ("list_grades", "list_tokens", "list_candles", "get_publication")
    steps = (
        ("", tuple(f"operations-tag-{tag}" for tag in tags)),
        (unfold, tuple(f"-{operation}" for operation in operations)),
    )
    with running(fresh_world.app) as url:
        source, complaints = draw(chromium, tmp_path, f"{url}/docs", *steps)
    assert "not investment advice" in source
    assert complaints == []


def test_the_start_page_says_when_the_grades_lag_behind_the_data(tmp_path: Path) -> None:
    assert "assay backfill" not in ask(make_world(tmp_path / "a").app, "/").body.decode()
    behind = make_world(tmp_path / "b", days=0)
    day = NEWEST - timedelta(days=3)
    rows = make_rows(behind.markets.registry, day)
    publish(behind.database, GradeKind.TRADER, day, rows, datetime(2024, 1, 1, tzinfo=UTC))
    assert "assay backfill" in ask(behind.app, "/").body.decode()


def test_the_briefing_is_a_page_and_markdown_of_what_was_sealed(world: World) -> None:
    sealed = ask(world.app, "/v1/briefing").json
    page, text = (ask(world.app, f"/v1/briefing.{form}") for form in ("html", "md"))
    assert page.header("content-type") == "text/html; charset=utf-8"
    assert text.header("content-type") == "text/markdown; charset=utf-8"
    assert sealed["data"]["as_of"][:4] in page.body.decode()
    style = re.search(r"<style>(.*?)</style>", page.body.decode(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = page.header("content-security-policy")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script-src" not in policy
    assert not re.search(r"<script|\sstyle=|\son\w+=", page.body.decode())
    assert text.body.startswith(b"# ")
    for form in ("html", "md"):
        missing = ask(world.app, f"/v1/briefing.{form}?as_of=2023-01-01")
        assert (missing.status, missing.json["code"]) == (404, "not-found")


def test_the_start_page_tells_of_every_other_kind(world: World) -> None:
    html = ask(world.app, "/").body.decode()
    for card in CARDS:
        assert f"<h2>{card.title}</h2>" in html
        assert card.link in html.replace("&amp;", "&")
    assert "the same mean exposure, held constantly" in html
    assert "no skill shown" in html
