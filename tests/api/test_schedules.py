"""Schedules over HTTP: seen, switched and run by who operates the installation."""

from collections.abc import Iterator

import pytest
from tests.api.people import Browser, Site, open_site

from assay.accounts.types import Role

PATH = "/v1/schedules/judgements"
SENT = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("schedules")) as site:
        yield site


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    with site.browser() as browser:
        yield browser


def test_the_owner_sees_switches_and_runs_them(site: Site, browser: Browser) -> None:
    key = {"x-api-key": site.create_key(site.create("owner@example.org", Role.OWNER))}
    (shown,) = browser.ask("GET", "/v1/schedules", None, key).json()["data"]
    assert (shown["name"], shown["kind"], shown["every_s"]) == ("judgements", "backfill", 86_400)
    assert shown["due_at"].endswith("T00:05:00Z")
    off = browser.ask("PATCH", PATH, {"is_on": False}, key)
    assert off.json()["data"]["is_on"] is False
    queued = browser.ask("POST", f"{PATH}/runs", {}, {**key, **SENT})
    assert queued.status_code == 202, queued.text
    job = queued.json()["data"]
    assert browser.ask("GET", f"/v1/jobs/{job['job_id']}", None, key).json()["data"] == job
    busy = browser.ask("POST", f"{PATH}/runs", {}, key)
    assert (busy.status_code, busy.json()["code"]) == (503, "busy")
    missing = browser.ask("PATCH", "/v1/schedules/weekly", {"is_on": True}, key)
    assert missing.status_code == 404
    assert browser.ask("PATCH", PATH, {"is_on": 3}, key).status_code == 422


def test_nobody_else_does(site: Site, browser: Browser) -> None:
    key = {"x-api-key": site.create_key(site.create("user@example.org", Role.USER))}
    for method, path in (("GET", "/v1/schedules"), ("POST", f"{PATH}/runs")):
        assert browser.ask(method, path, None, key).status_code == 403
