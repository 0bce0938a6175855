"""An own index and a check of publications asked for as jobs; an evaluation's first word."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest
from tests.indices.test_own import CLOCK, OWN, QUIET, take, write_candles
from tests.indices.worlds import DAYS, FIRST, create_panel

from assay import backtest, indices, markets, publishing
from assay.api import FORMS, forms
from assay.cli.kinds import KINDS, READING, evaluate
from assay.cli.rooms import SPEAKERS, RoomName, find_room, list_needs
from assay.kit.database import Database
from assay.kit.home import Home
from assay.kit.jobs import JobRecord, Jobs, JobState, store
from assay.kit.jobs.running import RunningJob, carry_out, remember_nothing


class Desk:
    """A small market, and jobs that run at once."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.database = Database(home)
        self.jobs = Jobs(home, self.database, CLOCK, FORMS)

    def run(self, kind: str, parameters: dict[str, object]) -> JobRecord:
        form = self.jobs.forms[kind]
        stored = forms.read_parameters(form, parameters)
        job_id = self.jobs.submit("acc_a", kind, stored).job_id
        with self.database.write() as connection:
            record = store.claim_job(connection, job_id, "wrk_a", CLOCK.now())
        assert record is not None
        job = RunningJob(
            self.home,
            self.database,
            CLOCK,
            record,
            "wrk_a",
            form.timeout_s,
            remember_nothing,
            threading.Event(),
            lambda _: None,
        )
        assert carry_out(next(one for one in KINDS if one.form is form), job, record)
        return self.jobs.load(job_id)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    home = Home(tmp_path / "home").create()
    take(home, write_candles(create_panel(tokens=6), tmp_path / "a.parquet", range(DAYS)))
    made = Desk(home)
    yield made
    made.jobs.close()
    made.database.close()


def test_an_index_is_followed_and_not_kept(desk: Desk) -> None:
    job = desk.run("backtest", {"backtest": {"strategy": "index", "rules": OWN}})
    assert job.state is JobState.DONE, job.error
    said = orjson.loads(desk.jobs.load_file(job.job_id, "document").body)
    assert indices.list_own(desk.database) == []
    own = indices.create_own(desk.home, desk.database, OWN, CLOCK, QUIET)
    assert tuple(said["levels"]) == own.levels
    assert said["newest"] == own.newest
    assert (said["slug"], said["from"], said["to"]) == (
        "mine",
        own.start.isoformat(),
        (FIRST + timedelta(days=DAYS - 1)).isoformat(),
    )
    levels = np.array([float(level) for level in own.levels])
    assert said["metrics"]["total_return"] == pytest.approx(levels[-1] / levels[0] - 1.0)
    returns = np.concatenate([[np.nan], levels[1:] / levels[:-1] - 1.0])
    assert said["metrics"]["max_drawdown"] == pytest.approx(
        backtest.compute_metrics(returns).max_drawdown
    )
    whole = np.prod([1.0 + month["return"] for month in said["months"]])
    assert whole == pytest.approx(levels[-1] / levels[0])


@pytest.mark.parametrize(
    ("rules", "code", "words"),
    [
        ("slug = ", "bad-input", "rule book"),
        (OWN.replace("SYN103", "NEVER"), "bad-input", "Nothing was ever called NEVER"),
        (OWN.replace("count = 3", "outside_top = 100"), "not-enough-data", "not have held a coin"),
    ],
)
def test_a_rule_book_that_cannot_be_followed_fails_with_its_reason(
    desk: Desk, rules: str, code: str, words: str
) -> None:
    job = desk.run("backtest", {"backtest": {"strategy": "index", "rules": rules}})
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error["code"] == code
    assert words in job.error["detail"]


class Heard(Exception):
    """The first news."""


class Listener:
    """Stops the work at its first news."""

    def __init__(self, desk: Desk) -> None:
        self.home, self.database, self.clock, self.account_id = desk.home, desk.database, CLOCK, "a"

    def step(self, label: str, done: int, total: int) -> None:
        raise Heard(label, done, total)


def test_an_evaluation_says_at_once_what_it_does(desk: Desk) -> None:
    needs = len(list_needs(find_room(RoomName.INDICES)))
    assert needs > 1
    with pytest.raises(Heard) as first:
        evaluate(Listener(desk), forms.EvaluationParameters(kind=forms.Judged.INDICES))  # type: ignore[arg-type]
    assert first.value.args == (READING, 0, needs + 1)


def test_publications_are_drawn_and_computed_again_as_a_job(desk: Desk) -> None:
    empty = desk.run("reproduction", {"kinds": ["trader"], "seed": 1})
    assert empty.state is JobState.FAILED
    assert empty.error is not None
    assert "Nothing of that was published" in str(empty.error)
    panel = markets.load_panel(desk.home)
    speaker = next(item for item in SPEAKERS if item.kind.name == "market_state")
    said = publishing.publish_day(
        desk.home, desk.database, speaker, CLOCK, as_of=panel.complete_through
    )
    job = desk.run("reproduction", {"sample": 3, "seed": 1})
    assert job.state is JobState.DONE, job.error
    report = orjson.loads(desk.jobs.load_file(job.job_id, "document").body)
    assert report["seed"] == 1
    assert report["is_clean"] is True
    [checked] = report["publications"]
    assert (checked["publication_id"], checked["outcome"]) == (said.publication_id, "equal")
