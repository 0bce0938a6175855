"""Sentences back into conditions: the words of `compute.wording`, and a few that people use.

`BTC falls by 5 % within 1 hour`, `ETH price is above 4,000 and BTC daily signal changes to long`.
What is not understood is refused, never guessed.
"""

import re

from assay.alerts.compute.metrics import METRICS, Metric, Subject
from assay.alerts.compute.wording import UNITS
from assay.kit.errors import BadInput

EXAMPLES = (
    "BTC falls by 5 % within 1 hour",
    "ETH price rises through 4,000",
    "SOL daily signal changes to short",
    "venue binance is down or stale",
)
_NUMBER = r"\$?(?P<value>[+-]?[0-9][0-9,]*(?:\.[0-9]+)?(?:e[+-]?[0-9]+|[kKmM])?)"
_SPAN = r"(?:(?P<count>[0-9]+) )?(?P<unit>second|minute|hour|day)s?"
_BACK = r"(?: \(again after (?P<rearm>[0-9][0-9,]*(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?) back\))?"
_HOLD = r"(?: in the last (?P<hold>[0-9]+ (?:second|minute|hour|day)s?))?"
_COMPARED = {
    "is above": "above", "is over": "above", "is below": "below", "is under": "below",
    "rises through": "crosses_above", "rises above": "crosses_above", "goes above": "crosses_above",
    "falls through": "crosses_below", "falls below": "crosses_below", "goes below": "crosses_below",
    "drops below": "crosses_below", "goes through": "crosses", "crosses": "crosses",
}  # fmt: skip
_MOVED = {
    "rises": "rises", "falls": "falls", "moves": "moves", "drops": "falls", "loses": "falls",
    "gains": "rises",
}  # fmt: skip
_COMPARE = re.compile(
    rf"(?P<verb>{'|'.join(_COMPARED)}) {_NUMBER}(?: ?(?:USD|%|\$))?{_BACK}{_HOLD}"
)
_MOVE = re.compile(
    rf"(?P<verb>{'|'.join(_MOVED)})(?: by)? {_NUMBER} ?% (?:with)?in (?:an? )?{_SPAN}{_BACK}"
)
_UNUSUAL = re.compile(
    rf"is unusually high(?: \(robust z {_NUMBER} against the last (?P<history>[0-9]+) readings\))?"
    rf"{_BACK}"
)
_CHANGE = re.compile(r"changes(?: from (?P<was>.+?))?(?: to (?P<to>.+?))?" + _HOLD)
_HAPPEN = re.compile(r"happens" + _HOLD)
_IS = re.compile(r"is (?P<words>.+)")
_SCALES = {"k": 1e3, "m": 1e6}
_LENGTHS = {name: seconds for seconds, name in UNITS}

Json = dict[str, object]


def parse_words(text: str) -> Json:
    """The condition that a sentence says, as `parse_rule` takes it for `when`.

    Tests may be joined by `and` or by `or`, not by both. Raises BadInput.
    """
    words = " ".join(text.split()).rstrip(".")
    if len(words) > 1000:
        raise BadInput("That is too long a sentence.", hint="Write the rule as JSON.")
    for joint, key in ((" and ", "all"), (" or ", "any")):
        parts = _split(words, joint)
        if parts is not None:
            return {key: [_parse_test(part) for part in parts]}
    return _parse_test(words)


def _split(words: str, joint: str) -> list[str] | None:
    """The tests of a sentence; None where splitting does not give only tests."""
    parts = words.split(joint)
    if len(parts) == 1 or any(_find(part) is None for part in parts):
        return None
    return parts


def _parse_test(words: str) -> Json:
    found = _find(words)
    if found is None:
        raise BadInput(
            f"{words[:80]!r} is not understood.",
            hint="Such sentences are: " + "; ".join(EXAMPLES) + ". Or write the rule as JSON.",
        )
    return found


def _find(words: str) -> Json | None:
    for metric, subject, rest in _list_things(words):
        body = _read_body(rest, metric)
        if body is not None:
            return {"metric": metric.name, **({"subject": subject} if subject else {}), **body}
    return None


def _list_things(words: str) -> list[tuple[Metric, str, str]]:
    """Every way to read the beginning as something that is watched; the longest title first."""
    found = []
    for metric in sorted(METRICS.values(), key=lambda item: -len(item.title)):
        title, name = re.escape(metric.title), r"(?P<name>[^ ()]+)"
        if metric.subject is Subject.MARKET:
            head = title
        elif metric.subject is Subject.VENUE:
            head = f"venue {name}"
        elif metric.subject is Subject.INDEX:
            head = f"index {name} {title}"
        else:
            head = f"{name} {title}"
        matched = re.match(f"(?i:{head}) ", words)
        if matched is not None:
            found.append((metric, matched.groupdict().get("name", ""), words[matched.end() :]))
    # A token without any metric: its price.
    name, _, rest = words.partition(" ")
    return [*found, (METRICS["price"], name, rest)]


def _read_body(rest: str, metric: Metric) -> Json | None:
    for pattern, read in _READERS:
        matched = pattern.fullmatch(rest)
        found = None if matched is None else read(matched, metric)
        if found is not None:
            return found
    return None


def _read_compare(found: "re.Match[str]", metric: Metric) -> Json | None:
    op = _COMPARED[found["verb"]]
    return {"op": op, "value": _number(found["value"]), **_read_extras(found)}


def _read_move(found: "re.Match[str]", metric: Metric) -> Json | None:
    span = int(found["count"] or 1) * _LENGTHS[found["unit"]]
    percent = _number(found["value"])
    return {"op": _MOVED[found["verb"]], "percent": percent, "within_s": span} | _read_extras(found)


def _read_unusual(found: "re.Match[str]", metric: Metric) -> Json | None:
    body: Json = {"op": "unusual", **_read_extras(found)}
    if found["value"] is not None:
        body |= {"z": _number(found["value"]), "history": int(found["history"])}
    return body


def _read_change(found: "re.Match[str]", metric: Metric) -> Json | None:
    words = {name: found[name] for name in ("was", "to") if found[name] is not None}
    if any(word not in metric.words for word in words.values()):
        return None
    return {"op": "changes", **words, **_read_extras(found)}


def _read_happen(found: "re.Match[str]", metric: Metric) -> Json | None:
    return {"op": "happens", **_read_extras(found)}


def _read_words(found: "re.Match[str]", metric: Metric) -> Json | None:
    words = found["words"].split(" or ")
    return {"op": "one_of", "values": words} if set(words) <= set(metric.words) else None


_READERS = (
    (_COMPARE, _read_compare),
    (_MOVE, _read_move),
    (_UNUSUAL, _read_unusual),
    (_CHANGE, _read_change),
    (_HAPPEN, _read_happen),
    (_IS, _read_words),
)


def _read_extras(found: "re.Match[str]") -> Json:
    named = found.groupdict()
    extras: Json = {}
    if named.get("rearm") is not None:
        extras["rearm"] = _number(named["rearm"])
    if named.get("hold") is not None:
        count, unit = named["hold"].split(" ")
        extras["hold_s"] = int(count) * _LENGTHS[unit.removesuffix("s")]
    return extras


def _number(text: str) -> float:
    plain = text.replace(",", "").lower()
    scale = _SCALES.get(plain[-1], 1.0)
    return float(plain.rstrip("km")) * scale
