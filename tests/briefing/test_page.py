"""The page and the Markdown: readable, linked, escaped, whole."""

import re
import subprocess
from decimal import ROUND_HALF_UP, localcontext
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.briefing.world import (
    DAY,
    Archive,
    flat_facts,
    grade,
    said_on_the_day,
    signal,
    silent,
    stand,
    write_briefing,
)

from assay.briefing import Source, render_html, render_markdown
from assay.briefing.page.numbers import (
    count,
    format_change,
    format_coefficient,
    format_grade,
    format_price,
    format_return,
    format_share,
    format_usd,
)

VOID = {"meta", "line", "circle", "rect", "path", "br"}


class Page(HTMLParser):
    """Text, links and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attributes)
        if tag == "a":
            self.links.append((given["href"] or "", ""))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._open and self._open[-1] == "a":
            self.links[-1] = (self.links[-1][0], data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


@pytest.fixture(scope="module")
def archive() -> Archive:
    return said_on_the_day()


@pytest.fixture(scope="module")
def html(archive: Archive) -> str:
    return render_html(stand(write_briefing(archive, flat_facts())), archive.resolve)


def test_the_first_paragraph_says_the_day_in_plain_sentences(html: str) -> None:
    text = Page(html).text
    assert (
        "Bitcoin fell 3.1 % to $30,000. 12 % of 331 coins stand above their 50-day mean; "
        "fear and greed is at 19 (Extreme Fear). Among Trader Grades Alpha fell most, from 71.5 to "
        "44.2; Beta rose most, from 33.0 to 45.1. Of the daily signals, 1 turned long, 1 turned "
        "short and 1 ended. Gamma is no longer graded." in text
    )
    assert "Tuesday, 20 July 2021" in text
    assert "Backfilled: made afterwards from what was known that day." in text
    assert "Research, not investment advice." in text


def test_the_parts_say_what_happened(html: str) -> None:
    text = Page(html).text
    assert "regime wild, middle the day before" in text
    assert "momentum 50 → 12, volatility 50 → 31" in text
    assert "no sub-grade moved with it by 5 points" in text
    assert "regime invested to cash; sold 2 (ALPHA, BETA)" in text
    assert "It lost more than 80 % within a week." in text
    assert "Bitcoin, at $30,000" in text
    assert "7 days$25,500$35,401−15 % to +18 %" in text


def test_every_number_leads_to_a_publication(html: str, archive: Archive) -> None:
    page = Page(html)
    assert len(page.links) > 80
    known = {f"/v1/publications/{kind}-{day}" for kind, day in archive.rows}
    for href, text in page.links:
        assert href.startswith("/v1/publications/")
        assert href.rsplit("-", 1)[0] in known
        assert text
    assert '<span class="n">' not in html


def test_a_publication_that_is_gone_leaves_the_number_without_a_link(archive: Archive) -> None:
    def resolve(source: Source) -> str | None:
        return None if source.kind == "signals.daily" else archive.resolve(source)

    page = render_html(stand(write_briefing(archive, flat_facts())), resolve)
    assert '<span class="n">' in page
    assert "/v1/publications/signals.daily" not in page


def test_the_page_fetches_nothing_and_runs_nothing(html: str) -> None:
    page = Page(html)
    assert not {"script", "img", "link", "iframe", "object"} & set(page.tags)
    assert not re.search(r"(?:src|@import|url\()", html)
    assert "http" not in html


HOSTILE = '<script>alert("x")</script>|`[a](javascript:b)*'


def hostile_day() -> dict[str, Any]:
    archive = said_on_the_day()
    name = {"symbol": "<b>&", "name": HOSTILE}
    archive.rows[("grades.trader", DAY)] = [
        grade(1, "44.25", 1) | name,
        silent(3, "stale", "No <i>candle</i>.") | name,
    ]
    archive.rows[("signals.daily", DAY)] = [signal(1, -1) | name, signal(2, 0), signal(3, 0) | name]
    return write_briefing(archive, flat_facts())


def test_hostile_names_stay_text() -> None:
    briefing = stand(hostile_day())
    page = Page(render_html(briefing, lambda source: None))
    assert not {"script", "b>&", "i>candle"} & set(page.tags)
    assert HOSTILE in page.text
    assert "No <i>candle</i>." in page.text


def test_hostile_names_stay_text_in_markdown_too() -> None:
    text = render_markdown(stand(hostile_day()), lambda source: None)
    assert "<script" not in text.replace("\\<script", "")
    assert "[a](" not in text.replace("\\[a\\](", "")
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in range(3, 9)


def test_markdown_says_the_same_and_its_links_are_defined(archive: Archive) -> None:
    text = render_markdown(stand(write_briefing(archive, flat_facts())), archive.resolve)
    assert text.startswith("# Assay briefing, Tuesday 20 July 2021\n")
    used = set(re.findall(r"\]\[(p\d+|own)\]", text))
    defined = dict(re.findall(r"^\[(p\d+|own)\]: (\S+)$", text, re.MULTILINE))
    assert used == set(defined)
    assert defined["own"] == f"/v1/publications/briefing-{DAY}-0123456789ab"
    assert "Bitcoin fell [3.1 %][" in text
    assert "ALPHA · Alpha" in text
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) > 8
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1


def test_a_quiet_day_says_so_in_both() -> None:
    briefing = stand(write_briefing(Archive(), flat_facts()), origin="live")
    page = Page(render_html(briefing, lambda source: None))
    assert "Nothing was published for this day that a briefing could report." in page.text
    assert f"Nothing was published for indices on {DAY}." in page.text
    assert "Said before the outcome." in page.text
    assert f"Nothing was published for indices on {DAY}." in render_markdown(
        briefing, lambda source: None
    )


def test_holes_are_dashes() -> None:
    archive = said_on_the_day()
    row = archive.rows[("market_state", DAY)][0]
    row |= {"eth": None, "fear_and_greed": {"value": None, "change": None, "label": None}}
    row["btc"] = {"token_id": 3375, "price_usd": "30000.5", "change": None}
    page = Page(render_html(stand(write_briefing(archive, flat_facts())), archive.resolve))
    assert "Bitcoin closed at $30,000." in page.text
    assert "Fear and greed" not in page.text


def test_one_and_many(archive: Archive) -> None:
    assert [count(number, "coin") for number in (0, 1, 2)] == ["0 coins", "1 coin", "2 coins"]
    assert count(2, "index", "indices") == "2 indices"
    row = write_briefing(archive, flat_facts())
    page = Page(render_html(stand(row), archive.resolve))
    assert "1 position ended: GAMMA." in page.text
    assert "2 coins graded, 0 at Buy or better (1 the day before)." in page.text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (format_price("42066.5200"), "$42,067"),
        (format_price("0.0000123456"), "$0.000012346"),
        (format_price("3.2"), "$3.2000"),
        (format_price(None), "–"),
        (format_return("-0.0123"), "−1.2 %"),
        (format_return("0.0000"), "0.0 %"),
        (format_return("-0.0001"), "0.0 %"),
        (format_share("0.2333"), "23 %"),
        (format_change("-3", 0), "−3"),
        (format_usd("9312345678"), "$9.3bn"),
        (format_usd("412345678"), "$412m"),
        (format_usd("950"), "$950"),
        (format_usd("0"), "$0"),
    ],
)
def test_numbers_as_people_read_them(said: str, shown: str) -> None:
    assert said == shown


def test_the_rounding_of_the_process_changes_no_number() -> None:
    with localcontext(rounding=ROUND_HALF_UP):
        assert format_grade("72.25") == "72.2"
        assert format_change("0.25") == "+0.2"
        assert format_coefficient("0.125") == "0.12"
        assert format_share("0.125") == "12 %"
        assert format_return("0.0025") == "+0.2 %"
        assert format_usd("412500000") == "$412m"
        assert format_usd("0.5") == "$0"
        assert format_price("42066.5") == "$42,066"


@pytest.mark.slow
def test_it_prints_on_one_sheet(html: str, tmp_path: Path, chromium: str) -> None:
    page = tmp_path / "page.html"
    page.write_text(html, encoding="utf-8")
    sheet = tmp_path / "sheet.pdf"
    subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer",
            f"--print-to-pdf={sheet}", page.as_uri(),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    assert len(re.findall(rb"/Type\s*/Page\b", sheet.read_bytes())) == 1
