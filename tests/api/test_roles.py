"""The table of permissions, every cell of it asked over HTTP on every route."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.people import Browser, Site, open_site

from assay import accounts
from assay.accounts.types import ALLOWED, NOBODY, UNLIMITED, AccountId, Principal, Role, Verb

FILLED = {
    "kind": "trader",
    "account_id": "acc_0000000000000000",
    "session_id": "0000000000000000",
    "key_id": "0000000000000000",
    "row": "0",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("roles")) as site:
        yield site


@pytest.fixture(scope="module")
def asking(site: Site) -> Iterator[Browser]:
    with site.browser() as browser:
        yield browser


def list_routes(site: Site) -> list[tuple[str, str, tuple[Verb, ...]]]:
    """(method, path with every parameter filled, verbs) of each route that needs a key."""
    found = []
    for entry in site.app.index.entries:
        path = entry.template
        for name in [part.split("}")[0] for part in path.split("{")[1:]]:
            path = path.replace(f"{{{name}}}", FILLED.get(name, "BTC"))
        found += [
            (method, path, entry.verbs)
            for method in sorted(entry.methods)
            if not entry.is_open(method)
        ]
    return found


def is_refused_by_role(answer: Any) -> bool:
    return answer.status_code == 403 and "scope" in answer.text


def ask_all(site: Site, asking: Browser, key: str, may: frozenset[Verb]) -> set[Verb]:
    """Ask every route; each must be refused exactly if it needs a verb that is not in `may`."""
    seen = set()
    for method, path, verbs in list_routes(site):
        body: dict[str, str] | None = None if method == "GET" else {}
        answer = asking.ask(method, path, body, {"x-api-key": key})
        seen |= set(verbs)
        told = f"{method} {path} {verbs}: {answer.status_code} {answer.text[:200]}"
        assert is_refused_by_role(answer) == (not set(verbs) <= may), told
        assert answer.status_code != 401, told
        assert answer.status_code < 500 or answer.status_code == 503, told
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("role", Role)
def test_every_cell_of_the_table_on_every_route(site: Site, asking: Browser, role: Role) -> None:
    account = site.create(f"{role}@example.org", role)
    # A plan that no limit of refuses before the role does.
    database = site.app.state.database
    accounts.change_account(database, site.clock, account.account_id, plan="owner")
    seen = ask_all(site, asking, site.create_key(account), ALLOWED[role])
    assert seen == set(Verb), "each verb is needed by some route"


@pytest.mark.slow
@pytest.mark.parametrize("scope", Verb)
def test_a_key_does_no_more_than_its_scopes(site: Site, asking: Browser, scope: Verb) -> None:
    owner = site.create(f"{scope}-owner@example.org", Role.OWNER)
    ask_all(site, asking, site.create_key(owner, scope), frozenset({scope}))


@pytest.mark.slow
def test_without_a_key_only_the_listed_routes_answer(site: Site, asking: Browser) -> None:
    for method, path, _ in list_routes(site):
        answer = asking.ask(method, path, None)
        assert answer.status_code == 401, f"{method} {path}"
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for path in ("/nowhere", "/v1/nowhere", "/v1/account/", "/v1//account", "/V1/account"):
        assert asking.ask("GET", path).status_code == 401, path


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("scope", Verb)
def test_role_and_scopes_must_both_allow(role: Role, verb: Verb, scope: Verb) -> None:
    principal = Principal(AccountId("acc_0"), role, UNLIMITED, frozenset({scope}))
    assert principal.may(verb) == (verb in ALLOWED[role] and verb == scope)
    assert not NOBODY.may(verb)


def test_the_table_written_out() -> None:
    assert {
        role: "".join(sorted(verb[0] for verb in verbs)) for role, verbs in ALLOWED.items()
    } == {
        Role.OWNER: "aaoru",
        Role.USER: "aru",
        Role.READ_ONLY: "r",
    }


@pytest.mark.slow
def test_in_open_local_mode_accounts_say_how_to_get_them(tmp_path: Path) -> None:
    with open_site(tmp_path, keys=False) as site, site.browser() as browser:
        asked = 0
        for entry in site.app.index.entries:
            if not entry.template.startswith(("/v1/account", "/v1/session", "/v1/audit")):
                continue
            path = entry.template.replace("{account_id}", "x").replace("{session_id}", "x")
            for method in entry.methods:
                answer = browser.ask(method, path, None if method == "GET" else {})
                assert answer.status_code == 409, f"{method} {path}: {answer.text}"
                assert "assay serve --keys" in answer.json()["hint"]
                asked += 1
        assert asked >= 25
