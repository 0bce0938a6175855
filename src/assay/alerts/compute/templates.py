"""Templates for common wishes: a rule with some places left to fill in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.kit.errors import BadInput, NotFound

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RuleTemplate:
    """A rule with `$places`; `defaults` fills those that are not given."""

    name: str
    title: str
    document: Mapping[str, Any]
    defaults: Mapping[str, str | float]


_LIST = (
    RuleTemplate(
        "price-above",
        "A price goes above a value",
        {
            "when": {
                "metric": "price", "subject": "$token", "op": "crosses_above", "value": "$value",
            }
        },
        {"token": "BTC", "value": 100_000},
    ),
    RuleTemplate(
        "price-below",
        "A price goes below a value",
        {
            "when": {
                "metric": "price", "subject": "$token", "op": "crosses_below", "value": "$value",
            }
        },
        {"token": "BTC", "value": 50_000},
    ),
    RuleTemplate(
        "fast-fall",
        "A price falls by some percent within an hour",
        {
            "when": {
                "metric": "price", "subject": "$token", "op": "falls", "percent": "$percent",
                "within_s": 3600,
            },
            "cooldown_s": 3600,
            "severity": "warning",
        },
        {"token": "BTC", "percent": 5},
    ),
    RuleTemplate(
        "fast-rise",
        "A price rises by some percent within an hour",
        {
            "when": {
                "metric": "price", "subject": "$token", "op": "rises", "percent": "$percent",
                "within_s": 3600,
            },
            "cooldown_s": 3600,
        },
        {"token": "BTC", "percent": 5},
    ),
    RuleTemplate(
        "unusual-volume",
        "A minute's volume is far above what is usual",
        {
            "when": {"metric": "volume_1m", "subject": "$token", "op": "unusual", "z": "$z"},
            "cooldown_s": 3600,
        },
        {"token": "BTC", "z": 5},
    ),
    RuleTemplate(
        "signal-change",
        "A coin's daily signal changes",
        {"when": {"metric": "signal.daily", "subject": "$token", "op": "changes"}},
        {"token": "BTC"},
    ),
    RuleTemplate(
        "grade-class",
        "A coin's Trader Grade changes its label",
        {"when": {"metric": "label.trader", "subject": "$token", "op": "changes"}},
        {"token": "BTC"},
    ),
    RuleTemplate(
        "grade-above",
        "A coin's Trader Grade rises through a value",
        {
            "when": {
                "metric": "grade.trader", "subject": "$token", "op": "crosses_above",
                "value": "$value",
            }
        },
        {"token": "BTC", "value": 75},
    ),
    RuleTemplate(
        "dip-in-a-good-grade",
        "A price falls within a day while the Investor Grade stays high",
        {
            "when": {
                "all": [
                    {
                        "metric": "price", "subject": "$token", "op": "falls",
                        "percent": "$percent", "within_s": 86_400,
                    },
                    {"metric": "grade.investor", "subject": "$token", "op": "above", "value": 60},
                ]
            },
            "cooldown_s": 86_400,
        },
        {"token": "ETH", "percent": 10},
    ),
    RuleTemplate(
        "index-rebalance",
        "An index is rebalanced",
        {"when": {"metric": "index.rebalance", "subject": "$index", "op": "happens"}},
        {"index": "top-10"},
    ),
    RuleTemplate(
        "new-moonshot",
        "Coins are new on the moonshot list",
        {"when": {"metric": "moonshots.new", "op": "happens"}},
        {},
    ),
    RuleTemplate(
        "market-turns",
        "The market indicator changes",
        {"when": {"metric": "market.signal", "op": "changes"}},
        {},
    ),
    RuleTemplate(
        "venue-down",
        "A venue is down, stale or silent",
        {
            "when": {
                "metric": "venue", "subject": "$venue", "op": "one_of",
                "values": ["stale", "down", "silent"],
            },
            "severity": "critical",
        },
        {"venue": "binance"},
    ),
)  # fmt: skip

TEMPLATES: Mapping[str, RuleTemplate] = {template.name: template for template in _LIST}


def fill_template(name: str, values: Mapping[str, str | float]) -> Json:
    """The rule of a template as JSON, its places filled in. Raises NotFound, BadInput."""
    template = TEMPLATES.get(name)
    if template is None:
        raise NotFound(f"No template is called {name[:40]!r}.", hint=f"There are: {_names()}.")
    unknown = values.keys() - template.defaults.keys()
    if unknown:
        places = ", ".join(template.defaults) or "nothing"
        raise BadInput(
            f"{name} has no place called {sorted(unknown)[0]!r}.", hint=f"It has: {places}."
        )
    filled: Json = _fill(dict(template.document), {**template.defaults, **values})
    return filled


def _fill(node: Any, values: Mapping[str, str | float]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(node, dict):
        return {key: _fill(item, values) for key, item in node.items()}
    if isinstance(node, list):
        return [_fill(item, values) for item in node]
    if isinstance(node, str) and node.startswith("$"):
        return values[node[1:]]
    return node


def _names() -> str:
    return ", ".join(TEMPLATES)
