"""Rules and firings in plain words. `compute.hearing` reads the sentences of tests back."""

from collections.abc import Sequence
from datetime import datetime

from assay.alerts.compute.metrics import METRICS, Metric, Subject
from assay.alerts.rules import (
    All,
    AnyOf,
    Changes,
    Compare,
    Cross,
    Digest,
    Event,
    Evidence,
    Firing,
    Happens,
    Move,
    Node,
    OneOf,
    RuleSpec,
    Severity,
    Test,
    Unusual,
)
from assay.alerts.types import MOST_AN_HOUR
from assay.kit.moments import format_utc

UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_COMPARED = {
    "above": "is above", "below": "is below", "crosses_above": "rises through",
    "crosses_below": "falls through", "crosses": "goes through",
}  # fmt: skip
_MOVED = {"rises": "rises", "falls": "falls", "moves": "moves"}
_MARKS = {Severity.INFO: "", Severity.WARNING: "Warning: ", Severity.CRITICAL: "CRITICAL: "}


def describe_rule(spec: RuleSpec) -> str:
    """The whole rule: what it waits for, and what limits how it tells of it."""
    sentences = [f"{_start(describe_node(spec.when))}."]
    if not spec.repeat:
        sentences.append("Once.")
    if spec.cooldown_s:
        sentences.append(f"At most once every {format_span(spec.cooldown_s)}.")
    if spec.quiet_hours is not None:
        quiet = spec.quiet_hours
        then = "told at their end" if quiet.then == "digest" else "dropped"
        span = f"{quiet.start:%H:%M} to {quiet.end:%H:%M} ({spec.time_zone})"
        sentences.append(f"From {span} it is quiet: what fires then is {then}.")
    if spec.digest is Digest.HOURLY:
        sentences.append("Told in a summary every hour.")
    if spec.digest is Digest.DAILY:
        sentences.append(f"Told in a summary every day at 08:00 ({spec.time_zone}).")
    if spec.expires_at is not None:
        sentences.append(f"Until {format_utc(spec.expires_at)}.")
    return " ".join(sentences)


def describe_node(node: Node) -> str:
    """A condition as a clause; branches within branches stand in brackets."""
    if isinstance(node, All):
        return " and ".join(_enclose(part) for part in node.all)
    if isinstance(node, AnyOf):
        return " or ".join(_enclose(part) for part in node.any)
    return describe_test(node)


def describe_test(test: Test) -> str:
    """One test as a clause: `BTC price falls by 5 % within 1 hour`."""
    metric = METRICS[test.metric]
    return f"{name_thing(metric, test)} {_say(test, metric)}{_say_hold(test)}"


def name_thing(metric: Metric, test: Test | Evidence) -> str:
    """What a test or reading is of: `BTC price`, `venue binance`, `market indicator`."""
    if metric.subject is Subject.MARKET:
        return metric.title
    name = test.symbol or test.subject
    if metric.subject is Subject.TOKEN:
        return f"{name} {metric.title}"
    return f"venue {name}" if metric.subject is Subject.VENUE else f"index {name} {metric.title}"


def create_title(spec: RuleSpec, firing: Firing) -> str:
    """The line by which a message is known."""
    # One line, whatever was written: it may become the subject of an e-mail.
    name = " ".join(spec.name.split()) or _start(describe_node(spec.when))
    replayed = "[replay] " if any(item.is_replay for item in firing.evidence) else ""
    return f"{replayed}{_MARKS[spec.severity]}{name}"[:200]


def create_body(spec: RuleSpec, firing: Firing) -> str:
    """What fired, on which readings, and the owner's note."""
    lines = [f"{_start(describe_node(spec.when))}."]
    lines += [describe_evidence(item) for item in firing.evidence]
    if spec.note:
        lines.append(spec.note)
    return "\n".join(lines)


def describe_evidence(item: Evidence) -> str:
    """A reading with its time and where it was read."""
    metric = METRICS[item.metric]
    said = f"{name_thing(metric, item)}: {_format_value(item.value, metric)}"
    if item.beside is not None:
        said += f" (against {format_number(item.beside)})"
    source = f", {item.source}" if item.source else ""
    replayed = ", replayed" if item.is_replay else ""
    return f"{said} at {format_utc(item.at)}{source}{replayed}"


def create_digest(events: Sequence[Event], until: datetime) -> tuple[str, str]:
    """Title and body of a summary, oldest first."""
    count = f"{len(events)} alert{'s' if len(events) != 1 else ''}"
    lines = []
    for event in events:
        lines.append(f"{format_utc(event.fired_at)} {event.title}")
        lines += [f"  {line}" for line in event.body.splitlines()]
    return f"{count} until {format_utc(until)}", "\n".join(lines)


def create_left_out(count: int, until: datetime) -> tuple[str, str]:
    """Title and body of what is said of firings beyond those that are told in an hour."""
    alerts = f"{count:,} alert{'s' if count != 1 else ''}"
    lines = (
        f"{MOST_AN_HOUR} alerts an hour are told; {alerts} more fired until {format_utc(until)}.",
        "They are in your history (assay alert history, GET /v1/alerts/events).",
        "A cooldown for the rules that fire most leaves room for the others.",
    )
    return f"{alerts} left out until {format_utc(until)}", "\n".join(lines)


def format_span(seconds: int) -> str:
    """A length of time in its largest whole unit: `1 hour`, `90 seconds`."""
    length, unit = next(item for item in UNITS if seconds % item[0] == 0)
    count = seconds // length
    return f"{count} {unit}{'' if count == 1 else 's'}"


def format_number(value: float) -> str:
    """All digits that matter, thousands apart: `70,000`, `0.00001234`."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    text = f"{value:,.12f}".rstrip("0").rstrip(".") if abs(value) >= 1e-6 else f"{value:.17g}"
    return text if _same(text, value) else repr(value)


def _same(text: str, value: float) -> bool:
    return float(text.replace(",", "")) == value


def _say(test: Test, metric: Metric) -> str:
    if isinstance(test, Compare | Cross):
        unit = f" {metric.unit}" if metric.unit else ""
        rearm = f" (again after {format_number(test.rearm)} back)" if test.rearm is not None else ""
        return f"{_COMPARED[test.op]} {format_number(test.value)}{unit}{rearm}"
    if isinstance(test, Move):
        rearm = f" (again after {format_number(test.rearm)} back)" if test.rearm is not None else ""
        span = format_span(test.within_s)
        return f"{_MOVED[test.op]} by {format_number(test.percent)} % within {span}{rearm}"
    if isinstance(test, Unusual):
        rearm = f" (again after {format_number(test.rearm)} back)" if test.rearm is not None else ""
        of = f"against the last {test.history} readings"
        return f"is unusually high (robust z {format_number(test.z)} {of}){rearm}"
    if isinstance(test, OneOf):
        return f"is {' or '.join(test.values)}"
    if isinstance(test, Changes):
        was = f" from {test.was}" if test.was is not None else ""
        to = f" to {test.to}" if test.to is not None else ""
        return f"changes{was}{to}"
    return "happens"


def _say_hold(test: Test) -> str:
    if isinstance(test, Cross | Changes | Happens) and test.hold_s:
        return f" in the last {format_span(test.hold_s)}"
    return ""


def _enclose(part: Node) -> str:
    is_branch = isinstance(part, All | AnyOf)
    return f"({describe_node(part)})" if is_branch else describe_node(part)


def _format_value(value: float | str, metric: Metric) -> str:
    if isinstance(value, str):
        return value
    return f"{format_number(value)} {metric.unit}".rstrip()


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]
