"""Keyed mode: the fast way is the declared way, and the index finds what FastAPI would find."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from tests.api.asking import Answer, ask_async
from tests.api.keyed import Header, Keyed, make_keyed

from assay import tokenmetrics
from assay.accounts.types import Verb
from assay.api import Application
from assay.api.routing import Entry

CHANGING = {b"ratelimit-remaining", b"ratelimit-reset", b"date"}
VALUES = {
    "{kind}": "trader",
    "{symbol}": "BTC",
    "{index}": "top-10",
    "{publication_id}": "nix",
    "{account_id}": "acc_0123456789abcdef",
    "{key_id}": "0123456789abcdef",
    "{job_id}": "job_0123456789abcdef",
    "{rule_id}": "rul_0123456789abcdef",
    "{channel_id}": "chn_0123456789abcdef",
    "{delivery_id}": "dlv_0123456789abcdef01234567",
    "{credential_id}": "cred_0123456789abcdef",
    "{list_number}": "1",
    "{session_id}": "0123456789abcdef",
    "{item}": "BTC",
    "{name}": "assay.css",
    "{log}": "0123456789abcdef",
    "{level}": "0",
    "{tile}": "000.p/5",
    "{row}": "0",
}
TIGHT = "[tight]\nrequests_per_minute = 1\n[wide]\nrequests_per_minute = 1_000_000\n"
GROWING = ("/v1/account/export", "/v1/account/audit", "/metrics")
"""What answers with what it was asked: only the status is compared."""
ENDLESS = ("/v1/jobs/{job_id}/events",)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    path = tmp_path_factory.mktemp("same")
    (path / "plans.toml").write_text(TIGHT)
    made = make_keyed(path, faces=(tokenmetrics.create_face(prefix="/tokenmetrics/v2"),))
    made.add_account("ada", plan="wide")
    made.add_key("good", "ada")
    made.add_key("narrow", "ada", [Verb.USE])
    made.add_key("brief", "ada", expires_at=made.clock.now() + timedelta(seconds=1))
    made.add_account("spent", plan="tight")
    made.add_key("exhausted", "spent")
    made.keys["unknown"] = "ak_0123456789abcdef_" + "A" * 43
    made.keys["tampered"] = made.keys["good"][:-2] + "xx"
    made.keys["truncated"] = made.keys["good"][:-1]
    made.keys["local"] = "local"
    asyncio.run(spoil(made))
    yield made
    made.app.state.close()


async def spoil(keyed: Keyed) -> None:
    """Use up one account, let one key expire, revoke another."""
    while (await keyed.ask("/v1/tokens", "exhausted")).status != 429:
        pass
    record = keyed.add_key("revoked", "ada")
    assert (await keyed.ask("/v1/tokens", "revoked")).status == 200
    await keyed.ask(f"/v1/keys/{record.key_id}", "good", method="DELETE")
    assert (await keyed.ask("/v1/tokens", "brief")).status == 200
    keyed.clock.advance(2)
    await keyed.app.state.access.poll()
    while (await keyed.ask("/v1/tokens", "exhausted")).status != 429:
        pass


def list_targets(app: Application) -> list[tuple[str, str, frozenset[str]]]:
    """(template, address, methods) of every declared path."""
    found: dict[str, frozenset[str]] = {}
    for entry in app.index.entries:
        found[entry.template] = found.get(entry.template, frozenset()) | entry.methods
    targets = []
    for template, methods in found.items():
        target = template
        for placeholder, value in VALUES.items():
            target = target.replace(placeholder, value)
        assert "{" not in target, f"{template}: this test has no value for a new parameter"
        targets.append((template, target, methods))
    return targets


def same(left: Answer, right: Answer) -> bool:
    """True if two answers are equal but for what counts down."""

    def strip(answer: Answer) -> list[Header]:
        return [pair for pair in answer.headers if pair[0] not in CHANGING]

    return (left.status, left.body, strip(left)) == (right.status, right.body, strip(right))


async def compare(
    keyed: Keyed, target: str, headers: Sequence[Header], method: str = "GET"
) -> Answer:
    """The answer of the declared way; the fast way answers the same, twice."""
    declared = await ask_async(keyed.app.declared, target, headers, method)
    for _ in range(2):
        fast = await ask_async(keyed.app, target, headers, method)
        assert fast.status == declared.status, (method, target)
        assert target in GROWING or same(fast, declared), (method, target)
    return declared


@pytest.mark.slow
def test_every_route_refuses_and_answers_the_same_way_fast_and_declared(keyed: Keyed) -> None:
    async def walk() -> None:
        replayed = 0
        for template, target, methods in list_targets(keyed.app):
            if template in ENDLESS:
                continue
            for method in sorted(methods):
                is_open = entry_of(keyed, target, method).is_open(method)
                anonymous = await compare(keyed, target, [], method)
                # An open route may know other reasons for a 401, such as a wrong password.
                assert is_open or anonymous.status == 401, (method, target)
                assert not (is_open and b"needs a key" in anonymous.body), (method, target)
                for bad in ("unknown", "tampered", "truncated", "revoked", "brief", "local"):
                    if template == "/v1/token":
                        continue
                    answer = await compare(keyed, target, [keyed.show(bad)], method)
                    assert answer.status == 401, (bad, method, target)
                    assert keyed.keys[bad].encode() not in answer.body or bad == "local"
            if "GET" not in methods:
                continue
            replayed += await walk_readable(keyed, target)
        assert replayed > 20

    asyncio.run(walk())


def entry_of(keyed: Keyed, target: str, method: str) -> Entry:
    found = keyed.app.index.find(target).get_entry(method)
    assert isinstance(found, Entry)
    return found


async def walk_readable(keyed: Keyed, target: str) -> bool:
    """Ask one path with keys that are known; True if it was answered 200 with an ETag."""
    entry = entry_of(keyed, target, "GET")
    good, narrow, spent = (keyed.show(name) for name in ("good", "narrow", "exhausted"))
    answer = await compare(keyed, target, [good])
    assert answer.header("ratelimit-limit") == ("1000000" if entry.is_counted else "")
    assert (await compare(keyed, target, [good], "HEAD")).status == answer.status
    refused_spent = (await compare(keyed, target, [spent])).status == 429
    assert refused_spent == entry.is_counted
    refused = await compare(keyed, target, [narrow])
    if not entry.is_open("GET") and Verb.USE not in entry.verbs:
        assert refused.status == 403
    if not entry.is_open("GET"):
        both = await compare(keyed, target, [good, (b"authorization", b"Bearer ak_x_y")])
        assert both.status == 401
    tag = answer.header("etag").encode()
    if answer.status != 200 or not tag:
        return False
    for wanted in (tag, b"*", b'"x", W/' + tag):
        assert (await compare(keyed, target, [good, (b"if-none-match", wanted)])).status == 304
    assert (await compare(keyed, target + "?surprise=1", [good])).status in (200, 422)
    return True


@pytest.mark.slow
def test_the_index_runs_the_route_that_fastapi_s_own_scan_would_run(keyed: Keyed) -> None:
    scanning = Application(keyed.app.state)
    router = scanning.routes.router
    router.middleware_stack = router.app

    async def walk() -> None:
        for template, target, _ in list_targets(keyed.app):
            if template in ENDLESS:
                continue
            odd = ["/", "//", "/x", "/x/y", "%2f", "%20", ".json", "%C3%A9", "?x=1"]
            for variant in [target, *(target + end for end in odd), "/" + target, target.upper()]:
                for method in ("GET", "HEAD", "POST", "DELETE", "PATCH", "TRACE"):
                    if method not in ("GET", "HEAD") and variant == target:
                        continue
                    headers = [keyed.show("good")]
                    indexed = await ask_async(keyed.app.declared, variant, headers, method)
                    scanned = await ask_async(scanning.declared, variant, headers, method)
                    assert indexed.status == scanned.status, (method, variant)
                    if indexed.status != 405 and target not in GROWING:
                        assert same(indexed, scanned), (method, variant)

    asyncio.run(walk())


def test_a_path_answers_405_with_every_method_it_has(keyed: Keyed) -> None:
    async def check() -> None:
        answer = await keyed.ask("/v1/keys", "good", method="TRACE")
        assert (answer.status, answer.header("allow")) == (405, "GET, HEAD, POST")
        answer = await keyed.ask("/v1/token", "good", method="DELETE")
        assert (answer.status, answer.header("allow")) == (405, "POST")

    asyncio.run(check())


def test_what_was_remembered_for_one_key_is_given_to_no_other_without_the_scope(
    keyed: Keyed, tmp_path: Path
) -> None:
    async def check() -> None:
        target = "/v1/grades/trader?limit=7"
        first = await keyed.ask(target, "good")
        assert first.status == 200
        assert (await keyed.ask(target)).status == 401
        assert (await keyed.ask(target, "narrow")).status == 403
        assert (await keyed.ask(target, "exhausted")).status == 429
        assert (await keyed.ask(target, "revoked")).status == 401

    asyncio.run(check())
