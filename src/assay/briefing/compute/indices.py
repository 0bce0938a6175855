"""What the indices did: rebalances, switches to cash and back, and where each one stands."""

from decimal import Decimal

from assay.briefing.compute.desk import Desk, cite, has_view, name_token, say_absent
from assay.briefing.types import Json

KIND = "indices"
SHOWN_TRADES = 3
FIGURES = ("level", "return_1d", "return_30d", "return_all", "drawdown", "cash_share", "coins")


def compute_indices(desk: Desk) -> Json:
    """Every published index with its figures, its largest trades and what it ordered."""
    today, before = desk.read(KIND, desk.day), desk.read(KIND, desk.before)
    section: Json = {
        "kind": KIND,
        "absent": None,
        "sources": cite(today=today, before=before),
        "indices": [],
    }
    if today is None:
        return section | {"absent": say_absent(KIND, desk.day)}
    old = {} if before is None else {row["slug"]: row for row in before.rows}
    rows = [row for row in today.rows if has_view(row)]
    section["indices"] = [_describe(row, old.get(row["slug"])) for row in rows]
    return section


def _describe(row: Json, old: Json | None) -> Json:
    trades = sorted(row["transactions"], key=_by_size)
    orders = row["orders"]
    return {
        "index_id": row["index_id"],
        "slug": row["slug"],
        "name": row["name"],
        **{name: row[name] for name in FIGURES},
        "regime": _read_regime(row),
        "regime_before": None if old is None else _read_regime(old),
        "rebalanced": row["rebalanced"],
        "trades": {
            side: {
                "count": sum(_side(trade) == side for trade in trades),
                "coins": [_trade(trade) for trade in trades if _side(trade) == side][:SHOWN_TRADES],
            }
            for side in ("bought", "sold")
        },
        "ordered": None if orders is None else _describe_orders(orders),
    }


def _describe_orders(orders: Json) -> Json:
    figures = {name: orders[name] for name in ("why", "exposure")}
    return figures | {"coins": len(orders["targets"])}


def _read_regime(row: Json) -> str | None:
    regime = row["regime"]
    return None if regime is None else str(regime["state"])


def _side(trade: Json) -> str:
    return "bought" if trade["action"] == "buy" else "sold"


def _by_size(trade: Json) -> tuple[Decimal, int]:
    size = abs(Decimal(trade["weight_to"]) - Decimal(trade["weight_from"]))
    return -size, int(trade["token_id"])


def _trade(trade: Json) -> Json:
    return name_token(trade) | {name: trade[name] for name in ("weight_from", "weight_to")}
