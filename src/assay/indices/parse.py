"""Rule books from TOML to frozen records, strictly: a key that nobody reads is refused. Pure."""

import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import asdict, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from assay.indices.types import (
    GRADED,
    Basket,
    CashRule,
    Json,
    RankBy,
    RuleBook,
    Scheme,
    Sleeve,
    VolatilityTarget,
    Weights,
)
from assay.kit.errors import BadInput
from assay.ledger import canonical_json

E = TypeVar("E", bound=StrEnum)

Sectors = Mapping[str, Collection[str]]
"""Tickers of each sector that is known by name."""

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MANUAL = "docs/method/indices.md shows every key."
LONGEST_WINDOW = 400
LONGEST_TEXT = 400
DEFAULT_FEE_BPS = 10.0


class Table:
    """One table of a TOML file: keys are taken one by one, and none may be left at the end."""

    def __init__(self, values: Mapping[str, Any], text: str, path: str = "") -> None:
        self._values = dict(values)
        self._text = text
        self._path = path

    def refuse(self, key: str, why: str, hint: str) -> BadInput:
        """The error for a key, with the line it stands on where that can be found."""
        lines = enumerate(self._text.splitlines(), start=1)
        found = [n for n, line in lines if re.match(rf"\s*\[*\s*[\w.]*\b{re.escape(key)}\b", line)]
        place = f"Line {found[0]}: " if found else ""
        rule = f"{self._path}{key}"
        return BadInput(f"{place}{rule} {why}.", hint=hint, parameter=rule)

    def has(self, key: str) -> bool:
        """Whether the file names the key."""
        return key in self._values

    def table(self, key: str) -> "Table | None":
        """A table inside this one; None where there is none."""
        value = self._values.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.refuse(key, "is not a table", f"Write [{self._path}{key}] on its own line.")
        return Table(value, self._text, f"{self._path}{key}.")

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty, on one line."""
        value = self._values.pop(key, default)
        if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
            raise self.refuse(
                key, "is missing or not a text", f'Write {key} = "..." in quotes. {MANUAL}'
            )
        plain = " ".join(value.split())
        if not plain.isprintable():
            raise self.refuse(key, "holds signs that cannot be shown", "Write letters and digits.")
        return plain

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number between `low` and `high`."""
        value = self._values.pop(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.refuse(
                key,
                f"is {_show(value)}, not a whole number from {low} to {high}",
                f"Write {key} = {default if default is not None else low}, for example.",
            )
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number between `low` and `high`."""
        value = self._values.pop(key, default)
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        if not is_number or not low <= float(value) <= high:
            raise self.refuse(
                key,
                f"is {_show(value)}, not a number from {low:g} to {high:g}",
                f"Write {key} = {default if default is not None else high:g}, for example.",
            )
        return float(value)

    def choice(self, key: str, options: type[E], default: E | None = None) -> E:
        """One of the words of an enumeration."""
        value = self._values.pop(key, default)
        words = ", ".join(option.value for option in options)
        try:
            return options(value)
        except ValueError:
            raise self.refuse(key, f"is {_show(value)}", f"Choose one of: {words}.") from None

    def items(self, key: str, kind: type[Any]) -> tuple[Any, ...] | None:
        """A list of values of one kind, not empty; None where there is none."""
        value = self._values.pop(key, None)
        if value is None:
            return None
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(item, kind) and not isinstance(item, bool) for item in value)
        ):
            word = "numbers" if kind is int else "texts"
            raise self.refuse(
                key, f"is not a list of {word}", f"Write {key} = [...] with at least one of them."
            )
        return tuple(value)

    def day(self, key: str, default: date) -> date:
        """A calendar day."""
        value = self._values.pop(key, default)
        if not isinstance(value, date) or isinstance(value, Collection) or hasattr(value, "hour"):
            raise self.refuse(key, f"is {_show(value)}, not a day", f"Write {key} = {default}.")
        return value

    def finish(self) -> None:
        """Refuse what nobody took."""
        for key in self._values:
            raise self.refuse(key, "is no key of a rule book", f"Check the spelling. {MANUAL}")


def parse_rule_book(
    text: str, sectors: Sectors, first_day: date, *, is_public: bool = False
) -> RuleBook:
    """Read one rule book. `first_day` is the start where the file names none, and the earliest one.

    Only public ones have `id`, `ticker` and `type`. Raises BadInput that names the line or the key
    (`parameter`: its path, as "weights.cap") and says what to do: broken TOML, an unknown key, a
    value out of range, a cap that cannot hold, an index without coins.
    """
    try:
        values = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise BadInput(
            f"The rule book is not TOML: {error}.", hint="Correct that line and try again."
        ) from error
    top = Table(values, text)
    fields: Json = {
        "index_id": top.whole("id", 1, 10_000) if is_public else 0,
        "slug": _take_slug(top),
        "name": top.text("name"),
        "words": top.text("words", "A user's own index."),
        "start": _take_start(top, first_day),
        "every_days": top.whole("every_days", 1, 365),
        "shift_days": top.whole("shift_days", 0, 364, 0),
    }
    fields["ticker"] = top.text("ticker", None if is_public else fields["slug"].upper())
    fields["type"] = top.text("type", None if is_public else "own")
    basket = top.table("basket")
    if basket is None:
        raise BadInput(
            "The rule book has no [basket], so the index would be empty.",
            hint=f"Say which coins may be in. {MANUAL}",
        )
    fields["basket"] = _parse_basket(basket, sectors)
    fields["weights"] = _parse_weights(top, fields["basket"])
    fields["cash"] = _parse_cash(top.table("cash"))
    fields["volatility"] = _parse_volatility(top.table("volatility"))
    fields["sleeve"] = _parse_sleeve(top.table("sleeve"), sectors)
    costs = top.table("costs") or Table({}, text, "costs.")
    fields["fee_bps"] = costs.number("fee_bps", 0.0, 500.0, DEFAULT_FEE_BPS)
    fields["slippage_bps"] = costs.number("slippage_bps", 0.0, 500.0, 0.0)
    costs.finish()
    top.finish()
    return create_book(fields)


def create_book(fields: Json) -> RuleBook:
    """A rule book of its fields, with its canonical document and the digest over it."""
    plain = {key: _plain(value) for key, value in fields.items()}
    digest = hashlib.sha256(canonical_json(plain)).hexdigest()[:12]
    return RuleBook(**fields, document=plain, digest=digest)


def parse_sectors(text: str) -> dict[str, tuple[str, ...]]:
    """The shipped lists: sector -> tickers as they were in use, the dead included."""
    return {name: tuple(str(tickers).split()) for name, tickers in tomllib.loads(text).items()}


def _take_slug(top: Table) -> str:
    slug = top.text("slug")
    if not SLUG.fullmatch(slug):
        raise top.refuse(
            "slug",
            f"is {_show(slug)}",
            'Use up to 40 small letters, digits and hyphens: slug = "my-index".',
        )
    return slug


def _take_start(top: Table, first_day: date) -> date:
    start = top.day("start", first_day)
    if start < first_day:
        raise top.refuse("start", f"is {start}", f"The first day of all indices is {first_day}.")
    return start


def _parse_basket(table: Table, sectors: Sectors) -> Basket:
    sector = table.text("sector") if table.has("sector") else None
    members = table.items("members", str)
    if sector is not None and members is not None:
        raise table.refuse(
            "members",
            "cannot stand beside sector",
            "Keep one of the two: a list of its own is a sector index too.",
        )
    if sector is not None and sector not in sectors:
        raise table.refuse(
            "sector",
            f"{_show(sector)} is no sector that anything is known about",
            f"Known are: {', '.join(sorted(sectors))}. For another write its coins as"
            ' members = ["AAVE", "UNI"].',
        )
    listed = tuple(sectors[sector]) if sector is not None else members or ()
    names = tuple(sorted({item.strip().upper() for item in listed}))
    basket = Basket(
        rank_by=table.choice("rank_by", RankBy, RankBy.SIZE),
        count=table.whole("count", 1, 200, min(len(names), 200) or None),
        buffer=table.number("buffer", 0.0, 0.9, 0.2),
        minimum_volume_usd=table.number("minimum_volume_usd", 0.0, 1e12, 0.0),
        outside_top=table.whole("outside_top", 0, 500, 0),
        sector=sector,
        members=names,
    )
    table.finish()
    return basket


def _parse_weights(top: Table, basket: Basket) -> Weights:
    table = top.table("weights") or Table({}, "", "weights.")
    scheme = table.choice("scheme", Scheme, Scheme.EQUAL)
    cap = table.number("cap", 0.0, 1.0, 1.0)
    if cap * basket.count < 1.0:
        raise table.refuse(
            "cap",
            f"of {cap:g} cannot hold: {basket.count} coins of at most {cap:g} make"
            f" {cap * basket.count:g}, not 1",
            f"Raise the cap to at least {1.0 / basket.count:.4f}, or take more coins.",
        )
    if scheme is Scheme.GRADE and basket.rank_by not in GRADED:
        raise table.refuse(
            "scheme",
            '"grade" needs a basket ranked by a grade',
            'Set rank_by = "trader_grade" or "investor_grade" in [basket].',
        )
    turnover = None
    if table.has("maximum_turnover"):
        turnover = table.number("maximum_turnover", 0.01, 2.0)
        if scheme is not Scheme.MIN_CVAR:
            raise table.refuse(
                "maximum_turnover", 'is for scheme = "min_cvar" alone', "Leave it out."
            )
    days = table.whole("days", 20, LONGEST_WINDOW, 90)
    table.finish()
    return Weights(scheme=scheme, cap=cap, days=days, maximum_turnover=turnover)


def _parse_cash(table: Table | None) -> CashRule | None:
    if table is None:
        return None
    means = table.items("means", int)
    if means is None or not all(2 <= days <= LONGEST_WINDOW for days in means):
        raise table.refuse(
            "means",
            f"are not windows from 2 to {LONGEST_WINDOW} days",
            "Write means = [20, 50, 100], the days of the market's means.",
        )
    rule = CashRule(
        means=tuple(sorted(set(means))),
        band=table.number("band", 0.0, 0.5, 0.02),
        floor=table.number("floor", 0.0, 0.99, 0.0),
    )
    table.finish()
    return rule


def _parse_volatility(table: Table | None) -> VolatilityTarget | None:
    if table is None:
        return None
    target = VolatilityTarget(
        annual=table.number("annual", 0.05, 5.0),
        days=table.whole("days", 10, LONGEST_WINDOW, 30),
    )
    table.finish()
    return target


def _parse_sleeve(table: Table | None, sectors: Sectors) -> Sleeve | None:
    if table is None:
        return None
    inner = table.table("basket")
    if inner is None:
        raise table.refuse("basket", "is missing", "Say in [sleeve.basket] which coins may be in.")
    sleeve = Sleeve(
        basket=_parse_basket(inner, sectors),
        volatility_share=table.number("volatility_share", 0.01, 1.0),
        maximum_weight=table.number("maximum_weight", 0.01, 1.0, 0.5),
        days=table.whole("days", 20, LONGEST_WINDOW, 90),
    )
    table.finish()
    return sleeve


def _plain(value: object) -> object:
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    if isinstance(value, StrEnum | str):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(value) if value and isinstance(value[0], str) else list(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    return value


def _show(value: object) -> str:
    text = "missing" if value is None else repr(value) if isinstance(value, str) else str(value)
    return text[:60]
