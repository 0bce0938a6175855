"""The Verify page against a server that answers with the truth of something else, or traps."""

import json
import shlex
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page, Route, expect
from tests.web.axe import list_barriers
from tests.web.conftest import Site
from tests.web.test_verify import (
    check,
    failed,
    fetch,
    find_publication,
    outcomes,
    step,
    verdict,
)

from assay.ledger.compute.notes import Checkpoint, format_vkey, sign_checkpoint

pytestmark = pytest.mark.slow
HANDED = "as this server hands it over"


def give(page: Page, asked: str, there: str) -> None:
    """Whoever asks for the path `asked` gets what stands at the address `there`."""
    page.route(f"**{asked}", lambda route: route.fulfill(response=route.fetch(url=there)))


def test_another_row_than_was_asked_for_is_not_taken(site: Site, page: Page) -> None:
    said = find_publication(site)
    for end in ("", "/proof"):
        there = f"{site.url}/v1/publications/{said}/rows/2{end}"
        give(page, f"/{said}/rows/1{end}", there)
    page.goto(f"{site.url}/verify/{said}?row=1")
    expect(page.get_by_role("region", name="Verdict")).to_be_visible()
    assert (verdict(page), failed(page)) == ("Not verified", ["id"])
    expect(step(page, "id")).to_contain_text("The proof is of row 2, but row 1 was asked for.")
    expect(page.get_by_role("region", name="Word for word")).to_contain_text("not proved")


def test_one_row_is_not_the_whole_publication(site: Site, page: Page) -> None:
    said = find_publication(site)
    for asked, given in (("rows", "rows/0"), ("proof", "rows/0/proof")):
        give(page, f"/{said}/{asked}", f"{site.url}/v1/publications/{said}/{given}")
    page.goto(f"{site.url}/verify/{said}")
    expect(page.get_by_role("region", name="Verdict")).to_be_visible()
    assert (verdict(page), failed(page)) == ("Not verified", ["id"])
    expect(step(page, "id")).to_contain_text("but all rows together was asked for")


def test_what_was_proved_is_shown(site: Site, page: Page) -> None:
    said = find_publication(site)
    rows = json.loads(fetch(site, f"/v1/publications/{said}/rows"))
    page.goto(f"{site.url}/verify/{said}?row=1")
    shown = page.get_by_role("region", name="Word for word")
    expect(shown).to_contain_text("read from the bytes that were proved")
    names, values = (shown.locator(tag).all_inner_texts() for tag in ("dt", "dd"))
    assert names == sorted(rows[1])
    told = dict(zip(names, values, strict=True))
    assert told["grade"] == rows[1]["grade"]
    assert {
        name: json.loads(told[name])
        for name, value in rows[1].items()
        if not isinstance(value, str)
    } == {name: value for name, value in rows[1].items() if not isinstance(value, str)}
    page.goto(f"{site.url}/verify/{said}")
    shown.locator("summary").click()
    expect(shown.get_by_role("heading", level=3)).to_have_count(len(rows))
    assert list_barriers(page) == []


def test_what_was_pasted_does_not_stand_under_anothers_id(site: Site, page: Page) -> None:
    said, other = find_publication(site), find_publication(site, "indices")
    page.goto(f"{site.url}/verify/{said}")
    expect(page.get_by_text(HANDED)).to_be_visible()
    page.get_by_label("What was said").fill(fetch(site, f"/v1/publications/{other}"))
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("region", name="Verdict")).to_contain_text("Indices for")
    expect(page.get_by_text(HANDED)).to_have_count(0)


def test_a_button_checks_again_what_the_address_says(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/verify")
    for name, shown in (
        ("Check the newest publication", page.get_by_text(HANDED)),
        ("See one that fails", page.get_by_text("Changed on purpose, in this browser.")),
    ):
        page.get_by_role("button", name=name).click()
        expect(shown).to_be_visible()
        page.get_by_label("What was said").fill("{")
        page.get_by_role("button", name="Verify", exact=True).click()
        expect(page.get_by_text("Nothing was checked.")).to_be_visible()
        page.get_by_role("button", name=name).click()
        expect(shown).to_be_visible()


def test_who_goes_back_leaves_the_check_behind(site: Site, page: Page) -> None:
    held: list[Route] = []
    page.route("**/v1/publications/*/proof", lambda route: held.append(route))
    page.goto(f"{site.url}/verify")
    newest = page.get_by_role("button", name="Check the newest publication")
    with page.expect_request("**/v1/publications/*/proof"):
        newest.click()
    page.go_back()
    expect(newest).to_be_enabled()
    expect(page.get_by_text("Checking …")).to_have_count(0)
    with page.expect_response("**/v1/publications/*/proof"):
        held[0].continue_()
    page.wait_for_timeout(1_000)  # a verdict that nobody waits for must not come
    expect(page.get_by_role("region", name="Verdict")).to_have_count(0)


def test_a_command_to_be_copied_is_one_whatever_the_server_says(site: Site, page: Page) -> None:
    key, origin = Ed25519PrivateKey.generate(), "evil.example/'$(halt)'\";reboot"
    vkey = format_vkey(origin, key.public_key().public_bytes_raw())
    root = bytes(range(32))
    receipt = {
        "type": "assay-anchor-v1",
        "chain_id": 31337,
        "contract": "0x" + "11" * 20,
        "tx": "0x" + "22" * 32,
        "block": 12,
        "block_hash": "0x" + "33" * 32,
        "time": datetime(2023, 1, 1, tzinfo=UTC).isoformat(),
        "origin": origin,
        "size": 4,
        "root": b64encode(root).decode(),
    }

    def lie(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        note = sign_checkpoint(Checkpoint(origin, 4, root), [key]).decode()
        keys = [body["data"]["keys"][0] | {"vkey": vkey}]
        body["data"] |= {"origin": origin, "checkpoint": note, "keys": keys, "anchors": [receipt]}
        route.fulfill(response=answer, json=body)

    page.route("**/v1/log", lie)
    page.goto(f"{site.url}/verify")
    log = page.get_by_role("region", name="The log")
    log.locator("summary").first.click()
    asked = log.locator('[data-step="chain-asked"]')
    asked.locator("summary").click()
    *_, last = asked.locator("dd").first.inner_text().strip().split("\n")
    words = shlex.split(last)
    assert words[words.index("--key") + 1] == vkey
    assert words == [
        *("assay", "verify", "log", "checkpoint", "--key", vkey),
        *("--anchor", "anchor.json", "--rpc", "https://NODE"),
    ]
    # What is called a number must be one.
    receipt["size"] = "4) | halt #"
    page.evaluate("localStorage.clear()")
    page.goto(f"{site.url}/verify")
    expect(log.get_by_role("alert")).to_contain_text("cannot be read")
    expect(asked).to_have_count(0)


def test_a_key_with_a_sign_of_the_terminal_is_none(site: Site, page: Page) -> None:
    vkey = format_vkey(
        "evil\x1b[201~", Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    )
    page.goto(f"{site.url}/verify")
    page.get_by_label("What was said").fill(find_publication(site))
    page.get_by_label("Keys").fill(vkey)
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("cannot be read")).to_be_visible()


def test_a_key_that_took_anothers_place_is_called_so_with_each_visit(
    site: Site, page: Page
) -> None:
    said = find_publication(site)
    name = fetch(site, "/log/checkpoint").split("\n")[0]
    other = format_vkey(name, bytes(range(32)))
    page.goto(f"{site.url}/verify")
    expect(page.get_by_role("heading", name="The log is signed")).to_be_visible()  # it has kept
    kept = json.dumps({other: "2023-01-02T00:00:00Z"})
    page.evaluate("kept => localStorage.setItem('assay-log-keys', kept)", kept)
    page.goto(f"{site.url}/verify/{said}")
    expect(step(page, "key")).to_contain_text("named it just now")
    for _ in range(2):  # by now it is kept beside the other
        page.reload()
        expect(step(page, "key")).to_contain_text("This browser has known it since")
        expect(step(page, "key")).to_contain_text("another key of this log since 2023-01-02")
        expect(step(page, "key")).not_to_contain_text("has not changed")
        expect(page.get_by_role("region", name="Verdict")).to_contain_text(
            "this browser has known another one, too"
        )
        expect(page.get_by_role("region", name="The log")).to_contain_text(
            "another key of this log"
        )
    step(page, "key").locator("summary").click()
    expect(step(page, "key")).to_contain_text(other)
    check(page, site, said, key=json.loads(fetch(site, "/v1/log"))["data"]["keys"][0]["vkey"])
    assert (verdict(page), outcomes(page)["key"]) == ("Verified", "told")
