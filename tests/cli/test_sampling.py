"""What a sample says of publications that come out otherwise or cannot be made again here."""

from dataclasses import dataclass

import pytest
import typer
from tests.indices.test_own import CLOCK, QUIET, take, write_candles
from tests.indices.worlds import DAYS, create_panel

from assay import ledger, markets, publishing
from assay.cli.proofs import _show_sample
from assay.cli.rooms import SPEAKERS
from assay.cli.sampling import Outcome, SampleReport, describe_sample, reproduce_sample
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import BadInput, NotFound
from assay.kit.home import Home
from assay.ledger import Draft, Publication
from assay.publishing import daily_kind

MARKET = next(speaker for speaker in SPEAKERS if speaker.kind.name == "market_state")


@dataclass
class Desk:
    home: Home
    database: Database
    clock: Clock

    def say(self, kind: str, rows: bytes, corrects: str | None = None) -> Publication:
        """A publication that nobody computed."""
        day = markets.load_panel(self.home).complete_through
        now = self.clock.now()
        draft = Draft(daily_kind(kind), day, rows, "ab" * 32, now, "0" * 64, "code", corrects)
        with ledger.write_ledger(self.database) as writer:
            return writer.save(draft, now, is_replay=False)

    def sample(self, count: int = 20, **asked: object) -> SampleReport:
        return reproduce_sample(self, QUIET, count, seed=1, **asked)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("sampling")
    home = Home(folder / "home").create()
    take(home, write_candles(create_panel(tokens=6), folder / "a.parquet", range(DAYS)))
    return Desk(home, Database(home), CLOCK)


def test_nothing_published_is_no_clean_sample(desk: Desk) -> None:
    with pytest.raises(NotFound, match="Nothing of that was published"):
        desk.sample()
    with pytest.raises(BadInput, match=r"Nobody here says no\.such"):
        desk.sample(names=["no.such"])


def test_lies_and_missing_models_are_counted_and_named(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    true = publishing.publish_day(desk.home, desk.database, MARKET, CLOCK)
    _show_sample(desk.sample(), as_json=False)
    lie = desk.say("market_state", b'[{"bull":true}]', corrects=true.publication_id)
    lost = desk.say("grades.trader", b"[]")
    strange = desk.say("of.another.assay", b"[]")
    report = desk.sample()
    found = {item.drawn.heading.publication_id: item for item in report.checked}
    assert found[true.publication_id].outcome is Outcome.EQUAL
    assert found[true.publication_id].drawn.overruled_by == (lie.publication_id,)
    assert found[lie.publication_id].outcome is Outcome.DIFFERENT
    assert "computed rows" in found[lie.publication_id].reason
    assert "published by code code" in found[lie.publication_id].reason
    assert found[lost.publication_id].outcome is Outcome.NOT_HERE
    assert "model 000000000000 is not here" in found[lost.publication_id].reason
    assert found[strange.publication_id].outcome is Outcome.NOT_HERE
    assert not report.is_clean
    document = describe_sample(report)
    assert [
        (item["kind"], item["equal"], item["different"], item["not_here"])
        for item in document["kinds"]
    ] == [("grades.trader", 0, 0, 1), ("market_state", 1, 1, 0), ("of.another.assay", 0, 0, 1)]
    capsys.readouterr()
    with pytest.raises(typer.Exit) as ended:
        _show_sample(report, as_json=False)
    assert ended.value.exit_code == 1
    shown = capsys.readouterr().out
    assert f"{true.publication_id}: equal; it was corrected or withdrawn by" in shown
    assert f"{lie.publication_id}: different: " in shown
    assert f"{lost.publication_id}: not reproducible here: The trader model" in shown
    assert "1 of 4 came out equal to the byte" in shown
    assert f"--sample 4 --seed 1 --until {report.sample.until}" in shown


def test_what_cannot_be_checked_is_no_success(desk: Desk) -> None:
    report = desk.sample(names=["trader"])
    assert report.count(Outcome.NOT_HERE) == len(report.checked) == 1
    assert not report.is_clean
