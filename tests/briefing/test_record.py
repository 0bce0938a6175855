"""What came of picks: all of them, bought a day later, the dead at their last price."""

from datetime import date, timedelta
from math import nan

import pytest
from tests.briefing.world import DAY, FIRST, Archive, MadeFacts, grade, write_briefing

from assay.briefing.compute.record import list_record_days

MONDAY = date(2021, 7, 5)
BOUGHT, SOLD = MONDAY + timedelta(days=1), MONDAY + timedelta(days=8)


def walk(steps: dict[date, float]) -> list[float]:
    """Closes up to `DAY` that take a new value on each day of `steps`."""
    price, closes = 10.0, []
    for back in range((DAY - FIRST).days + 1):
        price = steps.get(FIRST + timedelta(days=back), price)
        closes.append(price)
    return closes


def made_facts() -> MadeFacts:
    """ALPHA +20 %, BETA halves and dies, GAMMA stays, Bitcoin −10 %, all from `BOUGHT` on."""
    return MadeFacts(
        {
            1: walk({MONDAY: 8.0, BOUGHT: 10.0, SOLD: 12.0, SOLD + timedelta(days=1): 99.0}),
            2: walk({BOUGHT + timedelta(days=2): 5.0, BOUGHT + timedelta(days=3): nan}),
            3: walk({}),
            3375: walk({SOLD: 9.0}),
        }
    )


def said_on_mondays() -> Archive:
    return Archive({("grades.trader", MONDAY): [grade(2, "70.00", 1), grade(1, "60.00", 2)]})


def test_every_pick_counts_and_the_dead_one_at_its_last_price() -> None:
    archive = said_on_mondays()
    write_briefing(archive, made_facts(), [MONDAY])
    row = write_briefing(archive, made_facts())
    record = row["picks"]["boards"][0]["record"]
    assert record["absent"] is None
    assert (record["lists"], record["picks"], record["stopped"]) == (1, 2, 1)
    assert (record["mean_return"], record["median_return"]) == ("-0.1500", "-0.1500")
    assert record["median_coin_return"] == "-0.0500"
    assert record["bitcoin_return"] == "-0.1000"
    assert (record["positive"], record["beat_median"]) == (1, 1)
    assert (record["best"]["symbol"], record["best"]["return"]) == ("ALPHA", "0.2000")
    assert (record["worst"]["symbol"], record["worst"]["return"]) == ("BETA", "-0.5000")
    assert [row["sources"][place]["as_of"] for place in record["sources"]] == [MONDAY.isoformat()]


def test_a_pick_that_did_not_trade_on_the_next_day_could_not_be_bought() -> None:
    facts = made_facts()
    closes = {**facts.closes, 2: walk({BOUGHT: nan})}
    archive = said_on_mondays()
    write_briefing(archive, MadeFacts(closes), [MONDAY])
    record = write_briefing(archive, MadeFacts(closes))["picks"]["boards"][0]["record"]
    assert (record["picks"], record["mean_return"]) == (1, "0.2000")


def test_no_pick_is_judged_before_its_horizon_is_over() -> None:
    archive = said_on_mondays()
    facts = made_facts()
    write_briefing(archive, facts, [MONDAY])
    early = write_briefing(archive, facts, [SOLD - timedelta(days=1)])
    assert early["picks"]["boards"][0]["record"]["picks"] == 0
    assert early["picks"]["boards"][0]["record"]["mean_return"] is None
    assert "No published pick is old enough" in early["picks"]["boards"][0]["record"]["absent"]
    due = write_briefing(archive, facts, [SOLD])
    assert due["picks"]["boards"][0]["record"]["picks"] == 2
    assert due["picks"]["boards"][1]["record"]["absent"] is not None


@pytest.mark.parametrize("horizon_days", [7, 90])
def test_record_days_are_mondays_whose_horizon_is_over(horizon_days: int) -> None:
    for back in range(30):
        day = date(2023, 3, 1) + timedelta(days=back)
        found = list_record_days(day, horizon_days)
        assert len(found) == 26
        assert {item.weekday() for item in found} == {0}
        over = day - timedelta(days=horizon_days + 1)
        assert over - timedelta(days=7) < found[-1] <= over
    assert list_record_days(date(2021, 4, 12), 7) == []
    assert list_record_days(date(2021, 4, 13), 7) == [date(2021, 4, 5)]
