"""The definitions of docs/method/alerts.md, written down slowly: everything is worked out anew from
all readings so far. What the engine fires must be the same.
"""

import math
from statistics import median

from assay.alerts.compute.metrics import METRICS
from assay.alerts.rules import (
    All,
    AnyOf,
    Changes,
    Compare,
    Cross,
    Happens,
    Move,
    Node,
    OneOf,
    RuleSpec,
    Test,
    Unusual,
    list_leaves,
)
from assay.alerts.types import Reading

Past = list[tuple[int, float | str]]
Truth = bool | None


def milliseconds(reading: Reading) -> int:
    return round(reading.at.timestamp() * 1000)


def expect(spec: RuleSpec, readings: list[Reading]) -> list[int]:
    """The times at which the rule fires."""
    pasts: dict[tuple[str, str], Past] = {
        (test.metric, test.subject): [] for test in list_leaves(spec.when)
    }
    fired: list[int] = []
    is_armed = True
    for reading in readings:
        past = pasts.get((reading.metric, reading.subject))
        now = milliseconds(reading)
        if past is None or not counts(past, now, reading.value):
            continue
        if rest(spec.when, pasts, now) is False:
            is_armed = True
        past.append((now, reading.value))
        truth, is_pulse = look(spec.when, pasts, now, (reading.metric, reading.subject))
        if truth and (is_armed or is_pulse) and (spec.repeat or not fired):
            is_too_soon = fired and 0 <= now - fired[-1] < spec.cooldown_s * 1000
            if not is_too_soon:
                fired.append(now)
        resting = rest(spec.when, pasts, now)
        is_armed = is_armed if resting is None else not resting
    return fired


def counts(past: Past, now: int, value: float | str) -> bool:
    if not past:
        return True
    return now > past[-1][0] or (now == past[-1][0] and value != past[-1][1])


def look(
    node: Node, pasts: dict[tuple[str, str], Past], now: int, told: tuple[str, str]
) -> tuple[Truth, bool]:
    """Truth, and whether something that happened just now makes it so."""
    if isinstance(node, All):
        found = [look(part, pasts, now, told) for part in node.all]
        if all(truth for truth, _ in found):
            return True, any(pulse for _, pulse in found)
        return (False if any(truth is False for truth, _ in found) else None), False
    if isinstance(node, AnyOf):
        found = [look(part, pasts, now, told) for part in node.any]
        if any(truth for truth, _ in found):
            return True, any(truth and pulse for truth, pulse in found)
        return (None if any(truth is None for truth, _ in found) else False), False
    key = (node.metric, node.subject)
    if isinstance(node, Cross | Changes | Happens) and key == told and happens(node, pasts[key]):
        return True, True
    return rest(node, pasts, now), False


def rest(node: Node, pasts: dict[tuple[str, str], Past], now: int) -> Truth:
    """Truth without anything that happens at this very moment."""
    if isinstance(node, All):
        found = [rest(part, pasts, now) for part in node.all]
        return False if False in found else None if None in found else True
    if isinstance(node, AnyOf):
        found = [rest(part, pasts, now) for part in node.any]
        return True if True in found else None if None in found else False
    past = pasts[node.metric, node.subject]
    if isinstance(node, Cross | Changes | Happens):
        times = [past[n][0] for n in range(len(past)) if happens(node, past[: n + 1])]
        return bool(times) and 0 <= now - times[-1] < node.hold_s * 1000
    if not past or abs(now - past[-1][0]) > METRICS[node.metric].fresh_s * 1000:
        return None
    return lasts(node, past)


def lasts(test: Test, past: Past) -> Truth:
    """Whether a test that lasts holds after all these readings."""
    is_on: Truth = None
    for n, (_, value) in enumerate(past):
        before = past[: n + 1]
        if isinstance(test, OneOf):
            is_on = value in test.values
            continue
        assert isinstance(value, float | int)
        if isinstance(test, Compare):
            sign = 1 if test.op == "above" else -1
            band = 0.005 * abs(test.value) if test.rearm is None else test.rearm
            bound = test.value - sign * band if is_on else test.value
            is_on = sign * value > sign * bound
        elif isinstance(test, Move):
            band = 0.2 * test.percent if test.rearm is None else test.rearm
            is_on = moved(test, before) >= (test.percent - band if is_on else test.percent)
        elif isinstance(test, Unusual):
            band = 0.2 * test.z if test.rearm is None else test.rearm
            z = unusual([float(v) for _, v in past[:n]][-test.history :], float(value), test)
            is_on = is_on if z is None else z >= (test.z - band if is_on else test.z)
    return is_on


def moved(test: Move, past: Past) -> float:
    now, value = past[-1]
    width = test.within_s * 1000
    bucket = max(1, width // 256)
    inside = [float(v) for t, v in past if t // bucket >= (now - width) // bucket]
    rise = 100.0 * (float(value) - min(inside)) / min(inside)
    fall = 100.0 * (max(inside) - float(value)) / max(inside)
    return {"rises": rise, "falls": fall, "moves": max(rise, fall)}[test.op]


def unusual(past: list[float], value: float, test: Unusual) -> float | None:
    if len(past) < test.history:
        return None
    logs = [math.log1p(v) for v in past]
    spread = 1.4826 * median([abs(x - median(logs)) for x in logs])
    return (math.log1p(value) - median(logs)) / spread if spread else None


def happens(test: Cross | Changes | Happens, past: Past) -> bool:
    """Whether the last of these readings is one at which it happens."""
    if isinstance(test, Happens):
        return True
    if isinstance(test, Changes):
        if len(past) < 2 or past[-1][1] == past[-2][1]:
            return False
        was, to = past[-2][1], past[-1][1]
        return (test.was is None or was == test.was) and (test.to is None or to == test.to)
    band = 0.005 * abs(test.value) if test.rearm is None else test.rearm
    values = [float(value) for _, value in past]
    if len(values) < 2:
        return False
    # Where it stood: armed by the first reading on a side, later by one beyond the band.
    was_low, was_high = values[0] < test.value, values[0] > test.value
    crossed = ""
    for value in values[1:]:
        crossed = ""
        if value > test.value and was_low:
            was_low, crossed = False, "up"
        elif value < test.value and was_high:
            was_high, crossed = False, "down"
        was_low = was_low or value < test.value - band
        was_high = was_high or value > test.value + band
    ways = {"crosses_above": ("up",), "crosses_below": ("down",), "crosses": ("up", "down")}
    return crossed in ways[test.op]
