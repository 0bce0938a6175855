"""The Verify page: the browser itself checks what is true, and each forgery fails at its step."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect
from tests.api.world import NOW
from tests.web.axe import list_barriers
from tests.web.conftest import Site

pytestmark = pytest.mark.slow
STEPS = ("read", "proof", "rows", "header", "signature")
TOLD = ("key", "witnesses", "memory", "chain")


def fetch(site: Site, path: str) -> str:
    return httpx.get(site.url + path).raise_for_status().text


def find_publication(site: Site, kind: str = "grades.trader") -> str:
    found = json.loads(fetch(site, f"/v1/publications?kind={kind}&limit=1"))
    return str(found["data"][0]["publication"])


def find_key(site: Site) -> str:
    return str(json.loads(fetch(site, "/v1/log"))["data"]["keys"][0]["vkey"])


def ask_credential(site: Site) -> str:
    order = {"publication": find_publication(site), "subject": "BTC", "bearer": True}
    headers = {"idempotency-key": str(uuid4())}
    answer = httpx.post(f"{site.url}/v1/credentials", json=order, headers=headers)
    return str(answer.raise_for_status().json()["data"]["credential"])


def check(page: Page, site: Site, statement: str, proof: str = "", key: str = "") -> None:
    page.goto(f"{site.url}/verify")
    page.get_by_label("What was said").fill(statement)
    page.get_by_label("Its proof").fill(proof)
    page.get_by_label("Keys").fill(key)
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("region", name="Verdict")).to_be_visible()


def forget(page: Page) -> None:
    """The made-up world dates what it says two days ahead of its clock: a browser that has that
    clock, and saw it already, would call it back-dated.
    """
    log = page.get_by_role("region", name="The log")
    expect(log.get_by_role("heading", level=2)).to_be_visible()  # it has kept what it keeps
    page.evaluate("localStorage.clear()")


def step(page: Page, name: str) -> Locator:
    steps = page.get_by_role("list", name="Steps", exact=True)
    return steps.locator(f'[data-step="{name}"]')


def outcomes(page: Page) -> dict[str, str]:
    steps = page.get_by_role("list", name="Steps", exact=True).locator("[data-step]")
    pairs = [
        (step.get_attribute("data-step"), step.get_attribute("data-outcome"))
        for step in steps.all()
    ]
    return {str(name): str(outcome) for name, outcome in pairs}


def failed(page: Page) -> list[str]:
    return [name for name, outcome in outcomes(page).items() if outcome == "failed"]


def verdict(page: Page) -> str:
    heading = page.get_by_role("region", name="Verdict").get_by_role("heading", level=2)
    return heading.inner_text().partition(" ")[2]  # behind its sign


def test_a_link_verifies_a_publication_and_one_of_its_rows(site: Site, page: Page) -> None:
    said = find_publication(site)
    page.goto(f"{site.url}/verify/{said}")
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()
    told = dict.fromkeys(TOLD, "told")
    assert outcomes(page) == dict.fromkeys((*STEPS, "id"), "passed") | told
    # Who named the key is said plainly; the second time this browser knows it already.
    expect(step(page, "key")).to_contain_text("This server named it just now")
    page.goto(f"{site.url}/verify/{said}?row=1")
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()
    expect(step(page, "rows")).to_contain_text("This is row 1 of the")
    expect(step(page, "key")).to_contain_text("This browser has known it since")
    assert (outcomes(page)["memory"], outcomes(page)["time"]) == ("passed", "passed")


def test_another_key_than_this_browser_knew_is_told(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/verify")
    name = find_key(site).split("+")[0]
    raw = bytes([1, *range(32)])
    key_id = sha256(f"{name}\n".encode() + raw).hexdigest()[:8]
    kept = json.dumps({f"{name}+{key_id}+{b64encode(raw).decode()}": "2023-01-02T00:00:00Z"})
    expect(page.get_by_role("heading", name="The log is signed")).to_be_visible()  # it has kept
    page.evaluate("kept => localStorage.setItem('assay-log-keys', kept)", kept)
    page.goto(f"{site.url}/verify/{find_publication(site)}")
    expect(step(page, "key")).to_contain_text("another key of this log since 2023-01")


def test_every_kind_of_publication_verifies(site: Site, page: Page) -> None:
    listed = json.loads(fetch(site, "/v1/publications?limit=1000"))["data"]
    for said in {row["kind"]: row["publication"] for row in listed}.values():
        page.goto(f"{site.url}/verify/{said}")
        expect(page.get_by_role("region", name="Verdict")).to_be_visible()
        assert (said, failed(page)) == (said, [])


def test_pasted_pieces_verify_with_the_key_of_the_reader(site: Site, page: Page) -> None:
    said, key = find_publication(site), find_key(site)
    path = f"/v1/publications/{said}"
    row, proof = fetch(site, f"{path}/rows/2"), fetch(site, f"{path}/rows/2/proof")
    spread = json.dumps(dict(reversed(json.loads(row).items())), indent=2)
    check(page, site, spread, proof, key)
    assert (verdict(page), failed(page)) == ("Verified", [])
    expect(step(page, "read")).to_contain_text("written anew")
    expect(step(page, "key")).to_contain_text("You gave it")
    check(page, site, fetch(site, path))  # the whole answer of the API: its proof is fetched
    assert (verdict(page), failed(page)) == ("Verified", [])


def change_hash(proof: str) -> str:
    lines = proof.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("index ")) + 1
    lines[at] = b64encode(bytes([b64decode(lines[at])[0] ^ 1]) + b64decode(lines[at])[1:]).decode()
    return "\n".join(lines)


def change_signature(proof: str) -> str:
    start, _, blob = proof.rstrip("\n").rpartition(" ")
    raw = b64decode(blob)
    return f"{start} {b64encode(raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]).decode()}\n"


def change_size(proof: str) -> str:
    above, _, below = proof.partition("\n\n")
    origin, size, rest = below.split("\n", 2)
    return f"{above}\n\n{origin}\n{int(size) + 1}\n{rest}"


@pytest.mark.parametrize(
    ("change", "step"),
    [(change_hash, "header"), (change_signature, "signature"), (lambda _: "no proof", "proof")],
)
def test_a_wrong_proof_fails_at_its_step(
    site: Site, page: Page, change: Callable[[str], str], step: str
) -> None:
    path = f"/v1/publications/{find_publication(site)}"
    check(page, site, fetch(site, f"{path}/rows"), change(fetch(site, f"{path}/proof")))
    assert (verdict(page), failed(page)) == ("Not verified", [step])


def test_a_changed_checkpoint_is_not_signed(site: Site, page: Page) -> None:
    path = f"/v1/publications/{find_publication(site)}"
    check(page, site, fetch(site, f"{path}/rows"), change_size(fetch(site, f"{path}/proof")))
    assert "signature" in failed(page)


@pytest.mark.parametrize("part", ["rows", "rows/0"])
def test_a_changed_number_fails_at_its_step(site: Site, page: Page, part: str) -> None:
    path = f"/v1/publications/{find_publication(site)}"
    shown = json.loads(fetch(site, f"{path}/{part}"))
    row = shown[3] if part == "rows" else shown
    row["grade"] = f"{float(row['grade']) + 0.01:.2f}"
    proof = fetch(site, f"{path}/proof" if part == "rows" else f"{path}/{part}/proof")
    check(page, site, json.dumps(shown), proof)
    assert (verdict(page), failed(page)) == ("Not verified", ["rows"])


def test_a_proof_of_something_else_fails(site: Site, page: Page) -> None:
    path, other = (
        f"/v1/publications/{find_publication(site, k)}" for k in ("grades.trader", "indices")
    )
    check(page, site, fetch(site, f"{path}/rows"), fetch(site, f"{other}/proof"))
    assert failed(page) == ["rows"]
    check(page, site, fetch(site, f"{path}/rows/1"), fetch(site, f"{path}/rows/0/proof"))
    assert failed(page) == ["rows"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"rank":1,', '"rank":1,"rank":2,', "stands twice"),
        ('"rank":1,', '"rank":1.5,', "no JSON of integers"),
    ],
)
def test_json_that_two_readers_may_read_in_two_ways_is_refused(
    site: Site, page: Page, old: str, new: str, says: str
) -> None:
    path = f"/v1/publications/{find_publication(site)}/rows/0"
    changed = fetch(site, path).replace(old, new)
    page.goto(f"{site.url}/verify")
    page.get_by_label("What was said").fill(changed)
    page.get_by_label("Its proof").fill(fetch(site, f"{path}/proof"))
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text(says)).to_be_visible()
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_have_count(0)


def test_another_key_does_not_verify(site: Site, page: Page) -> None:
    path = f"/v1/publications/{find_publication(site)}"
    name, _, blob = find_key(site).split("+", 2)
    kind, *public = b64decode(blob)
    raw = bytes([kind, public[0] ^ 1, *public[1:]])
    key_id = sha256(f"{name}\n".encode() + raw).hexdigest()[:8]
    other = f"{name}+{key_id}+{b64encode(raw).decode()}"
    check(page, site, fetch(site, path), key=other)
    assert (verdict(page), failed(page)) == ("Not verified", ["signature"])


def test_a_credential_and_a_forged_one(site: Site, page: Page) -> None:
    credential = ask_credential(site)
    page.clock.set_fixed_time(NOW)  # by which the made-up world issued it
    check(page, site, credential)
    assert (verdict(page), failed(page)) == ("Verified", [])
    assert outcomes(page)["agrees"] == "passed"
    token, *disclosures = credential.split("~")
    lied = b64encode(b'["salt","grade","99.99"]').decode().rstrip("=")
    forget(page)
    check(page, site, "~".join([token, lied, *disclosures]))
    assert failed(page) == ["disclosures"]
    head, body, signature = token.split(".")
    other = "A" if signature[10] != "A" else "B"
    forged = f"{head}.{body}.{signature[:10]}{other}{signature[11:]}"
    forget(page)
    check(page, site, "~".join([forged, *disclosures]))
    assert failed(page) == ["issuer"]


def test_a_withdrawn_credential_does_not_hold_any_more(site: Site, page: Page) -> None:
    order = {"publication": find_publication(site), "subject": "ETH", "bearer": True}
    headers = {"idempotency-key": str(uuid4())}
    answer = httpx.post(f"{site.url}/v1/credentials", json=order, headers=headers)
    issued = answer.raise_for_status().json()["data"]
    page.clock.set_fixed_time(NOW)
    check(page, site, issued["credential"])
    assert (verdict(page), outcomes(page)["status"]) == ("Verified", "passed")

    def change_list(route: Route) -> None:
        answer = route.fetch()
        head, body, signature = answer.text().split(".")
        claims = json.loads(b64decode(body + "=="))
        claims["exp"] += 1
        other = b64encode(json.dumps(claims).encode(), altchars=b"-_").decode().rstrip("=")
        route.fulfill(response=answer, body=f"{head}.{other}.{signature}")

    forget(page)
    page.route("**/v1/credentials/status/*", change_list)
    check(page, site, issued["credential"])
    assert failed(page) == ["status"]
    expect(step(page, "status")).to_contain_text("not signed by the issuer")
    page.unroute("**/v1/credentials/status/*")
    forget(page)
    withdrawn = f"{site.url}/v1/credentials/{issued['credential_id']}/withdraw"
    httpx.post(withdrawn, json={}, headers={"idempotency-key": str(uuid4())}).raise_for_status()
    check(page, site, issued["credential"])
    assert (verdict(page), failed(page)) == ("Withdrawn", ["status"])


def test_one_click_shows_what_holds_and_one_what_fails(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/verify")
    page.get_by_role("button", name="Check the newest publication").click()
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()
    page.get_by_role("button", name="See one that fails").click()
    expect(page.get_by_role("heading", name="Not verified")).to_be_visible()
    expect(page.get_by_text("Changed on purpose, in this browser.")).to_be_visible()
    expect(page.get_by_text("“grade” was")).to_be_visible()
    assert failed(page) == ["rows"]
    assert list_barriers(page) == []
    page.reload()  # the example has an address
    expect(page.get_by_role("heading", name="Not verified")).to_be_visible()


def test_files_are_dropped(site: Site, page: Page) -> None:
    path = f"/v1/publications/{find_publication(site)}"
    page.goto(f"{site.url}/verify")
    files = [["rows", fetch(site, f"{path}/rows")], ["proof", fetch(site, f"{path}/proof")]]
    make = """files => {
        const dropped = new DataTransfer();
        for (const [name, text] of files) dropped.items.add(new File([text], name));
        return dropped;
    }"""
    dropped = page.evaluate_handle(make, [*files, ["key", find_key(site)]])
    form = page.get_by_role("form", name="What is to be checked")
    form.dispatch_event("drop", {"dataTransfer": dropped})
    expect(page.get_by_label("Keys")).to_have_value(find_key(site))
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()
    expect(step(page, "key")).to_contain_text("You gave it")


EVIL = "<img src=x onerror=document.title='taken'>"


def test_what_others_wrote_stays_text(site: Site, page: Page) -> None:
    path = f"/v1/publications/{find_publication(site)}/rows/0"
    proof = fetch(site, f"{path}/proof")
    page.goto(f"{site.url}/verify")
    title = page.title()
    check(page, site, json.dumps({EVIL: EVIL}), proof)
    assert failed(page) == ["rows"]
    extra = b64encode(json.dumps({"header": json.dumps({"kind": EVIL, "as_of": EVIL})}).encode())
    lines = proof.replace(find_key(site).split("+")[0], EVIL.replace(" ", "/")).split("\n")
    lines[1] = f"extra {extra.decode()}"
    check(page, site, fetch(site, path), "\n".join(lines))
    assert {"rows", "header", "signature"} <= set(failed(page))
    expect(page.get_by_text(EVIL).first).to_be_visible()
    page.get_by_label("What was said").fill('{"' + EVIL + '": 1.5}')
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("no JSON of integers").first).to_be_visible()
    assert page.locator("img").count() == 0
    assert page.title() == title


def test_files_are_told_apart(site: Site, page: Page) -> None:
    path = f"/v1/publications/{find_publication(site)}"
    files = {"rows.json": f"{path}/rows", "it.tlog-proof": f"{path}/proof"}
    page.goto(f"{site.url}/verify")
    payloads: list[FilePayload] = [
        {"name": name, "mimeType": "text/plain", "buffer": fetch(site, where).encode()}
        for name, where in files.items()
    ]
    page.get_by_label("Or drop files here, or choose them").set_input_files(payloads)
    expect(page.get_by_label("Its proof")).to_have_value(fetch(site, f"{path}/proof"))
    page.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()


def test_the_page_is_narrow_enough_for_a_telephone(site: Site, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}/verify/{find_publication(site)}")
    expect(page.get_by_role("heading", name="Verified", exact=True)).to_be_visible()
    for closed in page.locator("summary").all():
        closed.click()
    assert list_barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
