"""The circuit breaker against a model of it, over any order of calls, results and waiting."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from assay.kit.upstream import Breaker, State
from assay.kit.upstream.breaker import Admitted

LIMIT, OPEN_S = 3, 30.0


class Model(RuleBasedStateMachine):
    """What must hold whatever happens; `now` is the time of the breaker."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.breaker = Breaker(LIMIT, OPEN_S, lambda: self.now)
        self.opened_at: float | None = None
        self.trial: Admitted | None = None
        self.current: set[int] = set()
        self.failures = 0

    # Seconds that add up without rounding: model and breaker compare sums of them.
    @rule(seconds=st.sampled_from([0.5, 10.0, 29.5, 30.0, 100.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=calls)
    def admit(self) -> Admitted | None:
        admitted = self.breaker.admit()
        if self.opened_at is None:
            assert admitted is not None
        elif self.trial is not None or self.now - self.opened_at < OPEN_S:
            assert admitted is None, "one trial at a time, and none before the time is over"
        else:
            assert admitted is not None
            self.trial = admitted
            self.current.clear()
        if admitted is not None:
            self.current.add(id(admitted))
        return admitted

    @rule(call=consumes(calls))
    def succeed(self, call: Admitted | None) -> None:
        if call is None:
            return
        call.succeed()
        if id(call) in self.current:
            if self.opened_at is not None:
                self.current.clear()
            self.opened_at, self.trial, self.failures = None, None, 0

    @rule(call=consumes(calls))
    def fail(self, call: Admitted | None) -> None:
        if call is None:
            return
        call.fail()
        if id(call) not in self.current:
            return
        self.failures += 1
        if self.trial is not None or self.failures >= LIMIT:
            self.opened_at, self.trial = self.now, None
            self.current.clear()

    @rule(call=consumes(calls))
    def abandon(self, call: Admitted | None) -> None:
        if call is None:
            return
        call.abandon()
        if id(call) in self.current and call is self.trial:
            self.trial = None

    @invariant()
    def its_state_is_the_models(self) -> None:
        if self.opened_at is None:
            assert self.breaker.state is State.CLOSED
        elif self.now - self.opened_at < OPEN_S:
            assert self.breaker.state is State.OPEN
        else:
            assert self.breaker.state is State.HALF_OPEN


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def test_a_day_in_its_life() -> None:
    now = [0.0]
    breaker = Breaker(2, 10.0, lambda: now[0])
    for _ in range(2):
        call = breaker.admit()
        assert call is not None
        call.fail()
    assert (breaker.state, breaker.admit()) == (State.OPEN, None)
    now[0] = 10.0
    trial = breaker.admit()
    assert trial is not None
    assert (breaker.state, breaker.admit()) == (State.HALF_OPEN, None)
    trial.succeed()
    assert breaker.state is State.CLOSED
