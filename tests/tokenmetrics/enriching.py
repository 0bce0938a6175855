"""More of what the small market says: the indices that legacy paths are about, a sector, moonshots
that still run, grades of a week before.
"""

from datetime import date, timedelta
from typing import Any

from tests.api.spoken import SAID_AT, make_draft, make_kind_rows
from tests.api.world import World, make_rows

from assay import ledger
from assay.grades import GradeKind

ODD = {"token_id": 999_999, "symbol": "ODD", "name": "Odd"}
"""A token of which the registry knows nothing."""


def enrich(world: World) -> None:
    """Publish corrections of the last days, and the grades that changes of a week refer to."""
    days = world.days[-2:]
    with ledger.write_ledger(world.database) as writer:
        for day in days:
            say(writer, "indices", day, make_indices(day))
            say(writer, "moonshots.outcomes", day, make_outcomes(day))
            rows = make_kind_rows("market_state.tokens", day)
            say(writer, "market_state.tokens", day, [*rows, rows[0] | ODD])
        for kind in GradeKind:
            for day in (days[-1] - timedelta(days=7), days[-1] - timedelta(days=8)):
                rows = make_rows(world.markets.registry, day, 3)
                say(writer, f"grades.{kind}", day, rows)


def say(writer: ledger.Writer, kind: str, day: date, rows: list[dict[str, Any]]) -> None:
    """Publish rows of a kind for a day."""
    writer.save(make_draft(kind, day, rows), SAID_AT, is_replay=False)


def make_indices(day: date) -> list[dict[str, Any]]:
    """The indices of the example, and three more made of its first one; the second day differs."""
    rows = make_kind_rows("indices", day)
    first = rows[0]
    rules = first["rules"] | {
        "basket": first["rules"]["basket"] | {"sector": "defi", "members": "ETH LTC"}
    }
    return [
        *(row for row in rows if row["index_id"] not in (4, 5, 11)),
        first | {"index_id": 4, "slug": "trader", "ticker": "TRADER", "name": "Trader Index"},
        first | {"index_id": 5, "slug": "investor", "ticker": "INVESTOR", "name": "Investor Index"},
        first
        | {"index_id": 11, "slug": "defi", "ticker": "DEFI", "name": "DeFi 15", "rules": rules}
        | {"return_all": f"0.{day.day}"},
        first
        | {"index_id": 9, "slug": "steady", "ticker": "STEADY", "name": "Steady"}
        | {"holdings": [first["holdings"][1], first["holdings"][0] | ODD]},
    ]


def make_outcomes(day: date) -> list[dict[str, Any]]:
    """The outcomes of the example, the last of which still runs."""
    *ended, last = make_kind_rows("moonshots.outcomes", day)
    return [*ended, last | {"state": "running", "verdict": None}]


def speak_days(world: World, days: list[date]) -> None:
    """Publish every kind that the SDK's README asks for, Bitcoin's signal being 1."""
    with ledger.write_ledger(world.database) as writer:
        for day in days:
            for seed, kind in enumerate(GradeKind):
                say(writer, f"grades.{kind}", day, make_rows(world.markets.registry, day, seed))
            signals = make_kind_rows("signals.daily", day)
            bitcoin = [r | {"signal": 1} if r["token_id"] == 3375 else r for r in signals]
            say(writer, "signals.daily", day, bitcoin)
            say(writer, "indices", day, make_indices(day))
            say(writer, "market_state", day, make_kind_rows("market_state", day))
