"""The jobs page in a real browser: the list, progress as it happens, what came of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.api.serving import running
from tests.api.world import make_world
from tests.web.axe import list_barriers
from tests.web.keyed import Visit, visit

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

    def submit(self) -> str:
        body = {"kind": "signals", "from": "2022-01-01"}
        with self.guest.site.browser() as browser:
            answer = browser.ask("POST", "/v1/evaluations", body, {"x-api-key": self.key})
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

    def finish(self, job_id: str, holder: tuple[str, int]) -> None:
        ended = to_microseconds(self.guest.site.clock.now())
        with self.guest.site.app.state.database.write() as connection:
            values = {"state": JobState.DONE.value, "ended_at_us": ended}
            assert store.update_claimed(connection, job_id, holder, **values)
            files = {"document": JobFile("application/json", b'{"a":1}')}
            store.save_files(connection, job_id, files)


@pytest.fixture
def works(browser: Browser, tmp_path: Path) -> Iterator[Works]:
    with visit(browser, tmp_path / "home") as guest:
        key = guest.site.create_key(guest.site.create())
        guest.sign_in()
        yield Works(guest, key)


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
    for path in ("/jobs", f"/jobs/{job_id}"):
        works.guest.open(path)
        expect(works.page.get_by_text("waiting").last).to_be_visible()
        assert works.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
