"""Jobs over HTTP in keyed mode, on a real socket: who may ask for what, follow and read it."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.people import Browser, Site, open_site

from assay.accounts.types import Role, Verb
from assay.api.watching import MOST_OF_ONE
from assay.kit.jobs import JobFile, JobState, store
from assay.kit.moments import to_microseconds

EVALUATION = {"kind": "signals", "from": "2022-01-01"}
WEIGHTS = {
    "strategy": "weights",
    "from": "2022-01-01",
    "to": "2022-12-31",
    "targets": [{"day": "2022-01-01", "weights": {"BTC": 0.5, "ETH": 0.5}}],
}
IDEMPOTENT = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
UNKNOWN = "job_000000000000000000000000"


@dataclass
class Asker:
    """One account with its key."""

    browser: Browser
    key: str

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return self.browser.ask(method, path, body, {"x-api-key": self.key, **(headers or {})})

    def submit(self, path: str = "/v1/evaluations", body: Any = None) -> str:
        answer = self.ask("POST", path, EVALUATION if body is None else body)
        assert answer.status_code == 202, answer.text
        job = answer.json()["data"]
        assert answer.headers["location"] == f"/v1/jobs/{job['job_id']}"
        assert job["state"] == "queued"
        return str(job["job_id"])


@dataclass
class Works:
    """A keyed installation with an owner and two users; jobs run where a test says so."""

    site: Site
    owner: Asker
    ada: Asker
    ben: Asker

    def claim(self, job_id: str) -> tuple[str, int]:
        with self.site.app.state.database.write() as connection:
            record = store.claim_job(connection, job_id, "wrk_test", self.site.clock.now())
        assert record is not None
        return "wrk_test", record.attempts

    def tell(self, job_id: str, holder: tuple[str, int], **news: object) -> None:
        with self.site.app.state.database.write() as connection:
            assert store.update_claimed(connection, job_id, holder, **news)

    def finish(self, job_id: str, holder: tuple[str, int], **files: JobFile) -> None:
        with self.site.app.state.database.write() as connection:
            ended = to_microseconds(self.site.clock.now())
            values = {"state": JobState.DONE.value, "ended_at_us": ended}
            assert store.update_claimed(connection, job_id, holder, **values)
            store.save_files(connection, job_id, files)


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    with open_site(tmp_path / "home") as site, site.browser() as browser:

        def hire(name: str, role: Role) -> Asker:
            return Asker(browser, site.create_key(site.create(f"{name}@example.org", role)))

        owner = hire("owner", Role.OWNER)
        yield Works(site, owner, hire("ada", Role.USER), hire("ben", Role.USER))


def test_a_job_is_accepted_followed_and_read(works: Works) -> None:
    job_id = works.ada.submit()
    holder = works.claim(job_id)
    works.tell(job_id, holder, label="Measuring", done=1, total=4)
    running = works.ada.ask("GET", f"/v1/jobs/{job_id}").json()["data"]
    assert (running["state"], running["percent"], running["label"]) == (
        "running",
        25.0,
        "Measuring",
    )
    assert running["links"]["result"] is None
    assert works.ada.ask("GET", f"/v1/jobs/{job_id}/result").status_code == 404
    page = JobFile("text/html; charset=utf-8", b"<p>page</p>")
    works.finish(job_id, holder, document=JobFile("application/json", b'{"a":1}'), page=page)
    done = works.ada.ask("GET", f"/v1/jobs/{job_id}").json()["data"]
    assert (done["state"], done["percent"]) == ("done", 100.0)
    assert works.ada.ask("GET", "/v1/jobs").json()["data"] == [done]
    result = works.ada.ask("GET", done["links"]["result"])
    assert result.json() == {"a": 1}
    shown = works.ada.ask("GET", done["links"]["page"])
    assert shown.text == "<p>page</p>"
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    for answer in (result, shown):
        assert answer.headers["cache-control"] == "no-store"


def test_parameters_are_stored_as_they_were_checked(works: Works) -> None:
    job_id = works.ada.submit("/v1/backtests", WEIGHTS)
    stored = works.ada.ask("GET", f"/v1/jobs/{job_id}").json()["data"]["parameters"]
    assert stored["backtest"]["strategy"] == "weights"
    assert stored["backtest"]["fee_bps"] == 10.0
    again = works.ada.submit("/v1/jobs", {"kind": "backtest", "parameters": {"backtest": WEIGHTS}})
    assert works.ada.ask("GET", f"/v1/jobs/{again}").json()["data"]["parameters"] == stored


CROSSES = {"strategy": "crosses", "symbols": ["BTC", "NOSUCH"], "fast": [5], "slow": [20]}
UNKNOWN_COIN = {"day": "2022-01-01", "weights": {"NO": 1}}
LATER = {"day": "2023-01-01", "weights": {"BTC": 1}}


def write_index(start: str = "2022-01-01", member: str = "BTC", cap: str = "1.0") -> dict[str, str]:
    """A back-test of an index of two coins."""
    rules = f"""
        slug = "own"
        name = "Own"
        start = {start}
        every_days = 30
        [basket]
        members = ["{member}", "ETH"]
        [weights]
        cap = {cap}
    """
    return {"strategy": "index", "rules": rules}


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/v1/evaluations", {"kind": "signals", "from": "2023-12-30"}, "from"),
        ("/v1/backtests", {"strategy": "index", "rules": "a=a="}, "rules"),
        ("/v1/backtests", {"strategy": "index", "rules": "slug = 'a'"}, "rules.name"),
        ("/v1/backtests", write_index(cap="0.1"), "rules.weights.cap"),
        ("/v1/backtests", write_index(member="NEVER"), "rules.basket.members"),
        ("/v1/backtests", write_index(start="2035-01-01"), "rules.start"),
        ("/v1/backtests", CROSSES, "symbols.1"),
        ("/v1/backtests", {**WEIGHTS, "to": "2024-01-01"}, "to"),
        ("/v1/backtests", {**WEIGHTS, "from": "2021-04-04"}, "from"),
        ("/v1/backtests", {**WEIGHTS, "targets": [LATER]}, "targets.0.day"),
        ("/v1/backtests", {**WEIGHTS, "targets": [UNKNOWN_COIN]}, "targets.0.weights"),
        ("/v1/jobs", {"kind": "backtest", "parameters": {"backtest": CROSSES}},
         "parameters.backtest.symbols.1"),
        ("/v1/evaluations", {"kind": "nothing"}, "kind"),
        ("/v1/evaluations", {"kind": "signals", "from": "tomorrow"}, "from"),
        ("/v1/evaluations", {"kind": "signals", "form": "2022-01-01"}, "form"),
        ("/v1/backtests", {"strategy": "dice"}, "strategy"),
        ("/v1/backtests", {**WEIGHTS, "lag": 0}, "lag"),
        ("/v1/jobs", {"kind": "dice"}, "kind"),
        ("/v1/jobs", {"kind": "evaluation", "parameters": {"kind": "nothing"}}, "kind"),
        ("/v1/jobs", {"kind": "evaluation", "parameters": {"kind": 1, "x": 2}}, "x"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named_and_queue_nothing(
    works: Works, path: str, body: dict[str, Any], named: str
) -> None:
    refused = works.ada.ask("POST", path, body)
    assert refused.status_code == 422, refused.text
    assert any(named in json.dumps(error) for error in refused.json()["errors"]), refused.text
    assert works.owner.ask("GET", "/v1/jobs").json()["data"] == []


def test_nobody_sees_the_jobs_of_others(works: Works) -> None:
    job_id = works.ada.submit()
    holder = works.claim(job_id)
    works.finish(job_id, holder, document=JobFile("application/json", b"{}"))
    for method, path in (
        ("GET", f"/v1/jobs/{job_id}"),
        ("GET", f"/v1/jobs/{job_id}/result"),
        ("GET", f"/v1/jobs/{job_id}/result/page"),
        ("GET", f"/v1/jobs/{job_id}/events"),
        ("DELETE", f"/v1/jobs/{job_id}"),
    ):
        theirs = works.ben.ask(method, path)
        nobodys = works.ben.ask(method, path.replace(job_id, UNKNOWN))
        assert theirs.status_code == nobodys.status_code == 404, path
        told = [{k: v for k, v in answer.json().items() if k != "instance"} for answer in
                (theirs, nobodys)]  # fmt: skip
        assert told[0] == told[1], "the answer must not say that there is one"
    assert works.ben.ask("GET", "/v1/jobs").json()["data"] == []
    seen = works.owner.ask("GET", "/v1/jobs").json()["data"]
    assert [job["job_id"] for job in seen] == [job_id]
    assert works.owner.ask("GET", f"/v1/jobs/{job_id}/result").status_code == 200


def test_back_fills_are_the_owners(works: Works) -> None:
    assert works.ada.ask("POST", "/v1/backfills", {}).status_code == 403
    asked = works.ada.ask("POST", "/v1/jobs", {"kind": "backfill"})
    assert (asked.status_code, asked.json()["code"]) == (403, "forbidden")
    works.owner.submit("/v1/backfills", {"kinds": ["trader"]})


def test_a_key_without_the_scope_asks_for_nothing(works: Works) -> None:
    account = works.site.create("reader@example.org", Role.USER)
    reader = Asker(works.ada.browser, works.site.create_key(account, Verb.READ))
    assert reader.ask("POST", "/v1/evaluations", EVALUATION).status_code == 403
    assert reader.ask("GET", "/v1/jobs").status_code == 403
    assert reader.ask("GET", f"/v1/jobs/{works.ada.submit()}/events").status_code == 403


def test_a_plan_bounds_unfinished_jobs(works: Works) -> None:
    jobs = [works.ada.submit() for _ in range(2)]
    refused = works.ada.ask("POST", "/v1/evaluations", EVALUATION)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
    assert int(refused.headers["retry-after"]) > 0
    works.ben.submit()
    assert works.ada.ask("DELETE", f"/v1/jobs/{jobs[0]}").json()["data"]["state"] == "cancelled"
    works.ada.submit()


def test_jobs_are_filtered_and_paged(works: Works) -> None:
    made = []
    for number in range(5):
        works.site.clock.wait(seconds=1)
        path = "/v1/backfills" if number % 2 else "/v1/evaluations"
        made.append(works.owner.submit(path, {} if number % 2 else EVALUATION))
    works.owner.ask("DELETE", f"/v1/jobs/{made[0]}")
    ids, cursor = [], None
    for _ in range(3):
        query = "/v1/jobs?limit=2" + (f"&cursor={cursor}" if cursor else "")
        page = works.owner.ask("GET", query).json()
        ids += [job["job_id"] for job in page["data"]]
        cursor = page["next_cursor"]
    assert (ids, cursor) == (made[::-1], None)

    def list_ids(query: str) -> list[str]:
        found = works.owner.ask("GET", f"/v1/jobs?{query}").json()["data"]
        return [job["job_id"] for job in found]

    assert list_ids("state=cancelled") == [made[0]]
    assert list_ids("kind=backfill") == [made[3], made[1]]
    foreign = works.owner.ask("GET", "/v1/jobs?limit=2").json()["next_cursor"]
    refused = works.owner.ask("GET", f"/v1/jobs?kind=backfill&cursor={foreign}")
    assert refused.status_code == 422
    assert works.owner.ask("GET", "/v1/jobs?cursor=made-up").status_code == 422


def test_a_repeated_request_queues_one_job(works: Works) -> None:
    first = works.ada.ask("POST", "/v1/evaluations", EVALUATION, IDEMPOTENT)
    again = works.ada.ask("POST", "/v1/evaluations", EVALUATION, IDEMPOTENT)
    other = works.ada.ask("POST", "/v1/evaluations", {"kind": "trader"}, IDEMPOTENT)
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    assert len(works.ada.ask("GET", "/v1/jobs").json()["data"]) == 1


def test_many_at_once_with_one_key_queue_one_job(works: Works) -> None:
    statuses: list[int] = []

    def send() -> None:
        headers = {"x-api-key": works.owner.key, **IDEMPOTENT, "origin": works.site.url}
        answer = httpx.post(
            f"{works.site.url}/v1/evaluations", json=EVALUATION, headers=headers, timeout=60.0
        )
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {202, 409}
    assert 202 in statuses
    assert len(works.owner.ask("GET", "/v1/jobs").json()["data"]) == 1


def read_events(works: Works, job_id: str, headers: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The events of a job, as they come; comments and hints are passed over."""
    sent = {"x-api-key": works.ada.key, **headers}
    url = f"{works.site.url}/v1/jobs/{job_id}/events"
    with httpx.stream("GET", url, headers=sent, timeout=60.0) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        event: dict[str, Any] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if not line and "data" in event:
                yield {**event, "data": json.loads(event["data"])}
            event = {} if not line else {**event, name: value}


def test_events_tell_each_change_and_end_with_the_job(works: Works) -> None:
    job_id = works.ada.submit()
    events = read_events(works, job_id, {})
    assert next(events)["data"]["state"] == "queued"
    holder = works.claim(job_id)
    assert next(events)["data"]["state"] == "running"
    works.tell(job_id, holder, label="Measuring", done=2, total=4)
    half = next(events)
    assert (half["event"], half["data"]["percent"]) == ("progress", 50.0)
    works.finish(job_id, holder, document=JobFile("application/json", b"{}"))
    last = next(events)
    assert (last["event"], last["data"]["state"]) == ("end", "done")
    assert last["data"]["links"]["result"] == f"/v1/jobs/{job_id}/result"
    with pytest.raises(StopIteration):
        next(events)
    again = list(read_events(works, job_id, {}))
    assert [event["event"] for event in again] == ["end"]
    missed = list(read_events(works, job_id, {"last-event-id": half["id"]}))
    assert [event["id"] for event in missed] == [last["id"]]
    url, sent = f"/v1/jobs/{job_id}/events", {"last-event-id": last["id"]}
    assert works.ada.ask("GET", url, None, sent).status_code == 204
    assert works.ada.ask("GET", url, None, {"last-event-id": "-1"}).status_code == 422
    assert works.ada.ask("HEAD", url).status_code == 200


def test_events_of_a_job_that_vanishes_end(works: Works) -> None:
    job_id = works.ada.submit()
    events = read_events(works, job_id, {})
    next(events)
    with works.site.app.state.database.write() as connection:
        store.delete_jobs(connection)
    with pytest.raises(StopIteration):
        next(events)


def test_streams_of_one_account_are_bounded_and_given_back(works: Works) -> None:
    job_id = works.ada.submit()
    streams = [read_events(works, job_id, {}) for _ in range(MOST_OF_ONE)]
    for stream in streams:
        next(stream)
    refused = works.ada.ask("GET", f"/v1/jobs/{job_id}/events")
    assert refused.status_code == 429
    for stream in streams:
        stream.close()  # type: ignore[attr-defined]
    until = time.monotonic() + 30.0
    while works.site.app.state.job_watch.streams and time.monotonic() < until:
        time.sleep(0.05)
    assert works.site.app.state.job_watch.streams == 0
    next(read_events(works, job_id, {}))


def test_a_job_goes_with_its_account(works: Works) -> None:
    job_id = works.ada.submit()
    document = works.ada.ask("GET", "/v1/account/export").json()
    assert job_id in json.dumps(document)
