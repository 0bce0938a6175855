"""Which tokens stand in which sector, and that it is said how they came there."""

from typing import Any

from tests.api.asking import ask
from tests.api.world import World

from assay.indices import load_sectors


def read_sectors(world: World, query: str = "") -> dict[str, dict[int, str]]:
    """Symbols by token id of each sector."""
    page: dict[str, Any] = ask(world.app, f"/v1/sectors{query}").json
    return {
        row["sector"]: {token["token_id"]: token["symbol"] for token in row["tokens"]}
        for row in page["data"]
    }


def test_every_shipped_list_is_there_with_the_tokens_that_the_registry_knows(world: World) -> None:
    sectors = read_sectors(world)
    assert list(sectors) == list(load_sectors())
    assert sectors["layer-1"] == {3306: "ETH", 5001: "LUNC", 5002: "LUNA"}
    assert sectors["gaming"] == {}
    everywhere = {token for tokens in sectors.values() for token in tokens}
    assert 3375 not in everywhere, "Bitcoin stands in no list, and nobody guesses"


def test_a_token_is_found_by_any_ticker_that_it_had_borne_by_then(world: World) -> None:
    # Terra began as LUNA, became LUNC, and another token took the ticker the same day.
    assert read_sectors(world, "?as_of=2022-05-30")["layer-1"] == {3306: "ETH", 5001: "LUNA"}
    assert read_sectors(world, "?as_of=2022-05-31")["layer-1"][5001] == "LUNC"


def test_it_is_said_that_the_lists_were_made_afterwards(world: World) -> None:
    page = ask(world.app, "/v1/sectors").json
    assert "by hand afterwards" in page["note"]
    assert (page["as_of"], page["publication"], page["origin"]) == ("2023-12-29", None, None)


def test_pages_join_to_the_whole(world: World) -> None:
    whole = ask(world.app, "/v1/sectors").json["data"]
    first = ask(world.app, "/v1/sectors?limit=4").json
    rest = ask(world.app, f"/v1/sectors?limit=4&cursor={first['next_cursor']}").json
    assert first["data"] + rest["data"] == whole
    assert rest["next_cursor"] is None
    wrong = ask(world.app, f"/v1/sectors?as_of=2022-05-30&cursor={first['next_cursor']}")
    assert wrong.status == 422
