"""The pages for people: their own files only, nothing inline, everything escaped."""

import base64
import hashlib
import re
from importlib.resources import files
from pathlib import Path

import pytest
from tests.api.asking import ask
from tests.api.chromium import draw
from tests.api.serving import running
from tests.api.world import World

from assay.api.description import TAGS
from assay.api.problems import PROBLEMS

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
