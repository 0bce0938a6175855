"""Keyed mode: who gets in, what each key may, what is counted, and what the answers say of it."""

import asyncio
import base64
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from tests.api.asking import Answer
from tests.api.keyed import Keyed, make_keyed

from assay import accounts
from assay.accounts.types import ALLOWED, Role, Verb
from assay.api.routing import APP_PATHS
from assay.kit.errors import Busy

LIST = "/v1/grades/trader?limit=3"
JSON = (b"content-type", b"application/json")


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[Keyed]:
    made = make_keyed(tmp_path)
    made.add_account("ada")
    made.add_key("ada", "ada")
    yield made
    made.app.state.close()


async def post(keyed: Keyed, target: str, key: str, body: object, method: str = "POST") -> Answer:
    return await keyed.ask(target, key, [JSON], method, body=orjson.dumps(body))


def test_a_key_opens_what_nobody_else_may_see(keyed: Keyed) -> None:
    async def check() -> None:
        refused = await keyed.ask(LIST)
        assert (refused.status, refused.json["code"]) == (401, "key-required")
        assert refused.header("www-authenticate") == "Bearer"
        first = await keyed.ask(LIST, "ada")
        assert (await keyed.ask(LIST, "ada")).body == first.body
        bearer = (b"authorization", b"Bearer " + keyed.keys["ada"].encode())
        assert (await keyed.ask(LIST, headers=[bearer])).body == first.body
        again = (b"if-none-match", first.header("etag").encode())
        assert (await keyed.ask(LIST, "ada", [again])).status == 304

    asyncio.run(check())


@pytest.mark.parametrize("path", ["/", "/docs", "/errors", "/openapi.json", "/v1/plans"])
def test_open_paths_ask_for_no_key_but_refuse_a_wrong_one(keyed: Keyed, path: str) -> None:
    async def check() -> None:
        for _ in range(2):
            assert (await keyed.ask(path)).status == 200
            assert (await keyed.ask(path, "ada")).status == 200
            assert (await keyed.ask(path, headers=[(b"x-api-key", b"ak_x_y")])).status == 401

    asyncio.run(check())


@pytest.mark.parametrize("path", ["/nix", "/v1", "/v1/grades", "/assets", "/v1/keys"])
def test_whatever_is_not_open_needs_a_key_also_where_nothing_is(keyed: Keyed, path: str) -> None:
    assert asyncio.run(keyed.ask(path)).status == 401


def test_every_keyed_answer_says_what_is_left(keyed: Keyed) -> None:
    async def check() -> None:
        left = []
        for target, method, status in [
            (LIST, "GET", 200),
            (LIST, "GET", 200),
            ("/nix", "GET", 404),
            ("/v1/tokens", "POST", 405),
            ("/v1/tokens?nix=1", "GET", 422),
            ("/v1/accounts", "GET", 403),
            (LIST, "HEAD", 200),
        ]:
            answer = await keyed.ask(target, "ada", method=method)
            assert answer.status == status, target
            assert answer.header("ratelimit-limit") == "60"
            assert answer.header("ratelimit-policy") == "60;w=60, 10000;w=2678400"
            assert 0 <= int(answer.header("ratelimit-reset")) <= 60
            left.append(int(answer.header("ratelimit-remaining")))
        assert left == list(range(59, 52, -1))

    asyncio.run(check())


def test_a_rate_ends_with_429_and_comes_back(keyed: Keyed) -> None:
    async def check() -> None:
        for number in range(60):
            assert (await keyed.ask(LIST, "ada")).status == 200, number
        for _ in range(2):
            refused = await keyed.ask(LIST, "ada")
            assert (refused.status, refused.json["code"]) == (429, "rate-limited")
            assert refused.header("retry-after") == "1"
            assert refused.header("ratelimit-remaining") == "0"
            assert refused.header("content-type") == "application/problem+json"
        keyed.clock.advance(3)
        statuses = [(await keyed.ask(LIST, "ada")).status for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]

    asyncio.run(check())


def test_a_month_s_quota_ends_with_the_month(tmp_path: Path) -> None:
    (tmp_path / "plans.toml").write_text("[tiny]\nrequests_per_month = 4\n")
    keyed = make_keyed(tmp_path)
    keyed.add_account("ada", plan="tiny")
    keyed.add_key("ada", "ada")

    async def check() -> None:
        assert [(await keyed.ask(LIST, "ada")).status for _ in range(6)] == [200] * 4 + [429] * 2
        refused = await keyed.ask(LIST, "ada")
        # From noon of 30 December to midnight of New Year.
        assert int(refused.header("retry-after")) in range(36 * 3600 - 10, 36 * 3600 + 1)
        # Who has stolen a key may use the month up, but not keep its holder from the account.
        for path in ("/v1/usage", "/v1/keys", "/v1/account", "/v1/plans", "/docs"):
            assert (await keyed.ask(path, "ada")).status == 200, path
        keyed.clock.advance(36 * 3600)
        await keyed.app.state.access.poll()
        assert (await keyed.ask(LIST, "ada")).status == 200

    asyncio.run(check())


def test_pages_of_the_web_app_draw_on_no_limit(tmp_path: Path) -> None:
    (tmp_path / "plans.toml").write_text("[tiny]\nrequests_per_minute = 1\n")
    keyed = make_keyed(tmp_path)
    keyed.add_account("ada", plan="tiny")
    keyed.add_key("ada", "ada")

    async def check() -> None:
        assert (await keyed.ask(LIST, "ada")).status == 200
        for path in APP_PATHS:
            target = path.format(name="favicon.svg", item="BTC")
            wanted = 404 if path.startswith("/app/") else 200
            assert (await keyed.ask(target, "ada")).status == wanted, target
        assert (await keyed.ask(LIST, "ada")).status == 429

    asyncio.run(check())


def test_a_route_and_a_key_have_limits_of_their_own(tmp_path: Path) -> None:
    text = "[some]\nrequests_per_minute = 1000\n[some.per_route]\n'/v1/tokens' = 2\n"
    (tmp_path / "plans.toml").write_text(text)
    keyed = make_keyed(tmp_path)
    keyed.add_account("ada", plan="some")
    keyed.add_key("ada", "ada")
    keyed.add_key("slow", "ada", requests_per_minute=3)

    async def check() -> None:
        assert [(await keyed.ask("/v1/tokens", "ada")).status for _ in range(3)] == [200, 200, 429]
        assert [(await keyed.ask(LIST, "ada")).status for _ in range(5)] == [200] * 5
        statuses = [(await keyed.ask(LIST, "slow")).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert (await keyed.ask(LIST, "ada")).status == 200

    asyncio.run(check())


@pytest.mark.parametrize("role", list(Role))
def test_each_scope_opens_its_own_routes_and_no_others(keyed: Keyed, role: Role) -> None:
    """Every cell of roles x verbs, with keys of one scope and of all."""
    routes = {
        Verb.READ: "/v1/tokens",
        Verb.ACCOUNT: "/v1/keys",
        Verb.ADMINISTER: "/v1/accounts",
        Verb.OPERATE: "/v1/quarantine",
    }
    keyed.add_account("someone", role)
    for scope in Verb:
        keyed.add_key(scope.value, "someone", [scope])
    keyed.add_key("all", "someone")

    async def check() -> None:
        for verb, path in routes.items():
            for scope in Verb:
                expected = 200 if scope is verb and verb in ALLOWED[role] else 403
                assert (await keyed.ask(path, scope.value)).status == expected, (scope, path)
            expected = 200 if verb in ALLOWED[role] else 403
            assert (await keyed.ask(path, "all")).status == expected, path

    asyncio.run(check())


def test_a_key_is_made_listed_changed_rotated_and_revoked(keyed: Keyed) -> None:
    async def check() -> None:
        body = {"name": "bot", "scopes": ["read"], "expires_at": "2024-06-01T00:00:00Z"}
        made = await post(keyed, "/v1/keys", "ada", body)
        assert made.status == 201
        data = made.json["data"]
        text, key_id = data["key"], data["key_id"]
        assert text.startswith(f"ak_{key_id}_")
        assert len(base64.urlsafe_b64decode(text.split("_", 2)[2] + "=")) == 32
        keyed.keys["bot"] = text
        assert (await keyed.ask(LIST, "bot")).status == 200
        assert (await keyed.ask("/v1/keys", "bot")).status == 403

        listed = await keyed.ask("/v1/keys", "ada")
        assert sorted(key["name"] for key in listed.json["data"]) == ["ada", "bot"]
        assert text.split("_", 2)[2] not in listed.body.decode()
        changed = await post(keyed, f"/v1/keys/{key_id}", "ada", {"name": "b2"}, "PATCH")
        assert changed.json["data"]["name"] == "b2"
        assert changed.json["data"]["expires_at"] == "2024-06-01T00:00:00Z"

        rotated = await keyed.ask(f"/v1/keys/{key_id}/rotate", "ada", method="POST")
        keyed.keys["new"] = rotated.json["data"]["key"]
        assert (await keyed.ask(LIST, "bot")).status == 401
        assert (await keyed.ask(LIST, "new")).status == 200

        assert (await keyed.ask(f"/v1/keys/{key_id}", "ada", method="DELETE")).status == 204
        assert (await keyed.ask(LIST, "new")).status == 401
        assert (await keyed.ask(f"/v1/keys/{key_id}", "ada")).status == 404

    asyncio.run(check())


def test_a_rotated_key_s_old_secret_stands_for_the_overlap(keyed: Keyed) -> None:
    async def check() -> None:
        record = keyed.add_key("old", "ada")
        body = {"overlap_s": 60}
        rotated = await post(keyed, f"/v1/keys/{record.key_id}/rotate", "ada", body)
        keyed.keys["new"] = rotated.json["data"]["key"]
        assert (await keyed.ask(LIST, "old")).status == 200
        assert (await keyed.ask(LIST, "new")).status == 200
        keyed.clock.advance(61)
        await keyed.app.state.access.poll()
        assert (await keyed.ask(LIST, "old")).status == 401
        assert (await keyed.ask(LIST, "new")).status == 200

    asyncio.run(check())


def test_a_key_does_not_get_the_secret_of_one_that_may_more(keyed: Keyed) -> None:
    wide = keyed.add_key("wide", "ada", [Verb.READ, Verb.ACCOUNT])
    keyed.add_key("narrow", "ada", [Verb.ACCOUNT])

    async def check() -> None:
        own = f"/v1/keys/{wide.key_id}"
        assert (await post(keyed, own + "/rotate", "narrow", {})).status == 403
        assert (await post(keyed, own, "narrow", {"expires_at": None}, "PATCH")).status == 403
        assert (await keyed.ask(LIST, "wide")).status == 200
        assert (await post(keyed, own, "narrow", {"name": "w"}, "PATCH")).status == 200
        assert (await keyed.ask(own, "narrow", method="DELETE")).status == 204
        assert (await keyed.ask(LIST, "wide")).status == 401

    asyncio.run(check())


def test_nobody_touches_another_s_keys_but_the_owner(keyed: Keyed) -> None:
    keyed.add_account("eve")
    keyed.add_key("eve", "eve")
    record = keyed.add_key("victim", "ada", [Verb.READ])

    async def check() -> None:
        own = f"/v1/keys/{record.key_id}"
        for method, body in [("GET", None), ("DELETE", None), ("PATCH", {"name": "x"})]:
            assert (await post(keyed, own, "eve", body, method)).status == 404, method
        assert (await post(keyed, own + "/rotate", "eve", {})).status == 404
        other = f"?account_id={keyed.ids['ada']}"
        assert (await keyed.ask("/v1/keys" + other, "eve")).status == 403
        assert (await keyed.ask("/v1/usage" + other, "eve")).status == 403
        assert (await post(keyed, "/v1/keys" + other, "eve", {"name": "x"})).status == 403
        assert (await keyed.ask(LIST, "victim")).status == 200
        assert (await keyed.ask("/v1/keys" + other, "owner")).status == 200
        assert (await keyed.ask(own, "owner", method="DELETE")).status == 204
        assert (await keyed.ask(LIST, "victim")).status == 401

    asyncio.run(check())


def test_no_key_is_more_than_its_maker(keyed: Keyed) -> None:
    keyed.add_key("narrow", "ada", [Verb.ACCOUNT])

    async def check() -> None:
        for key, scopes in [("narrow", ["read"]), ("ada", ["operate"]), ("ada", ["administer"])]:
            answer = await post(keyed, "/v1/keys", key, {"name": "x", "scopes": scopes})
            assert (answer.status, answer.json["code"]) == (403, "forbidden")
        made = await post(keyed, "/v1/keys", "narrow", {"name": "x", "scopes": ["account"]})
        assert made.status == 201

    asyncio.run(check())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["fly"]}, "scopes"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "expires_at": "2030-01-01T00:00:00"}, "expires_at"),
        ({"name": "x", "requests_per_minute": 0}, "requests_per_minute"),
        ({"name": "x", "surprise": 1}, "surprise"),
    ],
)
def test_a_bad_key_is_refused_with_the_field_at_fault(
    keyed: Keyed, body: object, field: str
) -> None:
    async def check() -> None:
        answer = await post(keyed, "/v1/keys", "ada", body)
        assert answer.status == 422
        assert field in answer.json["detail"]
        assert len((await keyed.ask("/v1/keys", "ada")).json["data"]) == 1

    asyncio.run(check())


def test_an_expired_key_a_disabled_account_and_a_changed_role_end_at_the_next_look(
    keyed: Keyed,
) -> None:
    keyed.add_key("brief", "ada", expires_at=keyed.clock.now() + timedelta(seconds=30))

    async def check() -> None:
        access = keyed.app.state.access
        assert (await keyed.ask(LIST, "brief")).status == 200
        assert (await keyed.ask(LIST, "brief")).status == 200
        keyed.clock.advance(31)
        await access.poll()
        assert (await keyed.ask(LIST, "brief")).status == 401
        change = accounts.change_account
        database, clock, ada = keyed.world.database, keyed.clock, keyed.ids["ada"]
        assert (await keyed.ask("/v1/keys", "ada")).status == 200
        change(database, clock, ada, role=Role.READ_ONLY)
        assert await access.poll()
        assert (await keyed.ask("/v1/keys", "ada")).status == 403
        change(database, clock, ada, is_disabled=True)
        assert await access.poll()
        assert (await keyed.ask(LIST, "ada")).status == 401
        assert not await access.poll()

    asyncio.run(check())


def test_usage_is_counted_by_day_key_and_group(keyed: Keyed) -> None:
    async def check() -> None:
        for _ in range(3):
            await keyed.ask(LIST, "ada")
        await keyed.ask("/v1/tokens", "ada")
        await keyed.app.state.access.flush()
        data = (await keyed.ask("/v1/usage", "ada")).json["data"]
        days = {(row["day"], row["group"]): row["requests"] for row in data["days"]}
        assert days == {("2023-12-30", "grades"): 3, ("2023-12-30", "tokens"): 1}
        assert (data["month"], data["month_requests"], data["month_limit"]) == ("2023-12", 4, 10000)
        assert data["resets_at"] == "2024-01-01T00:00:00Z"
        key = (await keyed.ask("/v1/keys", "ada")).json["data"][0]
        assert key["last_used_at"] == "2023-12-30T12:00:00Z"

    asyncio.run(check())


def test_the_owner_s_key_is_written_once_and_for_nobody_else(tmp_path: Path) -> None:
    keyed = make_keyed(tmp_path)
    path = tmp_path / "owner.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in tmp_path.iterdir() if "owner" in item.name] == ["owner.key"]
    assert asyncio.run(keyed.ask("/v1/accounts", "owner")).status == 200
    state = keyed.app.state
    assert accounts.ensure_owner(state.home, state.database, state.clock) is None
    path.unlink()
    assert accounts.ensure_owner(state.home, state.database, state.clock) is None


def test_a_lost_store_refuses_nobody_and_is_settled_later(keyed: Keyed) -> None:
    access = keyed.app.state.access
    store, lost = access.store, LostStore()

    async def check() -> None:
        assert (await keyed.ask(LIST, "ada")).status == 200
        access.store = lost
        statuses = [(await keyed.ask(LIST, "ada")).status for _ in range(30)]
        assert statuses == [200] * 30
        await access.flush()
        access.store = store
        await access.flush()
        data = (await keyed.ask("/v1/usage", "ada")).json["data"]
        assert data["month_requests"] == 31

    asyncio.run(check())


class LostStore:
    """A limit store that nobody reaches."""

    def lease(self, keys: object) -> list[object]:
        raise Busy("The database does not answer.")

    def settle(self, settlements: object, usage: object) -> None:
        raise Busy("The database does not answer.")

    def close(self) -> None:
        return
