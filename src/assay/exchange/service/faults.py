"""Faults on demand: what goes wrong at the venue, when, how often and for how long.

A fault is written `kind:key=value,key=value`; its times are of the replay, so that a plan does the
same at any speed:

    disconnect:every=30s              cut every connection, again and again
    lose_deltas:count=2,symbol=BTCUSDT   two changes of that book are never sent
    stale:at=60s,for=10s              no market message leaves for ten seconds

Without `at` and `every` it happens at once. Without `for` a lasting fault stays until it is
cleared; without `count` the others strike once, or all through `for`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from assay.kit.errors import BadInput


class FaultKind(StrEnum):
    """What can go wrong."""

    DISCONNECT = "disconnect"
    """Every WebSocket is cut without a word."""
    DOWN = "down"
    """The venue is gone: connections are cut, new ones and requests find nobody."""
    STALE = "stale"
    """Connections stand, answers come, but no market message leaves."""
    SLOW = "slow"
    """Answers and messages come `delay` milliseconds later."""
    LOSE_DELTAS = "lose_deltas"
    """A change of a book is never sent."""
    REORDER_DELTAS = "reorder_deltas"
    """A change of a book is sent after the one that follows it."""
    WRONG_IDS = "wrong_ids"
    """A change of a book lies about its numbers."""
    MALFORMED = "malformed"
    """A change of a book is broken off in the middle."""
    REFUSE_ORDERS = "refuse_orders"
    """New orders are refused with `code`."""
    LOSE_REPLIES = "lose_replies"
    """An order is taken, but the answer to it is never sent."""


LASTING: Final = frozenset({FaultKind.DOWN, FaultKind.STALE, FaultKind.SLOW})
DEFAULT_DELAY_MS: Final = 500
REFUSED: Final = -2010


@dataclass(frozen=True, slots=True)
class Fault:
    """One planned fault. Times are milliseconds of the replay since its start."""

    kind: FaultKind
    at_ms: int | None = None
    every_ms: int | None = None
    for_ms: int | None = None
    count: int | None = None
    symbol: str = ""
    delay_ms: int = DEFAULT_DELAY_MS
    code: int = REFUSED


@dataclass(slots=True)
class _Live:
    """A fault that is happening; None: without end."""

    fault: Fault
    left: int | None
    until_ms: int | None


class Faults:
    """The plan and what is happening of it. Not for several threads."""

    def __init__(self, plan: Iterable[Fault] = ()) -> None:
        self._now_ms = 0
        self._due: list[tuple[int, Fault]] = []
        self._live: list[_Live] = []
        self._disconnects = 0
        for fault in plan:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Plan a fault; without `at` and `every` it happens now."""
        if fault.at_ms is None and fault.every_ms is None:
            self._begin(fault)
        else:
            first = fault.at_ms if fault.at_ms is not None else fault.every_ms or 0
            self._due.append((max(first, self._now_ms), fault))

    def clear(self) -> None:
        """End what is happening and forget what was planned."""
        self._due.clear()
        self._live.clear()

    def move_to(self, elapsed_ms: int) -> None:
        """Begin what is due and end what is over at that moment of the replay."""
        self._now_ms = elapsed_ms
        for entry in [due for due in self._due if due[0] <= elapsed_ms]:
            self._due.remove(entry)
            at_ms, fault = entry
            self._begin(fault)
            if fault.every_ms:
                missed = (elapsed_ms - at_ms) // fault.every_ms
                self._due.append((at_ms + (missed + 1) * fault.every_ms, fault))
        self._live = [live for live in self._live if not self._is_over(live)]

    def end_timed(self) -> None:
        """The replay has ended: what should last until a later moment of it ends now."""
        self._live = [live for live in self._live if live.until_ms is None]

    def take_disconnect(self) -> bool:
        """True once for each time that connections are to be cut."""
        wanted, self._disconnects = self._disconnects > 0, 0
        return wanted

    def is_on(self, kind: FaultKind) -> bool:
        """True while a lasting fault of that kind is happening."""
        return any(live.fault.kind is kind for live in self._live)

    @property
    def delay_ms(self) -> int:
        """How much later everything comes now."""
        return sum(live.fault.delay_ms for live in self._live if live.fault.kind is FaultKind.SLOW)

    def take(self, kind: FaultKind, symbol: str) -> Fault | None:
        """The fault that strikes this one message or order, if any; it is counted."""
        if not self._live:
            return None
        for live in self._live:
            fault = live.fault
            if fault.kind is kind and fault.symbol in ("", symbol) and live.left != 0:
                if live.left is not None:
                    live.left -= 1
                return fault
        return None

    def list_live(self) -> list[str]:
        """What is happening, in words."""
        return [write_fault(live.fault) for live in self._live]

    def list_planned(self) -> list[str]:
        """What is planned, in words."""
        return [write_fault(fault) for _, fault in sorted(self._due, key=lambda due: due[0])]

    def _begin(self, fault: Fault) -> None:
        if fault.kind in (FaultKind.DISCONNECT, FaultKind.DOWN):
            self._disconnects += 1
        if fault.kind is FaultKind.DISCONNECT:
            return
        until_ms = None if fault.for_ms is None else self._now_ms + fault.for_ms
        counted = fault.count is not None or (fault.for_ms is None and fault.kind not in LASTING)
        self._live.append(_Live(fault, (fault.count or 1) if counted else None, until_ms))

    def _is_over(self, live: _Live) -> bool:
        return live.left == 0 or (live.until_ms is not None and live.until_ms <= self._now_ms)


def parse_fault(text: str) -> Fault:
    """Read one fault. Raises BadInput that names what is wrong."""
    name, _, rest = text.strip().partition(":")
    try:
        fault = Fault(FaultKind(name))
    except ValueError:
        kinds = ", ".join(kind.value for kind in FaultKind)
        raise BadInput(f"There is no fault {name!r}.", hint=f"Faults are: {kinds}.") from None
    for part in filter(None, rest.split(",")):
        key, _, value = part.partition("=")
        fault = _set(fault, key.strip(), value.strip(), text)
    return fault


def _set(fault: Fault, key: str, value: str, text: str) -> Fault:
    try:
        match key:
            case "at":
                return replace(fault, at_ms=_parse_ms(value))
            case "every":
                return replace(fault, every_ms=max(1, _parse_ms(value)))
            case "for":
                return replace(fault, for_ms=_parse_ms(value))
            case "delay":
                return replace(fault, delay_ms=_parse_ms(value, unit_ms=1))
            case "count":
                return replace(fault, count=_parse_count(value))
            case "code":
                return replace(fault, code=int(value))
            case "symbol":
                return replace(fault, symbol=value.upper())
    except ValueError:
        raise BadInput(
            f"{key}={value} of the fault {text!r} cannot be read.",
            hint="Write times as 500ms, 30s or 2m, count as a whole number of 1 or more.",
        ) from None
    raise BadInput(
        f"A fault knows no {key!r}.",
        hint="It knows at, every, for, count, symbol, delay and code.",
    )


def _parse_ms(value: str, unit_ms: int = 1_000) -> int:
    """Milliseconds of `500ms`, `30s`, `2m`; a bare number is in `unit_ms`."""
    for suffix, factor in (("ms", 1), ("s", 1_000), ("m", 60_000)):
        if value.endswith(suffix):
            return _not_negative(value.removesuffix(suffix), factor)
    return _not_negative(value, unit_ms)


def _not_negative(value: str, factor: int) -> int:
    number = float(value)
    if not 0 <= number < 1e12:
        raise ValueError(value)
    return round(number * factor)


def _parse_count(value: str) -> int:
    count = int(value)
    if count < 1:
        raise ValueError(value)
    return count


def write_fault(fault: Fault) -> str:
    """The fault as it can be read again."""
    parts = {
        "at": fault.at_ms,
        "every": fault.every_ms,
        "for": fault.for_ms,
    }
    words = [f"{key}={value}ms" for key, value in parts.items() if value is not None]
    words += [f"count={fault.count}"] if fault.count is not None else []
    words += [f"symbol={fault.symbol}"] if fault.symbol else []
    words += [f"delay={fault.delay_ms}ms"] if fault.kind is FaultKind.SLOW else []
    words += [f"code={fault.code}"] if fault.kind is FaultKind.REFUSE_ORDERS else []
    return fault.kind.value + (":" + ",".join(words) if words else "")
