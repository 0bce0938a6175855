"""The jobs page in a real browser: starting one, the list, progress as it happens, its results."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.api.serving import running
from tests.api.world import make_world
from tests.web.axe import list_barriers
from tests.web.conftest import Complaints
from tests.web.keyed import Visit, visit

from assay.accounts.types import Role
from assay.kit.jobs import JobFile, JobState, store
from assay.kit.moments import to_microseconds

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=alert(1)>"


@dataclass
class Works:
    """Somebody signed in, who has jobs that run where a test says so."""

    guest: Visit
    key: str

    @property
    def page(self) -> Page:
        return self.guest.page

    def submit(self, kind: str = "evaluation", **parameters: Any) -> str:
        body = {"kind": kind, "parameters": parameters or {"kind": "signals"}}
        with self.guest.site.browser() as browser:
            answer = browser.ask("POST", "/v1/jobs", body, {"x-api-key": self.key})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["data"]["job_id"])

    def claim(self, job_id: str) -> tuple[str, int]:
        with self.guest.site.app.state.database.write() as connection:
            record = store.claim_job(connection, job_id, "wrk_test", self.guest.site.clock.now())
        assert record is not None
        return "wrk_test", record.attempts

    def tell(self, job_id: str, holder: tuple[str, int], **news: object) -> None:
        with self.guest.site.app.state.database.write() as connection:
            assert store.update_claimed(connection, job_id, holder, **news)

    def finish(self, job_id: str, holder: tuple[str, int], document: bytes = b'{"a":1}') -> None:
        ended = to_microseconds(self.guest.site.clock.now())
        with self.guest.site.app.state.database.write() as connection:
            values = {"state": JobState.DONE.value, "ended_at_us": ended}
            assert store.update_claimed(connection, job_id, holder, **values)
            files = {"document": JobFile("application/json", document)}
            store.save_files(connection, job_id, files)


@pytest.fixture(scope="module")
def open_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An open server with facts, whose jobs nobody carries out."""
    with running(make_world(tmp_path_factory.mktemp("open")).app) as url:
        yield url


def field_fault(page: Page, label: str) -> Locator:
    """What stands beside a field against it."""
    control = page.get_by_label(label)
    expect(control).to_have_attribute("aria-invalid", "true")
    named = (control.get_attribute("aria-describedby") or "").split()[-1]
    return page.locator(f"[id='{named}']")


@pytest.fixture
def works(browser: Browser, tmp_path: Path) -> Iterator[Works]:
    with visit(browser, tmp_path / "home") as guest:
        key = guest.site.create_key(guest.site.create())
        guest.sign_in()
        yield Works(guest, key)


def test_an_evaluation_is_started_and_followed(works: Works) -> None:
    page = works.page
    works.guest.open("/jobs")
    page.get_by_role("link", name="Start one").first.click()
    expect(page.get_by_role("heading", name="Evaluation")).to_be_visible()
    expect(page.get_by_role("button", name="Back-fill")).to_have_count(0)
    page.get_by_label("Of what").select_option("Investor Grades")
    page.get_by_label("From").fill("2022-01-01")
    assert not list_barriers(page)
    page.get_by_role("button", name="Start it").click()
    job = page.get_by_role("region", name="Job")
    expect(job).to_contain_text("waiting")
    expect(page).to_have_url(re.compile(r"/jobs/job_\w+$"))
    job_id = page.url.rpartition("/")[2]
    page.get_by_text("What was asked").click()
    asked = json.loads(page.get_by_label("Parameters").inner_text())
    assert asked == {"kind": "investor", "from": "2022-01-01", "to": None}
    holder = works.claim(job_id)
    works.tell(job_id, holder, label="Measuring", done=3, total=4)
    expect(job).to_contain_text("75 % · Measuring")
    works.finish(job_id, holder)
    expect(job.get_by_role("link", name="Result as JSON")).to_be_visible()


def test_what_is_wrong_stands_beside_its_field(
    page: Page, open_url: str, complaints: Complaints
) -> None:
    page.goto(f"{open_url}/jobs/new?kind=crosses")
    page.get_by_label("Tokens").fill(f"BTC {HOSTILE.replace(' ', '')}")
    page.get_by_label("From").fill("2023-11-01")
    page.get_by_role("button", name="Start it").click()
    expect(field_fault(page, "Tokens")).to_contain_text("ONERROR=ALERT(1)")
    page.get_by_label("Tokens").fill("BTC")
    page.get_by_label("From").fill("2012-01-01")
    page.get_by_role("button", name="Start it").click()
    expect(field_fault(page, "From")).to_contain_text("2012-01-01 lies outside")
    assert not list_barriers(page)
    page.get_by_label("Fast windows").fill("ten")
    page.get_by_role("button", name="Start it").click()
    expect(field_fault(page, "Fast windows")).to_contain_text("ten is no whole number")
    page.get_by_role("button", name="Back-test: weights").click()
    page.get_by_label("Target weights").fill("[{")
    page.get_by_role("button", name="Start it").click()
    expect(field_fault(page, "Target weights")).to_contain_text("This is no JSON")
    page.get_by_label("Target weights").fill('[{"day": "1999-01-01", "weights": {"BTC": 1}}]')
    page.get_by_role("button", name="Start it").click()
    expect(field_fault(page, "Target weights")).to_contain_text("1999-01-01 lies outside")
    assert all("422" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("crosses", {"symbols": ["BTC"], "fast": [10, 20], "slow": [50, 100], "fee_bps": 10.0}),
        ("signals", {"signals": {"BTC": {"2023-12-01": 1.0}}, "lag": 1}),
        ("weights", {"targets": [{"day": "2023-12-01", "weights": {"BTC": 0.5}}], "leverage": 1.0}),
    ],
)
def test_back_tests_are_asked_for_as_they_stand(
    page: Page, open_url: str, kind: str, asked: dict[str, object]
) -> None:
    given = {
        "crosses": ("Tokens", "btc"),
        "signals": ("Signals, JSON", '{"BTC": {"2023-12-01": 1}}'),
        "weights": ("Target weights", '[{"day": "2023-12-01", "weights": {"BTC": 0.5}}]'),
    }
    label, text = given[kind]
    page.goto(f"{open_url}/jobs/new?kind={kind}")
    page.get_by_label(label).fill(text)
    page.get_by_role("button", name="Start it").click()
    page.get_by_text("What was asked").click()
    told = json.loads(page.get_by_label("Parameters").inner_text())["backtest"]
    assert told["strategy"] == kind
    assert asked.items() <= told.items()
    page.goto("about:blank")


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("reproduction", {"kinds": ["signals"], "sample": 50, "seed": None}),
        ("backfill", {"kinds": ["signals"], "from": None}),
        ("facts", {"venue": "binance", "intervals": ["1d", "1h"]}),
        ("training", {"kinds": ["trader", "investor"]}),
    ],
)
def test_the_owner_starts_the_others(
    page: Page, open_url: str, kind: str, asked: dict[str, object]
) -> None:
    page.goto(f"{open_url}/jobs/new?kind={kind}")
    expect(page.get_by_role("button", name="Start it")).to_be_visible()
    assert not list_barriers(page)
    if asked.get("kinds") == ["signals"]:
        page.get_by_label("Signals").check()
    page.get_by_role("button", name="Start it").click()
    page.get_by_text("What was asked").click()
    told = json.loads(page.get_by_label("Parameters").inner_text())
    assert asked.items() <= told.items()
    page.goto("about:blank")


def test_what_came_of_a_back_test_is_shown(works: Works) -> None:
    asked = {"strategy": "crosses", "symbols": ["BTC"], "fast": [10], "slow": [50]}
    job_id = works.submit("backtest", backtest=asked)
    works.guest.open(f"/jobs/{job_id}")
    expect(works.page.get_by_text("waiting")).to_be_visible()
    pair = {"fast": 10, "slow": 50, "symbol": HOSTILE, "total_return": 4.215, "sharpe": -0.8}
    row = {**pair, "max_drawdown": -0.593, "trades": 26}
    told = {"strategy": "crosses", "note": "Not advice.", "from": "2022-01-01", "to": "2022-01-03"}
    document = {**told, "warning": "Chosen afterwards.", "rows": [row]}
    works.finish(job_id, works.claim(job_id), json.dumps(document).encode())
    result = works.page.get_by_role("region", name="Result")
    expect(result).to_contain_text("Chosen afterwards.")
    cells = result.get_by_role("row").nth(1).get_by_role("cell")
    expect(cells).to_have_text([HOSTILE, "10", "50", "+421.5 %", "−0.80", "−59.3 %", "26"])
    assert not list_barriers(works.page)


def test_the_value_of_an_account_is_drawn_beside_bitcoin(works: Works) -> None:
    target = {"day": "2022-01-01", "weights": {"BTC": 1}}
    job_id = works.submit("backtest", backtest={"strategy": "weights", "targets": [target]})
    told = {"strategy": "weights", "note": "Not advice.", "from": "2022-01-01", "to": "2022-01-03"}
    figures = {"days": 3, "total_return": 0.25, "sharpe": None}
    document = {**told, "metrics": figures, "benchmark": figures, "equity": [1.0, None, 1.25]}
    works.finish(job_id, works.claim(job_id), json.dumps(document).encode())
    works.guest.open(f"/jobs/{job_id}")
    result = works.page.get_by_role("region", name="Result")
    expect(result).to_contain_text("Value, from 1 on 1.25")
    row = result.get_by_role("row").filter(has_text="Return, net of costs")
    expect(row.get_by_role("cell")).to_have_text(["Return, net of costs", "+25.0 %", "+25.0 %"])
    sharpe = result.get_by_role("row").filter(has_text="Sharpe ratio")
    expect(sharpe.get_by_role("cell")).to_have_text(["Sharpe ratio", "–", "–"])
    assert not list_barriers(works.page)


def test_a_reproduction_names_what_was_not_equal(works: Works) -> None:
    job_id = works.submit("reproduction", sample=2)
    kind = {"kind": "signals.daily", "published": 9, "checked": 2, "equal": 1, "different": 1}
    odd = {"publication_id": "signals.daily-1", "outcome": "different", "reason": HOSTILE}
    told = {"seed": 4060098848, "until": 15819, "kinds": [kind], "publications": [odd]}
    works.finish(job_id, works.claim(job_id), json.dumps(told).encode())
    works.guest.open(f"/jobs/{job_id}")
    result = works.page.get_by_role("region", name="Result")
    expect(result).to_contain_text("1 of 2 publications came out equal to the byte; 1 did not.")
    expect(result.get_by_role("row").filter(has_text="different").last).to_contain_text(HOSTILE)


def test_why_a_job_failed_is_text(works: Works) -> None:
    job_id = works.submit()
    holder = works.claim(job_id)
    told = {"code": "bad-input", "status": 422, "detail": HOSTILE, "hint": HOSTILE}
    error = json.dumps({**told, "retryable": False})
    ended = to_microseconds(works.guest.site.clock.now())
    works.tell(job_id, holder, state=JobState.FAILED.value, ended_at_us=ended, error=error)
    works.guest.open(f"/jobs/{job_id}")
    job = works.page.get_by_role("region", name="Job")
    expect(job).to_contain_text(f"{HOSTILE} {HOSTILE}")
    assert not list_barriers(works.page)
    works.guest.open("/jobs?state=failed")
    expect(works.page.get_by_role("row").filter(has_text=HOSTILE)).to_be_visible()


def test_an_unknown_job_is_said(works: Works) -> None:
    works.guest.refused.append("status of 404")
    works.guest.open("/jobs/job_0123456789abcdef01234567")
    expect(works.page.locator(".missing")).to_contain_text("job")


def test_who_may_only_read_is_told_so(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, tmp_path / "home") as guest:
        guest.refused.append("status of 403")
        guest.site.create(role=Role.READ_ONLY)
        guest.sign_in()
        guest.open("/jobs")
        expect(guest.page.locator(".missing")).to_contain_text("use")


def test_without_jobs_the_page_says_what_they_are(page: Page, tmp_path: Path) -> None:
    with running(make_world(tmp_path).app) as url:
        page.goto(f"{url}/jobs")
        expect(page.get_by_text("There is no job yet.")).to_be_visible()
        assert not list_barriers(page)
        page.get_by_role("button", name="failed").click()
        expect(page.get_by_text("No job is in this state.")).to_be_visible()
        expect(page).to_have_url(f"{url}/jobs?state=failed")
        page.goto("about:blank")


def test_progress_is_seen_as_it_happens(works: Works) -> None:
    job_id = works.submit()
    works.guest.open("/jobs")
    row = works.page.get_by_role("row").filter(has_text=job_id)
    expect(row).to_contain_text("waiting")
    holder = works.claim(job_id)
    works.tell(job_id, holder, label=HOSTILE, done=1, total=4)
    expect(row).to_contain_text(f"25 % · {HOSTILE}, 1 of 4")
    assert not list_barriers(works.page)
    works.finish(job_id, holder)
    expect(row).to_contain_text("done")


def test_one_job_is_followed_to_its_result(works: Works) -> None:
    job_id = works.submit()
    works.guest.open("/jobs")
    works.page.get_by_role("link", name="evaluation").click()
    job = works.page.get_by_role("region", name="Job")
    expect(job).to_contain_text("waiting")
    holder = works.claim(job_id)
    works.tell(job_id, holder, label="Measuring", done=1, total=2)
    expect(job).to_contain_text("50 % · Measuring")
    assert not list_barriers(works.page)
    works.finish(job_id, holder)
    link = job.get_by_role("link", name="Result as JSON")
    expect(link).to_have_attribute("href", f"/v1/jobs/{job_id}/result")
    expect(job.get_by_role("button", name="Cancel it")).to_have_count(0)


def test_a_refused_stream_of_a_job_is_opened_again(works: Works) -> None:
    page = works.page
    works.guest.refused.append("status of 503")
    job_id = works.submit()
    events = f"**/v1/jobs/{job_id}/events"
    page.route(events, lambda route: route.fulfill(status=503))
    works.guest.open(f"/jobs/{job_id}")
    job = page.get_by_role("region", name="Job")
    expect(job).to_contain_text("waiting")
    holder = works.claim(job_id)
    works.tell(job_id, holder, label="Measuring", done=1, total=4)
    expect(job).to_contain_text("25 % · Measuring")
    with page.expect_response(lambda told: told.url.endswith("/events") and told.ok):
        page.unroute(events)
    works.tell(job_id, holder, label="Measuring", done=3, total=4)
    expect(job).to_contain_text("75 % · Measuring")
    works.finish(job_id, holder)
    expect(job.get_by_role("link", name="Result as JSON")).to_be_visible()


def test_the_end_of_a_job_is_seen_where_its_stream_is_refused(works: Works) -> None:
    page = works.page
    works.guest.refused.append("status of 503")
    job_id = works.submit()
    page.route("**/events", lambda route: route.fulfill(status=503))
    works.guest.open("/jobs")
    row = page.get_by_role("row").filter(has_text=job_id)
    expect(row).to_contain_text("waiting")
    works.finish(job_id, works.claim(job_id))
    expect(row).to_contain_text("done")


def test_a_waiting_job_is_cancelled(works: Works) -> None:
    job_id = works.submit()
    works.guest.open(f"/jobs/{job_id}")
    works.page.get_by_role("button", name="Cancel it").click()
    expect(works.page.get_by_role("region", name="Job")).to_contain_text("cancelled")


def test_who_is_not_signed_in_is_told_where(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, tmp_path / "home") as guest:
        guest.open("/jobs")
        expect(guest.page.get_by_text("Jobs are private to their account.")).to_be_visible()


def test_nothing_scrolls_sideways_on_a_phone(works: Works) -> None:
    works.page.set_viewport_size({"width": 390, "height": 800})
    job_id = works.submit()
    for path, shown in (
        ("/jobs", "waiting"),
        (f"/jobs/{job_id}", "waiting"),
        ("/jobs/new?kind=weights", "Target weights"),
    ):
        works.guest.open(path)
        expect(works.page.get_by_text(shown).last).to_be_visible()
        assert works.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
