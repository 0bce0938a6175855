import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from assay.evaluation import (
    EvaluationInputs,
    EvaluationReport,
    Trials,
    compute_daily_rank_ics,
    compute_forward_returns,
    create_document,
    evaluate_scores,
    score_ranks,
)
from assay.kit.errors import BadInput, NotEnoughData
from assay.kit.progress import SilentProgress

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "markets"


class HeardProgress:
    def __init__(self) -> None:
        self.heard: list[tuple[str, int, int]] = []

    def step(self, label: str, done: int, total: int) -> None:
        self.heard.append((label, done, total))


def evaluate(inputs: EvaluationInputs) -> EvaluationReport:
    return evaluate_scores(inputs, SilentProgress())


def test_the_document_holds_what_is_promised_and_is_json(inputs: EvaluationInputs) -> None:
    document = json.loads(json.dumps(create_document(evaluate(inputs)), allow_nan=False))
    for lag in ("0", "1", "2", "5", "10"):
        assert {"rank_ic_mean", "icir", "share_positive"} <= document["lags"][lag].keys()
    assert {"null_sd", "distance_sd", "permutations"} <= document["permutation"].keys()
    assert isinstance(document["residual_ic"], float)
    assert isinstance(document["view_only"]["rank_ic_mean"], float)
    assert {"gross_sharpe", "net_sharpe", "turnover"} <= document["quintiles"].keys()
    assert document["quintiles"]["label"] == "research, not investable"
    assert {
        "overall",
        "low_vol",
        "mid_vol",
        "high_vol",
        "worst_month",
        "winkler_ratio",
    } <= document["coverage"].keys()
    assert document["deaths"]["count"] == 2
    assert {"share", "share_any_day", "share_mean"} <= document["deaths"].keys()
    assert document["baselines"]["calm"].keys() >= {"rank_ic_mean", "icir"}
    assert {"coins", "died_inside", "view_share", "days"} <= document["universe"].keys()
    assert document["by_year"]["2021"]["days"] == document["universe"]["days"]
    assert document["by_liquidity"].keys() == {"low", "mid", "high"}
    assert document["window"]["from"] == "2021-02-01"
    assert (document["kind"], document["origin"]) == ("trader", "backfilled")
    assert {"configurations", "deflated_sharpe"} <= document["tried"].keys()
    assert "series" not in create_document(evaluate(inputs), with_series=False)


def test_skill_is_seen_and_its_absence_too(
    inputs: EvaluationInputs, blind_inputs: EvaluationInputs
) -> None:
    seen, blind = evaluate(inputs), evaluate(blind_inputs)
    assert seen.lags[1].rank_ic_mean > 0.08
    assert abs(blind.lags[1].rank_ic_mean) < 0.03
    assert seen.quintiles_whole.gross.sharpe > blind.quintiles_whole.gross.sharpe
    assert seen.permutation.distance_sd > 4.0 > abs(blind.permutation.distance_sd)


def test_figures_agree_with_the_instruments_alone(inputs: EvaluationInputs) -> None:
    report = evaluate(inputs)
    returns = compute_forward_returns(inputs.closes, 7, 2)
    scores = np.where(inputs.no_view, np.nan, inputs.scores)
    window = slice(31, 260)
    daily = compute_daily_rank_ics(
        scores[:, window], returns[:, window], inputs.universe[:, window]
    )
    assert report.lags[2] == score_ranks(daily, 7)
    assert report.universe.coins == 48
    assert report.universe.died_inside == 2
    assert report.universe.view_share == pytest.approx(0.97, abs=0.01)
    assert report.window.days == 260 - 31 - 8


def test_a_no_view_coins_score_is_never_read(inputs: EvaluationInputs) -> None:
    loud = replace(inputs, scores=np.where(inputs.no_view, 1e9, inputs.scores))
    quiet = replace(inputs, scores=np.where(inputs.no_view, np.nan, inputs.scores))
    assert create_document(evaluate(loud)) == create_document(evaluate(quiet))


def test_prices_after_the_last_known_outcome_change_no_rank_ic(inputs: EvaluationInputs) -> None:
    short = replace(inputs, window_to=date(2021, 7, 1))
    changed = inputs.closes.copy()
    last_read = (date(2021, 7, 1) - inputs.first_day).days + 10 + 7
    changed[:, last_read + 1 :] *= 3.0
    one, two = evaluate(short), evaluate(replace(short, closes=changed))
    assert one.lags == two.lags
    assert one.residual == two.residual
    assert one.quintiles == two.quintiles


def test_scores_are_worth_less_the_later_one_buys(inputs: EvaluationInputs) -> None:
    lags = evaluate(inputs).lags
    assert lags[0].rank_ic_mean > lags[10].rank_ic_mean


def test_only_the_window_is_judged(inputs: EvaluationInputs) -> None:
    wild = inputs.scores.copy()
    wild[:, :100] = np.random.default_rng(0).normal(size=wild[:, :100].shape)
    late = replace(inputs, window_from=date(2021, 4, 15))
    assert evaluate(late).lags == evaluate(replace(late, scores=wild)).lags


def test_progress_is_told_and_finished(inputs: EvaluationInputs) -> None:
    progress = HeardProgress()
    evaluate_scores(inputs, progress)
    finished = {label for label, done, total in progress.heard if done == total}
    assert finished == {"lags", "baselines", "quintiles"}


def test_optional_parts_may_be_missing(inputs: EvaluationInputs) -> None:
    bare = replace(
        inputs,
        probabilities=None,
        interval_low=None,
        interval_high=None,
        null_daily_ics=None,
        deaths=(),
        baselines={},
        benchmark_row=None,
    )
    report = evaluate(bare)
    document = json.loads(json.dumps(create_document(report), allow_nan=False))
    assert document["coverage"] is None
    assert document["calibration"] is None
    assert document["permutation"]["distance_sd"] is None
    assert document["deaths"]["share"] is None
    assert any("No permutation null" in note for note in report.notes)


def test_notes_admit_what_weakens_the_figures(inputs: EvaluationInputs) -> None:
    shy = replace(inputs, no_view=inputs.universe & (np.arange(48) % 3 == 0)[:, None])
    notes = " ".join(evaluate(shy).notes)
    assert "of the universe had a view" in notes
    weak = replace(inputs, null_daily_ics=np.random.default_rng(0).normal(0.0, 0.2, 30))
    assert any("no evidence" in note for note in evaluate(weak).notes)
    told = replace(inputs, trials=Trials(12))
    assert not any("configurations" in note for note in evaluate(told).notes)


def test_a_market_of_illiquid_coins_has_no_liquid_spread(inputs: EvaluationInputs) -> None:
    report = evaluate(replace(inputs, liquid_usd=1e15))
    assert np.isnan(report.quintiles.net.sharpe)
    assert np.isfinite(report.quintiles_whole.net.sharpe)
    json.dumps(create_document(report), allow_nan=False)


def test_windows_that_cannot_be_scored_say_what_to_do(inputs: EvaluationInputs) -> None:
    with pytest.raises(NotEnoughData, match="Choose a longer or earlier window"):
        evaluate(replace(inputs, window_from=date(2021, 9, 1)))
    with pytest.raises(NotEnoughData, match="Choose days from 2021-01-01 to 2021-09-17"):
        evaluate(replace(inputs, window_from=date(2022, 9, 1), window_to=date(2022, 10, 1)))
    with pytest.raises(NotEnoughData, match="nothing was judged"):
        evaluate(replace(inputs, scores=np.full(inputs.scores.shape, np.nan)))
    with pytest.raises(NotEnoughData, match="nothing was judged"):
        evaluate(replace(inputs, minimum_coins=500))
    with pytest.raises(BadInput, match="before it begins"):
        evaluate(replace(inputs, window_to=date(2021, 1, 1)))
    with pytest.raises(BadInput, match="volatility has shape"):
        evaluate(replace(inputs, volatility=inputs.volatility[:, 1:]))


def test_low_volatility_alone_scores_what_is_known_of_it() -> None:
    """Reference figure on recorded candles: .083 at 7 days, from a slightly other volatility."""
    file = SHARED / "binance_usdt_daily.parquet"
    if not file.exists():
        pytest.skip("../shared/data is not here: recorded candles cannot be read")
    polars = pytest.importorskip("polars")
    frame = polars.read_parquet(file).filter(
        (polars.col("kind") == "coin") & (polars.col("date") <= date(2023, 12, 29))
    )
    frame = frame.with_columns(dollars=polars.col("close") * polars.col("volume"))
    names = sorted(frame["asset"].unique().to_list())
    first = frame["date"].min()
    shape = (len(names), (date(2023, 12, 29) - first).days + 1)
    row = {name: index for index, name in enumerate(names)}
    rows = np.array([row[name] for name in frame["asset"]])
    columns = np.array([(day - first).days for day in frame["date"]])
    closes, dollars = np.full(shape, np.nan), np.full(shape, np.nan)
    closes[rows, columns] = frame["close_adj"].to_numpy()
    dollars[rows, columns] = frame["dollars"].to_numpy()
    start = (date(2021, 4, 5) - first).days
    moves = np.diff(np.log(closes), axis=1, prepend=np.nan)
    age = np.isfinite(closes).cumsum(axis=1)
    calm, members = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
    for day in range(start, shape[1]):
        month = slice(day - 29, day + 1)
        old = np.isfinite(closes[:, day]) & (age[:, day] >= 30)
        old &= np.isfinite(moves[:, month]).sum(axis=1) >= 2
        members[old, day] = np.nanmedian(dollars[old, month], axis=1) >= 1e5
        calm[old, day] = -np.nanstd(moves[old, month], axis=1)
    returns = compute_forward_returns(closes, 7, 1)
    daily = compute_daily_rank_ics(calm[:, start:], returns[:, start:], members[:, start:])
    assert score_ranks(daily, 7).rank_ic_mean == pytest.approx(0.083, abs=0.004)
