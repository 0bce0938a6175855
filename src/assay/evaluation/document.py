"""The report as plain JSON values, in the shape that is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import StrEnum
from math import isfinite

import numpy as np

from assay.evaluation.types import DeathReport, EvaluationReport, QuintileReport

NOT_INVESTABLE = "research, not investable"
NOT_ADVICE = "Measured on past data. Not investment advice."
DIGITS = 6

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def create_document(report: EvaluationReport, *, with_series: bool = True) -> dict[str, Json]:
    """The report as JSON values: numbers rounded to 6 decimals, what is not known as null, days as
    ISO dates.
    """
    document: dict[str, Json] = {
        "kind": report.kind,
        "origin": report.origin,
        "horizon_days": report.horizon_days,
        "advice": NOT_ADVICE,
        "window": {
            "from": report.window.first_day.isoformat(),
            "to": report.window.last_day.isoformat(),
            "days": report.window.days,
            "days_too_few_coins": report.window.days_too_few_coins,
            "last_scored_day": report.window.last_scored_day.isoformat(),
        },
        "universe": create_json(report.universe),
        "lags": create_json(report.lags),
        "permutation": create_json(report.permutation),
        "residual_ic": create_json(report.residual.rank_ic_mean),
        "residual": create_json(report.residual),
        "view_only": create_json(report.view_only),
        "baselines": create_json(report.baselines),
        "by_year": {str(year.year): _year(create_json(year)) for year in report.by_year},
        "by_liquidity": create_json(report.by_liquidity),
        "quintiles": {
            **_quintiles(report.quintiles),
            "whole_universe": _quintiles(report.quintiles_whole),
        },
        "stability": create_json(report.stability),
        "deaths": _deaths(report.deaths),
        "calibration": create_json(report.calibration),
        "coverage": create_json(report.coverage),
        "tried": create_json(report.tried),
        "notes": list(report.notes),
    }
    if with_series:
        document["series"] = create_json(report.series)
    return document


def _year(record: Json) -> Json:
    assert isinstance(record, dict)  # noqa: S101 - a dataclass always becomes an object
    rank = record["rank"]
    assert isinstance(rank, dict)  # noqa: S101
    kept = {key: value for key, value in record.items() if key not in ("rank", "year")}
    return {**rank, **kept}


def _quintiles(report: QuintileReport) -> dict[str, Json]:
    plain = create_json(report)
    assert isinstance(plain, dict)  # noqa: S101
    return {
        "label": NOT_INVESTABLE,
        "gross_sharpe": create_json(report.gross.sharpe),
        "net_sharpe": create_json(report.net.sharpe),
        "net_sharpe_30bp": create_json(report.net_30bp.sharpe),
        **plain,
    }


def _deaths(report: DeathReport) -> dict[str, Json]:
    plain = create_json(report)
    assert isinstance(plain, dict)  # noqa: S101
    return {"share": create_json(report.share_any_day), **plain}


def create_json(value: object) -> Json:
    """Any record, array, mapping or number as JSON values: 6 decimals, NaN as null, ISO days.

    Raises TypeError for something else.
    """
    if value is None or isinstance(value, bool | str | StrEnum):
        return str(value) if isinstance(value, StrEnum) else value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return round(float(value), DIGITS) if isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return _plain_container(value)


def _plain_container(value: object) -> Json:
    if isinstance(value, np.ndarray):
        return [create_json(item) for item in value.tolist()]
    if isinstance(value, tuple | list):
        return [create_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): create_json(item) for key, item in value.items()}
    if is_dataclass(value):
        return {entry.name: create_json(getattr(value, entry.name)) for entry in fields(value)}
    raise TypeError(f"no JSON form for {type(value).__name__}")
