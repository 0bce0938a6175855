"""What carries jobs out: every form has its kind, and back-tests say what the room computes."""

import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from tests.api.world import make_panel, make_registry

from assay import backtest
from assay.api import forms
from assay.cli.backtesting import cut_facts, describe_backtest
from assay.cli.kinds import KINDS
from assay.cli.rooms import RoomName
from assay.kit.errors import BadInput, NotEnoughData, NotFound
from assay.markets.types import Panel, Registry

FROM, TO = date(2023, 6, 1), date(2023, 12, 29)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return make_registry()


@pytest.fixture(scope="module")
def panel(registry: Registry) -> Panel:
    return make_panel(registry)


def ask(**given: Any) -> Any:
    parameters = {"from": FROM.isoformat(), "to": TO.isoformat(), **given}
    return forms.BacktestParameters.model_validate({"backtest": parameters}).backtest


def is_plain(value: object) -> bool:
    """True if JSON can say it without NaN."""
    if isinstance(value, dict):
        return all(isinstance(name, str) and is_plain(item) for name, item in value.items())
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, str | int) or (
        isinstance(value, float) and math.isfinite(value)
    )  # fmt: skip


def test_every_form_has_its_kind_and_every_room_its_word() -> None:
    assert tuple(kind.form for kind in KINDS) == forms.FORMS
    assert [said.value for said in forms.Judged] == [name.value for name in RoomName]


def test_weights_are_what_the_room_computes(registry: Registry, panel: Panel) -> None:
    targets = [
        {"day": "2023-06-10", "weights": {"BTC": 0.5, "ETH": 0.5}},
        {"day": "2023-09-01", "weights": {"ETH": 0.8}},
    ]
    wanted = ask(strategy="weights", targets=targets, fee_bps=20, slippage_bps=5, lag=2)
    said = describe_backtest(registry, panel, wanted)
    rows = [panel.row(int(registry.resolve(name, TO).token_id)) for name in ("BTC", "ETH")]
    inside = slice(panel.column(FROM), panel.column(TO) + 1)
    closes = panel.close[rows, inside] * panel.unit[rows, inside]
    weights = np.full(closes.shape, np.nan)
    weights[:, 9] = [0.5, 0.5]
    weights[:, (date(2023, 9, 1) - FROM).days] = [0.0, 0.8]
    run = backtest.run_weights(closes, weights, fee_bps=20.0, slippage_bps=5.0, lag=2)
    assert said["equity"] == [float(f"{value:.10g}") for value in run.equity]
    assert said["equity"][10] == 1.0, "the decision of a close is filled later, never at it"
    metrics = backtest.compute_metrics(run.returns)
    assert said["metrics"]["total_return"] == pytest.approx(metrics.total_return, rel=1e-9)
    assert said["metrics"]["beta"] is not None
    assert is_plain(said)


def test_a_signal_holds_until_the_next(registry: Registry, panel: Panel) -> None:
    signals = {"BTC": {"2023-06-10": 1, "2023-07-10": 0}, "ETH": {"2023-06-10": -1}}
    said = describe_backtest(registry, panel, ask(strategy="signals", signals=signals))
    rows = [panel.row(int(registry.resolve(name, TO).token_id)) for name in ("BTC", "ETH")]
    inside = slice(panel.column(FROM), panel.column(TO) + 1)
    closes = panel.close[rows, inside] * panel.unit[rows, inside]
    wishes = np.full(closes.shape, np.nan)
    wishes[0, [9, 39]] = [1.0, 0.0]
    wishes[1, 9] = -1.0
    returns = backtest.run_signals(closes, wishes, fee_bps=10.0, slippage_bps=0.0)
    for row, token in zip(returns, said["tokens"], strict=True):
        metrics = backtest.compute_metrics(row)
        assert token["metrics"]["total_return"] == pytest.approx(metrics.total_return, rel=1e-9)
    assert [token["symbol"] for token in said["tokens"]] == ["BTC", "ETH"]
    assert is_plain(said)


def test_a_sweep_has_a_row_for_every_pair_and_symbol(registry: Registry, panel: Panel) -> None:
    wanted = ask(strategy="crosses", symbols=["BTC", "ETH"], fast=[5, 20, 5], slow=[10, 20])
    said = describe_backtest(registry, panel, wanted)
    pairs = [(row["fast"], row["slow"], row["symbol"]) for row in said["rows"]]
    assert pairs == [(5, 10, "BTC"), (5, 10, "ETH"), (5, 20, "BTC"), (5, 20, "ETH")]
    assert "chosen on the same days" in said["warning"]
    assert is_plain(said)


def test_symbols_are_read_on_the_last_day(registry: Registry, panel: Panel) -> None:
    early = forms.Spell.model_validate({"from": "2022-01-01", "to": "2022-05-01"})
    late = forms.Spell.model_validate({"from": "2022-01-01", "to": "2023-12-29"})
    assert cut_facts(registry, panel, ["LUNA"], early).token_ids == [5001]
    assert cut_facts(registry, panel, ["LUNC"], late).token_ids == [5001]


def test_a_coin_that_ended_is_sold_and_one_that_trades_on_is_not(
    registry: Registry, panel: Panel
) -> None:
    cut = cut_facts(registry, panel, ["BTC"], forms.Spell.model_validate({"to": "2023-06-30"}))
    assert cut.last_bars.tolist() == [cut.closes.shape[1]], "its data go on after the window"
    row = panel.row(int(registry.resolve("BTC", TO).token_id))
    closes = panel.close.copy()
    closes[row, panel.column(date(2023, 3, 1)) :] = np.nan
    values = {name: getattr(panel, name) for name in panel.__dataclass_fields__}
    ended = Panel(**{**values, "close": closes})
    cut = cut_facts(registry, ended, ["BTC"], forms.Spell.model_validate({"to": "2023-06-30"}))
    assert cut.start + timedelta(days=int(cut.last_bars[0])) == date(2023, 2, 28)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"targets": [{"day": "2023-06-10", "weights": {"NOSUCH": 1}}]}, NotFound),
        ({"targets": [{"day": "2023-01-10", "weights": {"BTC": 1}}]}, BadInput),
        ({"targets": [{"day": "2023-06-10", "weights": {}}]}, BadInput),
        ({"targets": [{"day": "2023-06-10", "weights": {"BTC": 1, "btc": 1}}]}, BadInput),
        ({"targets": [{"day": d, "weights": {"BTC": 1}} for d in ("2023-07-02", "2023-07-01")]},
         BadInput),
        ({"targets": [{"day": "2023-06-10", "weights": {"BTC": 1}}], "to": "2024-02-01"},
         NotEnoughData),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    registry: Registry, panel: Panel, given: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        describe_backtest(registry, panel, ask(strategy="weights", **given))


@pytest.mark.parametrize(
    "given",
    [
        {"strategy": "weights", "targets": []},
        {"strategy": "signals", "signals": {"BTC": {"2023-06-10": 2}}},
        {"strategy": "crosses", "symbols": ["BTC"], "fast": [20], "slow": [10]},
        {"strategy": "crosses", "symbols": ["S"] * 3, "fast": [5], "slow": [10], "lag": 0},
        {"strategy": "crosses", "symbols": [f"S{n}" for n in range(200)],
         "fast": list(range(1, 151)), "slow": list(range(151, 301))},
        {"strategy": "weights", "from": "2023-07-01", "to": "2023-06-01",
         "targets": [{"day": "2023-06-10", "weights": {"BTC": 1}}]},
        {"strategy": "index"},
    ],
)  # fmt: skip
def test_forms_refuse_what_can_never_work(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        forms.read_parameters(forms.BACKTEST, {"backtest": given})


def test_what_is_stored_is_read_again(tmp_path: Path) -> None:
    given = {"strategy": "signals", "signals": {"BTC": {"2023-06-10": 1}}, "from": "2023-06-01"}
    stored = forms.read_parameters(forms.BACKTEST, {"backtest": given})
    assert forms.read_parameters(forms.BACKTEST, stored) == stored
