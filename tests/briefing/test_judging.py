"""The judge: equal bytes alone and among others, and nothing later is looked at."""

from datetime import date, timedelta

from tests.briefing.world import BRIEFING, DAY, flat_facts, grade, said_on_the_day, write_briefing

from assay import ledger
from assay.publishing import SaidBook

DAYS = [DAY - timedelta(days=back) for back in (2, 1, 0)]


def test_a_day_alone_and_among_others_gives_equal_bytes() -> None:
    archive = said_on_the_day()
    archive.rows[("grades.trader", DAYS[0])] = [grade(1, "70.00", 1)]
    write_briefing(archive, flat_facts(), DAYS)
    together = {day: archive.rows[("briefing", day)] for day in DAYS}
    for day in DAYS:
        del archive.rows[("briefing", day)]
    for day in DAYS:
        assert write_briefing(archive, flat_facts(), [day]) == together[day][0]


def test_nothing_after_the_day_is_looked_at() -> None:
    looked: list[date] = []
    archive = said_on_the_day()

    def load(kind: str, day: date) -> bytes | None:
        looked.append(day)
        return archive.load(kind, day)

    book = SaidBook(load, ("briefing", *BRIEFING.reads))
    next(iter(BRIEFING.judge([DAY], flat_facts(), book)))
    assert max(looked) == DAY
    assert (DAY - min(looked)).days <= 26 * 7 + 98


def test_only_declared_kinds_are_read_and_the_row_is_canonical() -> None:
    row = write_briefing(said_on_the_day(), flat_facts())
    assert {source["kind"] for source in row["sources"]} == set(BRIEFING.reads)
    assert len(ledger.canonical_json([row])) < 60_000
