"""The Verify page on the log as a whole: what this browser saw before, witnesses, chains, forks."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page, Route, expect
from tests.api.serving import running
from tests.api.spoken import SAID_AT
from tests.api.world import make_world
from tests.verifier.logs import WITNESS, cosign, find_key
from tests.web.axe import list_barriers
from tests.web.conftest import Complaints, Site
from tests.web.test_verify import (
    change_hash,
    check,
    failed,
    fetch,
    find_publication,
    outcomes,
    step,
    verdict,
)

from assay.ledger.compute.notes import Checkpoint, sign_checkpoint
from assay.verifier import (
    COSIGNATURE,
    VerifierKey,
    compute_root,
    hash_leaf,
    parse_checkpoint,
    parse_inclusion,
    read_entries,
)

pytestmark = pytest.mark.slow
THEN = SAID_AT + timedelta(days=1)
"""Behind everything that the made-up world says it said, and long ago for the browser."""
SHOWN_THEN = f"{THEN:%Y-%m-%d %H:%M} UTC"

REWRITTEN = "This log was rewritten"


def list_leaves(site: Site) -> list[bytes]:
    size = int(fetch(site, "/log/checkpoint").split("\n")[1])
    entries = read_entries(lambda path: httpx.get(f"{site.url}/log/{path}").content, size)
    return [hash_leaf(entry) for entry in entries]


def sign(site: Site, leaves: list[bytes]) -> str:
    """A checkpoint over these leaves, truly signed by the log's own key."""
    origin = fetch(site, "/log/checkpoint").split("\n")[0]
    key = find_key(site.world.app.state.home, origin)
    return sign_checkpoint(Checkpoint(origin, len(leaves), compute_root(leaves)), [key]).decode()


def keep(page: Page, site: Site, note: str, seen: datetime = THEN) -> None:
    """Let the browser have seen this checkpoint then."""
    told = seen.isoformat().replace("+00:00", "Z")
    heads = {note.split("\n")[0]: {"note": note, "seen": told}}
    page.goto(f"{site.url}/verify")
    expect(page.get_by_role("region", name="The log").get_by_role("heading")).to_be_visible()
    page.evaluate("kept => localStorage.setItem('assay-log-heads', kept)", json.dumps(heads))


def test_a_log_that_only_grew_is_told_so(site: Site, page: Page) -> None:
    keep(page, site, sign(site, list_leaves(site)[:-2]))
    page.goto(f"{site.url}/verify")
    log = page.get_by_role("region", name="The log")
    expect(log.get_by_role("heading", name="The log only grew")).to_be_visible()
    expect(log).to_contain_text("and 2 came behind them")
    page.goto(f"{site.url}/verify/{find_publication(site)}")
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()
    expect(step(page, "memory")).to_have_attribute("data-outcome", "passed")
    proved = page.get_by_role("region", name="Verdict")
    expect(proved).to_contain_text("Nothing that this browser saw of the log before was altered")


@pytest.mark.parametrize("attack", ["altered", "removed", "reordered", "exchanged", "cut"])
def test_a_rewritten_log_cannot_be_overlooked(
    site: Site, page: Page, complaints: Complaints, attack: str
) -> None:
    true = list_leaves(site)
    seen = {
        "altered": [hash_leaf(b"what was said"), *true[1:-2]],
        "removed": [hash_leaf(b"what was said"), *true[:-3]],
        "reordered": [true[1], true[0], *true[2:-1]],
        "exchanged": [*true[:-1], hash_leaf(b"what was said")],
        "cut": [*true, hash_leaf(b"what was said")],
    }[attack]
    keep(page, site, sign(site, seen))
    page.goto(f"{site.url}/verify/{find_publication(site)}")
    log = page.get_by_role("region", name="The log")
    expect(log.get_by_role("alert").get_by_role("heading", name=REWRITTEN)).to_be_visible()
    expect(page.get_by_role("region", name="Verdict")).to_contain_text(REWRITTEN)
    assert failed(page) == ["memory"]
    expect(step(page, "memory")).to_contain_text("Nothing joins this tree")
    assert list_barriers(page) == []
    # It stays so with each visit, until the reader lets it go.
    page.goto(f"{site.url}/verify")
    expect(log.get_by_role("heading", name=REWRITTEN)).to_be_visible()
    log.get_by_role("button", name="Forget what this browser saw").click()
    expect(log.get_by_role("heading", name="The log is signed")).to_be_visible()
    assert all("404" in heard for heard in complaints.heard), complaints.heard  # no such size
    complaints.heard.clear()


def test_a_forged_consistency_proof_joins_nothing(site: Site, page: Page) -> None:
    keep(page, site, sign(site, list_leaves(site)[:-3]))

    def forge(route: Route) -> None:
        answer = route.fetch()
        text = change_hash(answer.text().replace("old ", "index ")).replace("index ", "old ")
        route.fulfill(response=answer, body=text)

    page.route("**/v1/log/consistency*", forge)
    page.goto(f"{site.url}/verify")
    expect(page.get_by_role("heading", name=REWRITTEN)).to_be_visible()


def test_a_log_that_is_not_shown_any_more_is_missed(site: Site, page: Page) -> None:
    note = sign(site, list_leaves(site)).replace("localhost", "elsewhere")
    keep(page, site, note)
    page.goto(f"{site.url}/verify")
    log = page.get_by_role("region", name="The log")
    expect(log.get_by_role("heading", name=REWRITTEN)).to_be_visible()
    expect(log.get_by_role("alert")).to_contain_text("does not show it any more")


def test_what_was_entered_later_than_it_says_is_caught(site: Site, page: Page) -> None:
    said = find_publication(site)
    index = parse_inclusion(fetch(site, f"/v1/publications/{said}/proof").encode()).index
    keep(page, site, sign(site, list_leaves(site)[:index]))
    page.goto(f"{site.url}/verify/{said}")
    expect(page.get_by_role("region", name="Verdict")).to_be_visible()
    assert failed(page) == ["time"]
    expect(step(page, "time")).to_contain_text(f"this browser saw the log at {SHOWN_THEN}")


def test_a_checkpoint_that_was_kept_is_compared(site: Site, page: Page) -> None:
    leaves = list_leaves(site)
    check(page, site, sign(site, leaves[:3]))
    assert (verdict(page), failed(page)) == ("The log only grew", [])
    assert outcomes(page)["join"] == "passed"
    check(page, site, sign(site, [*leaves[:2], hash_leaf(b"what was said")]))
    assert (verdict(page), failed(page)) == (REWRITTEN, ["join"])
    origin, size, _, *rest = sign(site, leaves[:3]).split("\n")
    other = b64encode(bytes(32)).decode()
    check(page, site, "\n".join([origin, size, other, *rest]))
    assert failed(page) == ["kept-signed", "join"]
    # The server must show a tree that bears the log's signature, too.
    page.route("**/v1/log", lambda route: answer_other_root(route))
    check(page, site, sign(site, leaves[:3]))
    assert "signature" in failed(page)


def answer_other_root(route: Route) -> None:
    answer = route.fetch()
    body = answer.json()
    lines = body["data"]["checkpoint"].split("\n")
    body["data"]["checkpoint"] = "\n".join([*lines[:2], b64encode(bytes(32)).decode(), *lines[3:]])
    route.fulfill(response=answer, json=body)


def test_a_witness_is_checked_with_its_own_key(site: Site, page: Page) -> None:
    path = f"/v1/publications/{find_publication(site)}"
    rows, proof = fetch(site, f"{path}/rows"), fetch(site, f"{path}/proof")
    key = Ed25519PrivateKey.generate()
    public = VerifierKey(WITNESS, COSIGNATURE, key.public_key().public_bytes_raw())
    above, _, note = proof.partition("\n\n")
    signed = f"{above}\n\n{cosign(note.encode(), key, THEN).decode()}"
    step_name = f"witness {public.key_id.hex()}"

    check(page, site, rows, signed)
    assert (verdict(page), outcomes(page)["strangers"]) == ("Verified", "told")
    check(page, site, rows, signed, str(public))
    assert (verdict(page), outcomes(page)[step_name]) == ("Verified", "passed")
    expect(step(page, step_name)).to_contain_text(SHOWN_THEN)
    expect(step(page, "time")).to_have_attribute("data-outcome", "passed")
    # The time is signed, too: one that is said anew does not hold.
    start, _, blob = signed.rstrip("\n").rpartition(" ")
    raw = b64decode(blob)
    later = raw[:11] + bytes([raw[11] ^ 1]) + raw[12:]
    check(page, site, rows, f"{start} {b64encode(later).decode()}\n", str(public))
    assert (verdict(page), failed(page)) == ("Not verified", [step_name])
    # A witness that the reader names must have signed.
    check(page, site, rows, proof, str(public))
    assert failed(page) == [step_name]
    # One that saw it before it says that it was said shows that its time is made up.
    before = cosign(note.encode(), key, datetime(2020, 1, 1, tzinfo=UTC)).decode()
    check(page, site, rows, f"{above}\n\n{before}", str(public))
    assert failed(page) == ["time"]


def test_a_receipt_of_a_chain_must_be_of_this_log(site: Site, page: Page) -> None:
    leaves = list_leaves(site)
    head = parse_checkpoint(sign(site, leaves[:4]).encode())
    receipt = {
        "type": "assay-anchor-v1",
        "chain_id": 31337,
        "contract": "0x" + "11" * 20,
        "tx": "0x" + "22" * 32,
        "block": 12,
        "block_hash": "0x" + "33" * 32,
        "time": (THEN - timedelta(days=1)).isoformat(),
        "origin": head.origin,
        "size": head.size,
        "root": b64encode(head.root).decode(),
    }

    def show(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["data"]["anchors"] = [receipt]
        route.fulfill(response=answer, json=body)

    page.route("**/v1/log", show)
    said = find_publication(site)
    page.goto(f"{site.url}/verify/{said}")
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()
    assert (outcomes(page)["chain"], outcomes(page)["chain-asked"]) == ("passed", "told")
    step(page, "chain-asked").locator("summary").click()
    expect(step(page, "chain-asked")).to_contain_text("assay verify log checkpoint --key")
    receipt["root"] = b64encode(bytes(32)).decode()
    page.goto(f"{site.url}/verify/{said}")
    expect(page.get_by_role("region", name="Verdict")).to_be_visible()
    assert failed(page) == ["chain"]
    receipt["origin"] = "another.example/log"
    page.reload()
    expect(page.get_by_role("region", name="Verdict")).to_be_visible()
    assert failed(page) == ["chain"]


def read_kept(page: Page) -> str:
    return str(page.evaluate("localStorage.getItem('assay-log-heads')"))


@pytest.mark.parametrize("status", [429, 503, None])
def test_a_silent_server_cannot_make_the_browser_forget(
    site: Site, page: Page, complaints: Complaints, status: int | None
) -> None:
    leaves = list_leaves(site)
    keep(page, site, sign(site, [hash_leaf(b"what was said"), *leaves[1:-2]]))
    evidence = read_kept(page)

    def keep_silent(route: Route) -> None:
        if status is None:
            route.abort()
        else:
            route.fulfill(status=status, json={"code": "busy", "detail": "Come back later."})

    page.route("**/v1/log/consistency*", keep_silent)
    log, shown = (page.get_by_role("region", name=name) for name in ("The log", "Verdict"))
    for _ in range(2):
        page.goto(f"{site.url}/verify/{find_publication(site)}")
        expect(log.get_by_role("heading", level=2)).to_contain_text("Signed, but not compared with")
        expect(shown).to_be_visible()
        assert verdict(page) == "Verified, but not compared with what this browser saw before"
        assert (outcomes(page)["memory"], failed(page)) == ("unchecked", [])
        expect(shown).to_contain_text("That nothing was taken out, exchanged or dated back")
        assert read_kept(page) == evidence
    assert list_barriers(page) == []
    page.unroute("**/v1/log/consistency*")
    page.goto(f"{site.url}/verify")
    expect(log.get_by_role("heading", name=REWRITTEN)).to_be_visible()
    assert complaints.heard  # each silence is heard by the browser, too
    complaints.heard.clear()


def test_who_brings_the_key_accuses_no_log_that_only_did_not_answer(
    site: Site, page: Page, complaints: Complaints
) -> None:
    keep(page, site, sign(site, list_leaves(site)[:-2]))
    evidence, said = read_kept(page), find_publication(site)
    statement = fetch(site, f"/v1/publications/{said}/rows/2")
    proof = fetch(site, f"/v1/publications/{said}/rows/2/proof")
    key = json.loads(fetch(site, "/v1/log"))["data"]["keys"][0]["vkey"]
    page.route("**/v1/log", lambda route: route.fulfill(status=503, json={}))
    check(page, site, statement, proof, key)
    assert verdict(page) == "Verified, but not compared with what this browser saw before"
    assert (outcomes(page)["memory"], failed(page)) == ("unchecked", [])
    assert read_kept(page) == evidence
    assert all("503" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()


def test_what_the_open_page_itself_saw_is_not_replaced_either(
    site: Site, page: Page, complaints: Complaints
) -> None:
    leaves = list_leaves(site)
    page.goto(f"{site.url}/verify")
    log = page.get_by_role("region", name="The log")
    expect(log.get_by_role("heading", name="The log is signed")).to_be_visible()
    seen = read_kept(page)
    fork = sign(site, [hash_leaf(b"what was said"), *leaves[1:], hash_leaf(b"and more")])

    def show_fork(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["data"]["checkpoint"] = fork
        route.fulfill(response=answer, json=body)

    page.route("**/v1/log", show_fork)
    page.route("**/v1/log/consistency*", lambda route: route.fulfill(status=503, json={}))
    log.locator("summary").first.click()
    log.get_by_role("button", name="Look again").click()
    expect(log.get_by_role("heading", level=2)).to_contain_text("Signed, but not compared with")
    assert read_kept(page) == seen
    assert all("503" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()


def test_the_checked_checkpoint_can_be_saved(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/verify")
    log = page.get_by_role("region", name="The log")
    log.locator("summary").first.click()
    with page.expect_download() as saved:
        log.get_by_role("link", name="Save this checkpoint").click()
    assert saved.value.path().read_text() == fetch(site, "/log/checkpoint")


def test_an_empty_server_is_no_rewritten_one(
    tmp_path: Path, page: Page, complaints: Complaints
) -> None:
    with running(make_world(tmp_path, days=0).app) as url:
        page.goto(f"{url}/verify")
        log = page.get_by_role("region", name="The log")
        expect(log).to_contain_text("Nothing has been published yet.")
        expect(log.get_by_role("alert")).to_have_count(0)
    complaints.heard.clear()  # what has not been said yet is a 404


def test_whoever_must_sign_in_is_told_so(site: Site, page: Page, complaints: Complaints) -> None:
    asked = {"code": "no-key", "detail": "A key is missing."}
    page.route("**/v1/publications?*", lambda route: route.fulfill(status=401, json=asked))
    page.goto(f"{site.url}/verify")
    log = page.get_by_role("region", name="The log")
    expect(log.get_by_role("heading", name="The log is signed")).to_be_visible()
    page.get_by_role("button", name="Check the newest publication").click()
    expect(page.get_by_text("This server asks who you are.")).to_be_visible()
    page.locator(".missing").get_by_role("link", name="Sign in").click()
    expect(page).to_have_url(f"{site.url}/account")
    assert all("401" in heard for heard in complaints.heard), complaints.heard
    complaints.heard.clear()
