"""Whether a job can work at all, before it is accepted: days, symbols and rule books against the
facts. What only the work itself can find is still found there.
"""

from collections.abc import Iterator
from datetime import date

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from assay.api import forms
from assay.api.state import Facts
from assay.kit.errors import BadInput, NotFound

Place = tuple[str | int, ...]
Fault = tuple[Place, str]


def check_parameters(facts: Facts | None, parameters: BaseModel, *place: str) -> None:
    """Raises RequestValidationError that names each member which can never work; `place` is where
    the parameters stand in the body. Without facts, which are still being loaded, nothing is
    checked.
    """
    if isinstance(parameters, forms.BacktestParameters):
        check_parameters(facts, parameters.backtest, *place, "backtest")
        return
    faults = [] if facts is None else list(list_faults(facts, parameters))
    if faults:
        raise RequestValidationError(
            [
                {"type": "value_error", "loc": ("body", *place, *where), "msg": words}
                for where, words in faults
            ]
        )


def list_faults(facts: Facts, parameters: BaseModel) -> Iterator[Fault]:
    """Every member that can never work, and why."""
    if isinstance(parameters, forms.IndexParameters):
        yield from _read_rules(facts, parameters.rules)
    elif isinstance(parameters, forms.EvaluationParameters):
        yield from _read_days([(("from",), parameters.start)], None, facts.newest_day)
    elif isinstance(parameters, forms.Trading):
        yield from _read_trading(facts, parameters)


def _read_trading(facts: Facts, wanted: forms.Trading) -> Iterator[Fault]:
    first, newest = facts.panel.first_day, facts.newest_day
    ends: list[tuple[Place, date | None]] = [(("from",), wanted.start), (("to",), wanted.end)]
    outside = list(_read_days(ends, first, newest))
    yield from outside
    if outside:
        return
    start, end = wanted.start or first, wanted.end or newest
    yield from _read_days(_list_days(wanted), start, end)
    for symbol, place in _list_symbols(wanted).items():
        try:
            facts.registry.resolve(symbol, end)
        except NotFound as error:
            yield place, str(error)


def _list_days(wanted: forms.Trading) -> Iterator[tuple[Place, date]]:
    if isinstance(wanted, forms.WeightsParameters):
        for number, target in enumerate(wanted.targets):
            yield ("targets", number, "day"), target.day
    elif isinstance(wanted, forms.SignalsParameters):
        for symbol, by_day in wanted.signals.items():
            yield from ((("signals", symbol), day) for day in by_day)


def _list_symbols(wanted: forms.Trading) -> dict[str, Place]:
    """Each symbol with the place that names it first."""
    found: dict[str, Place] = {}
    if isinstance(wanted, forms.WeightsParameters):
        for number, target in enumerate(wanted.targets):
            for symbol in target.weights:
                found.setdefault(symbol, ("targets", number, "weights"))
    elif isinstance(wanted, forms.SignalsParameters):
        found = dict.fromkeys(wanted.signals, ("signals",))
    elif isinstance(wanted, forms.SweepParameters):
        for number, symbol in enumerate(wanted.symbols):
            found.setdefault(symbol, ("symbols", number))
    return found


def _read_days(
    days: Iterator[tuple[Place, date]] | list[tuple[Place, date | None]],
    first: date | None,
    last: date,
) -> Iterator[Fault]:
    for place, day in days:
        if day is not None and (day > last or (first is not None and day < first)):
            since = f" from {first}" if first is not None else ""
            yield place, f"{day} lies outside: there are days{since} to {last}"


def _read_rules(facts: Facts, rules: str) -> Iterator[Fault]:
    from assay import indices  # noqa: PLC0415 - the server starts without it

    try:
        indices.check_rules(rules, facts.registry, facts.newest_day)
    except BadInput as error:
        yield ("rules", *filter(None, error.parameter.split("."))), str(error)
