"""Publications as readings: caught up in order, known to new rules, read for every kind."""

from datetime import timedelta
from typing import Any

import pytest
from tests.alerts.rules.worlds import (
    BTC,
    DAY,
    HandClock,
    create,
    list_fired,
    publish,
    publish_grade,
    wait_for,
    watching,
)

from assay.kit.bus import MemoryBus
from assay.kit.database import Database

pytestmark = pytest.mark.slow


def test_publications_are_caught_up_from_the_store(database: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    when = {"metric": "grade.trader", "subject": "BTC", "op": "crosses_above", "value": 80}
    publish_grade(database, 0, "85.00")
    create(database, when)
    with watching(database, bus, clock):
        pass
    for number, grade in enumerate(("70.00", "81.00", "60.00", "82.00"), start=1):
        publish_grade(database, number, grade)
    said = publish_grade(database, 5, "50.00")
    with watching(database, bus, clock):
        wait_for(lambda: len(list_fired(database)) == 2)
        # A day that was over when it was said does not fire now.
        publish_grade(database, 3, "90.00")
        last = publish_grade(database, 6, "95.00")
        wait_for(lambda: len(list_fired(database)) == 3)
    days = [(event.fired_at.date() - DAY).days - 1 for event in list_fired(database)]
    assert days == [2, 4, 6]
    sources = [event.evidence[0].source for event in list_fired(database)]
    assert sources[-1] == last.publication_id
    assert said.publication_id not in sources


def test_a_rule_made_between_two_days_knows_the_first(here: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    signal = {"token_id": int(BTC), "symbol": "BTC"}
    publish(here, "signals.daily", DAY, [signal | {"signal": 1}])
    with watching(here, bus, clock) as watch:
        change = {"metric": "signal.daily", "subject": "BTC", "op": "changes"}
        create(here, change)
        create(here, {"metric": "signal.daily", "subject": "BTC", "op": "one_of",
                      "values": ["long"]})  # fmt: skip
        wait_for(lambda: watch.figures.rules == 2)
        # What is so already is told at once; what changes must change.
        wait_for(lambda: len(list_fired(here)) == 1)
        publish(here, "signals.daily", DAY + timedelta(days=1), [signal | {"signal": -1}])
        wait_for(lambda: len(list_fired(here)) == 2)
    assert [event.direction for event in list_fired(here)] == [1, -1]


def test_moonshots_indices_and_the_market_are_read(here: Database) -> None:
    bus, clock = MemoryBus(), HandClock()
    create(here, {"metric": "moonshots.new", "op": "happens"})
    create(here, {"metric": "index.rebalance", "subject": "top-10", "op": "happens"})
    create(here, {"metric": "market.signal", "op": "changes", "to": "bear"})
    create(here, {"metric": "moonshot", "subject": "BTC", "op": "changes", "to": "not listed"})

    def coin(token: str, symbol: str) -> dict[str, Any]:
        return {"token_id": int(token), "symbol": symbol}

    def market(signal: int) -> dict[str, Any]:
        mood = {"value": 20, "label": "Extreme Fear"}
        return {"indicator": {"signal": signal}, "volatility": {"regime": "low"},
                "fear_and_greed": mood}  # fmt: skip

    def index(rebalanced: bool) -> dict[str, Any]:
        return {"slug": "top-10", "level": "100.5", "rebalanced": rebalanced,
                "transactions": [{}, {}] if rebalanced else []}  # fmt: skip

    with watching(here, bus, clock):
        publish(here, "moonshots", DAY, [coin(BTC, "BTC")])
        publish(here, "indices", DAY, [index(False)])
        publish(here, "market_state", DAY, [market(1)])
        day = DAY + timedelta(days=1)
        publish(here, "moonshots", day, [coin("3306", "ETH"), coin("3988", "SOL")])
        publish(here, "indices", day, [index(True)])
        publish(here, "market_state", day, [market(-1)])
        wait_for(lambda: len(list_fired(here)) == 4)
    values = {event.evidence[0].metric: event.evidence[0].value for event in list_fired(here)}
    assert values == {
        "moonshots.new": "ETH, SOL",
        "moonshot": "not listed",
        "index.rebalance": "2 trades",
        "market.signal": "bear",
    }
