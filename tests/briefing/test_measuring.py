"""Following published picks to their end: by hand on few coins, and over the bundled market."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from tests.briefing.test_record import BOUGHT, MONDAY, SOLD, made_facts
from tests.briefing.world import BRIEFING, DAY, MadeFacts, grade

from assay import ledger, markets, publishing
from assay.briefing import Briefing, create_resolver, evaluate_briefing, load_briefing, render_html
from assay.briefing.compute.prices import Prices
from assay.briefing.scoring import chain_lists, collect_lists, score_lists, split_years
from assay.kit.clock import FixedClock
from assay.kit.database import Database
from assay.kit.errors import BadInput, NotEnoughData
from assay.kit.home import Home
from assay.kit.progress import SilentProgress
from assay.ledger import Draft
from assay.publishing import daily_kind

NOW = datetime(2024, 1, 1, tzinfo=UTC)
CLOCK = FixedClock(NOW)


def test_a_list_by_hand_beside_its_base_rates() -> None:
    said = {MONDAY: [grade(1, "70.00", 1), grade(2, "60.00", 2)]}
    score = score_lists(collect_lists(said, 7, Prices(made_facts()), DAY), 7)
    assert score is not None
    assert (score.lists, score.picks, score.stopped) == (1, 2, 1)
    assert score.mean_return == pytest.approx(-0.15)
    assert score.median_coin == pytest.approx(-0.05)
    assert score.mean_coin == pytest.approx((0.2 - 0.5 + 0.0 - 0.1) / 4)
    assert score.excess_median == pytest.approx(-0.10)
    assert (score.share_positive, score.share_positive_market) == (0.5, 0.25)
    assert (score.share_beat_median, score.share_beat_bitcoin) == (0.5, 0.5)


def test_the_same_close_gains_what_the_next_one_has_lost() -> None:
    said = {MONDAY: [grade(1, "70.00", 1)]}
    prices = Prices(made_facts())
    at_once = score_lists(collect_lists(said, 7, prices, DAY, lag=0), 7)
    later = score_lists(collect_lists(said, 7, prices, DAY, lag=1), 7)
    assert at_once is not None
    assert later is not None
    assert at_once.mean_return == pytest.approx(10.0 / 8.0 - 1.0)
    assert later.mean_return == pytest.approx(0.2)


def test_no_list_is_followed_before_its_end_or_without_a_coin() -> None:
    prices = Prices(made_facts())
    said = {MONDAY: [grade(1, "70.00", 1)]}
    assert collect_lists(said, 7, prices, SOLD - timedelta(days=1)).days == ()
    assert collect_lists({MONDAY: []}, 7, prices, DAY).days == ()
    assert score_lists(collect_lists({}, 7, prices, DAY), 7) is None


def test_lists_are_chained_without_overlap_and_split_by_year() -> None:
    facts = MadeFacts({1: [2.0**n for n in range(111)], 3375: [1.0] * 111})
    said = {BOUGHT + timedelta(days=n): [grade(1, "70.00", 1)] for n in range(8)}
    lists = collect_lists(said, 3, Prices(facts), DAY)
    days, grown = chain_lists(lists, 3)
    assert [(day - BOUGHT).days for day in days] == list(range(12))
    expected = [1.0] * 4 + [8.0] * 4 + [64.0] * 4
    np.testing.assert_allclose(grown["picks"], expected)
    np.testing.assert_allclose(grown["Bitcoin"], 1.0)
    assert list(split_years(lists)) == [2021]
    assert split_years(lists)[2021].days == lists.days


FIRST, LAST = date(2022, 11, 1), date(2022, 12, 1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("briefing") / "home").create()
    markets.load_sample(home, CLOCK, SilentProgress())
    return home


@pytest.fixture(scope="module")
def database(home: Home) -> Iterator[Database]:
    """Grades of a month: FTT first of all, then Bitcoin and Ethereum."""
    database = Database(home)
    facts = publishing.load_facts(home, LAST, NOW)
    ids = {token.symbol: int(token.token_id) for token in facts.tokens(FIRST)}
    with ledger.write_ledger(database) as writer:
        for back in range((LAST - FIRST).days + 1):
            rows = [
                grade(1, "80.00", rank, label="Strong Buy")
                | {"token_id": ids[symbol], "symbol": symbol, "name": symbol}
                for rank, symbol in enumerate(("FTT", "BTC", "ETH"), start=1)
            ]
            draft = Draft(
                kind=daily_kind("grades.trader"),
                as_of=FIRST + timedelta(days=back),
                rows=ledger.canonical_json(rows),
                inputs_digest="0" * 64,
                facts_recorded_by=NOW,
                model="made up",
                code="made up",
            )
            writer.save(draft, NOW, is_replay=False)
    yield database
    database.close()


@pytest.mark.slow
def test_a_month_with_a_collapse_is_measured_from_what_was_published(
    home: Home, database: Database
) -> None:
    found = evaluate_briefing(home, database, CLOCK, SilentProgress(), start=FIRST, end=LAST)
    trader = found.document["picks"]["grades.trader"]
    assert set(found.document["picks"]) == {"grades.trader"}
    facts = publishing.load_facts(home, date(2023, 1, 1), NOW)
    closes = facts.panel.close * facts.panel.unit
    gains = []
    for back in range((LAST - FIRST).days + 1):
        bought = facts.panel.column(FIRST) + back + 1
        for symbol in ("FTT", "BTC", "ETH"):
            token = next(t for t in facts.tokens(FIRST) if t.symbol == symbol)
            path = closes[facts.panel.row(token.token_id)]
            if np.isfinite(path[bought]):
                held = path[: bought + 8]
                gains.append(float(held[np.isfinite(held)][-1] / path[bought] - 1.0))
    assert trader["picks"] == len(gains)
    assert trader["mean_return"] == pytest.approx(np.mean(gains), abs=1e-5)
    assert trader["median_return"] == pytest.approx(np.median(gains), abs=1e-5)
    assert min(gains) < -0.7
    assert "Top picks by Trader Grade" in found.page
    assert any("picks of" in line for _, line in found.summary)


@pytest.mark.slow
def test_a_published_briefing_comes_out_again_and_its_numbers_are_found(
    home: Home, database: Database
) -> None:
    publishing.publish_missing(home, database, BRIEFING, CLOCK, start=FIRST, end=LAST)
    said = load_briefing(database, LAST)
    assert said is not None
    assert said.origin == "backfilled"
    again = publishing.reproduce_publication(home, database, [BRIEFING], said.publication_id)
    assert again.is_equal
    page = render_html(said, create_resolver(database))
    assert '<span class="n">' not in page
    assert f"/v1/publications/grades.trader-{LAST}-" in page
    assert load_briefing(database, LAST + timedelta(days=1)) is None


@pytest.mark.slow
def test_a_corrected_source_is_still_found_by_its_digest(home: Home, database: Database) -> None:
    publishing.publish_missing(home, database, BRIEFING, CLOCK, start=FIRST, end=LAST)
    with database.read() as connection:
        old = ledger.load_latest(connection, "grades.trader", LAST)
    assert old is not None
    before = render_html(load_or_fail(database), create_resolver(database))
    draft = Draft(
        kind=daily_kind("grades.trader"),
        as_of=LAST,
        rows=b"[]",
        inputs_digest="0" * 64,
        facts_recorded_by=NOW,
        model="made up",
        code="made up",
        corrects=old.publication_id,
    )
    with ledger.write_ledger(database) as writer:
        writer.save(draft, NOW, is_replay=False)
    assert render_html(load_or_fail(database), create_resolver(database)) == before


def load_or_fail(database: Database) -> Briefing:
    found = load_briefing(database, LAST)
    assert found is not None
    return found


@pytest.mark.slow
def test_windows_that_hold_nothing_are_refused(home: Home, database: Database) -> None:
    with pytest.raises(BadInput, match="ends before it begins"):
        evaluate_briefing(home, database, CLOCK, SilentProgress(), start=LAST, end=FIRST)
    empty = date(2023, 6, 1)
    with pytest.raises(NotEnoughData, match="No pick"):
        evaluate_briefing(home, database, CLOCK, SilentProgress(), start=empty, end=empty)
