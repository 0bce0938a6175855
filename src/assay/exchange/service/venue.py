"""One replay exchange: its engine, its account, its listeners and its faults, moved step by step.

Lives on one event loop; nothing here waits.
"""

import secrets
from collections.abc import Iterable, Sequence
from typing import Final

from assay.exchange.compute.engine import Engine
from assay.exchange.service.faults import Fault, FaultKind, Faults
from assay.exchange.service.hub import Hub, Listener
from assay.exchange.service.publishing import Publisher
from assay.exchange.service.signing import Keys
from assay.exchange.service.weights import Weights
from assay.exchange.shapes.events import write_user_event
from assay.exchange.types import (
    SCALE,
    STEP_MS,
    AccountPosition,
    Event,
    ExecutionReport,
    Options,
    Order,
    OrderRequest,
    Outcome,
    Pair,
    Recording,
    Refusal,
)
from assay.kit.clock import Clock
from assay.kit.errors import BadInput

ACCOUNT: Final = "replay"
OPENING: Final = {
    "USDT": 1_000_000 * SCALE,
    "BUSD": 1_000_000 * SCALE,
    "BTC": 10 * SCALE,
    "ETH": 100 * SCALE,
    "BNB": 1_000 * SCALE,
}
"""What the account begins with, of the assets that the exchange has."""


class Venue:
    """What every face of one exchange works on."""

    def __init__(
        self,
        recordings: Iterable[Recording],
        options: Options,
        clock: Clock,
        *,
        api_key: str | None = None,
        api_secret: str | None = None,
        start_ms: int | None = None,
        loop: bool = False,
        speed: float | str = 1.0,
        faults: Iterable[Fault] = (),
    ) -> None:
        self._recordings = list(recordings)
        self._start_ms = _check_start(self._recordings, start_ms)
        self._clock = clock
        self.options = options
        self.loops = loop
        self.speed = speed
        self.faults = Faults(faults)
        self.users: dict[Listener, list[int]] = {}
        self.keys = Keys(api_key, api_secret, (self.read_clock_ms, lambda: self.now_ms))
        self.hub = Hub(self._open_stream, self._close_stream)
        self.weights = Weights()
        self.elapsed_ms = 0
        self.late_ms = 0.0
        self._begin()

    def _begin(self) -> None:
        """Stand at the beginning, with the balances one begins with."""
        self.engine = Engine(self._recordings, self.options, self._start_ms)
        pairs = self.engine.pairs.values()
        assets = {pair.base for pair in pairs} | {pair.quote for pair in pairs}
        balances = {asset: OPENING.get(asset, 0) for asset in sorted(assets)}
        self.engine.open_account(ACCOUNT, balances)
        self.publisher = Publisher(self.engine, self.faults, self.hub.counts, self.hub.publish)

    def _open_stream(self, name: str) -> None:
        self.publisher.open(name)

    def _close_stream(self, name: str) -> None:
        self.publisher.close(name)

    def read_clock_ms(self) -> int:
        """The machine's own time, which clients sign with."""
        return int(self._clock.now().timestamp() * 1_000)

    @property
    def now_ms(self) -> int:
        """The moment of the replay."""
        return self.engine.now_ms

    @property
    def is_ended(self) -> bool:
        """True once the recording is over; the exchange stays as it was at its last moment."""
        return self.now_ms >= self.engine.end_ms

    @property
    def stands_still(self) -> bool:
        """True once time moves no more."""
        return self.is_ended and not self.loops

    @property
    def is_down(self) -> bool:
        """True while a fault takes the venue away."""
        return self.faults.is_on(FaultKind.DOWN)

    @property
    def delay_ms(self) -> int:
        """How much later answers come, half of it on either way; messages come half of it later."""
        return self.options.delay_ms + self.faults.delay_ms

    def step(self) -> None:
        """Move the replay by 100 ms and publish what happened in them."""
        if self.is_ended:
            if not self.loops:
                return
            self._rewind()
        events = self.engine.advance(min(self.now_ms + STEP_MS, self.engine.end_ms))
        self.elapsed_ms += STEP_MS
        self.faults.move_to(self.elapsed_ms)
        if self.stands_still:
            self.faults.end_timed()
        self._strike()
        if not self.faults.is_on(FaultKind.STALE):
            self.publisher.publish(events, self.now_ms)
        self._tell_users(events)

    def flush(self) -> None:
        """Hand over what was published, late where this venue is slow."""
        self.hub.flush(self.delay_ms / 2_000)

    def _strike(self) -> None:
        """Cut connections where a fault says so."""
        if self.faults.take_disconnect():
            self.hub.cut()

    def _rewind(self) -> None:
        """Begin anew: books and numbers start again, so that everybody has to connect again."""
        self.hub.cut()
        self._begin()

    def find_pair(self, symbol: str) -> Pair:
        """A pair by its name. Raises Refusal(-1121) if there is no such one."""
        pair = self.engine.pairs.get(symbol)
        if pair is None:
            raise Refusal(-1121, "Invalid symbol.")
        return pair

    def describe_replay(self) -> dict[str, object]:
        """What must be known of a venue that is none: what is recorded, what is made up."""
        return {
            "replay": True,
            "name": self.options.name,
            "speed": self.speed,
            "synthetic": ["depth", "trades inside a minute"],
            "recorded": "minute candles of Binance, 2022-11-08 22:31 to 2022-11-09 15:18 UTC",
            "ended": self.is_ended,
        }

    def add_fault(self, fault: Fault) -> None:
        """Let something go wrong, now or as planned. Raises BadInput for what would wait for a
        moment that does not come.
        """
        times = (fault.at_ms, fault.every_ms, fault.for_ms)
        if self.stands_still and any(time is not None for time in times):
            raise BadInput(
                "The recording is over: its time does not move any more.",
                hint="Leave out at, every and for, or start the exchange with --loop.",
            )
        self.faults.add(fault)
        self._strike()

    def place(self, request: OrderRequest) -> Outcome:
        """Submit an order of the account. Raises Refusal as Binance would, or as a fault says."""
        fault = self.faults.take(FaultKind.REFUSE_ORDERS, request.symbol)
        self.hub.counts.orders += 1
        if fault is not None:
            self.hub.counts.refused_orders += 1
            raise Refusal(fault.code, "This order was refused on demand.")
        return self._tell(self.engine.place(ACCOUNT, request))

    def loses_reply(self, symbol: str) -> bool:
        """True if a fault keeps the answer to the order that was just taken."""
        is_lost = self.faults.take(FaultKind.LOSE_REPLIES, symbol) is not None
        self.hub.counts.lost_replies += is_lost
        return is_lost

    def cancel(self, symbol: str, order_id: int | None, client_id: str, cancel_id: str) -> Outcome:
        """Cancel an order of the account. Raises Refusal(-2011)."""
        return self._tell(self.engine.cancel(ACCOUNT, symbol, order_id, client_id, cancel_id))

    def cancel_all(self, symbol: str) -> Sequence[Order]:
        """Cancel every open order of a pair. Raises Refusal(-2011)."""
        outcomes = self.engine.cancel_all(ACCOUNT, symbol)
        return [self._tell(outcome).order for outcome in outcomes]

    def _tell(self, outcome: Outcome) -> Outcome:
        self._tell_users(outcome.events)
        return outcome

    def _tell_users(self, events: Iterable[Event]) -> None:
        if not self.users:
            return
        for event in events:
            if not isinstance(event, ExecutionReport | AccountPosition):
                continue
            payload = write_user_event(event)
            for listener, numbers in self.users.items():
                for number in numbers:
                    framed = b'{"subscriptionId":%d,"event":%b}' % (number, payload)
                    self.hub.send(listener, framed)
            self.hub.counts.messages += 1

    def forget(self, listener: Listener) -> None:
        """A connection is gone."""
        self.users.pop(listener, None)
        self.hub.remove(listener)


def _check_start(recordings: Sequence[Recording], start_ms: int | None) -> int | None:
    """Where the replay is to begin. Raises BadInput for a moment that was not recorded."""
    if start_ms is None:
        return None
    first_ms = min(int(recording.open_ms[0]) for recording in recordings)
    last_ms = max(int(recording.open_ms[-1]) for recording in recordings)
    if not first_ms <= start_ms <= last_ms or start_ms % STEP_MS:
        raise BadInput(
            f"The replay cannot begin at {start_ms}.",
            hint=f"Give milliseconds from {first_ms} to {last_ms}, a multiple of {STEP_MS}.",
        )
    return start_ms


def name_cancel() -> str:
    """A client order id for a cancellation that brought none."""
    return secrets.token_hex(11)
