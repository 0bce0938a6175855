"""Delivering what is due: one deliverer among all processes, one message at a time in each lane.

Between the moment a channel accepts a message and our commit of that, a kill leaves the message
due: it is sent again, with the same id. Nothing can close that gap, so it is kept as narrow as one
message: a lane sends one, commits what became of it together with taking the next, and only then
sends that. There are two lanes. The prompt one serves channels that answer within a second; the
others wait for each other in the slow one. So one kill repeats at most one message to prompt
channels and at most one to slow ones, and none is lost: what is due stays due until a commit says
otherwise.
"""

import logging
import secrets
import threading
import time
from datetime import datetime, timedelta

from assay.alerts.compute.patience import (
    PROMPT_S,
    compute_wait_s,
    is_given_up,
    is_prompt_after,
)
from assay.alerts.service.channels import open_reach
from assay.alerts.service.vault import Vault
from assay.alerts.sources.dialling import Reach
from assay.alerts.sources.sending import Courier
from assay.alerts.store import lanes
from assay.alerts.store.lanes import Settled, Work
from assay.alerts.types import Verdict
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError
from assay.kit.leases import Lease, LeaseLost
from assay.kit.settings import Settings

LEASE = "alerts.deliverer"
LEASE_S = 10.0
"""How long after a kill another deliverer goes on; it is renewed three times as often."""
ASK_S = 1.0
"""How often one that does not deliver asks whether it is its turn."""
POLL_S = 0.25
"""How soon a lane sees what another process made due; within one, `wake` tells it at once."""
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 10.0
STOP_S = 20.0
LAST_TRIES = 5
log = logging.getLogger("assay.alerts")


class Deliverer:
    """Sends what is due while it runs. Several may run, in any processes: one of them delivers."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        *,
        reach: Reach | None = None,
        prompt_s: float = PROMPT_S,
        lease_s: float = LEASE_S,
    ) -> None:
        self._database = database
        self._clock = clock
        self._reach = reach or open_reach(settings)
        self._lease = Lease(database, clock, LEASE, lease_s)
        self._renew_s = lease_s / 3
        self._prompt_s = prompt_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lanes: list[_Lane] = []

    def start(self) -> None:
        """Begin to deliver, in threads of its own."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="assay-deliverer", daemon=True)
        self._thread.start()

    def stop(self, wait_s: float = STOP_S) -> None:
        """End what is being sent, write down what became of it, leave the rest to the next one."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(wait_s)
            self._thread = None

    def wake(self) -> None:
        """Say that something became due; any thread may."""
        for lane in self._lanes:
            lane.bell.set()

    @property
    def is_delivering(self) -> bool:
        """True while this is the one that delivers."""
        return bool(self._lanes)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._keep()
            except AssayError as error:
                # Lanes check the lease whenever they write: going on is safe until they lose it.
                log.warning("the deliverer goes on as it is: %s", error)
            except Exception:  # last resort: a failed look may not end the delivering
                log.exception("the deliverer goes on as it is")
            self._stopping.wait(self._renew_s if self._lanes else min(ASK_S, self._renew_s))
        self._close_lanes()
        try:
            self._lease.let_go()
        except AssayError as error:
            log.warning("the lease of the deliverer runs out by itself: %s", error)

    def _keep(self) -> None:
        """Renew the lease, and deliver exactly while it is held."""
        if not self._lease.hold() or not all(lane.is_alive() for lane in self._lanes):
            self._close_lanes()
            return
        # Of ourselves too, where no lane runs: one may have failed to write what it knew.
        but = self._lease.holder if self._lanes else None
        with self._database.read() as connection:
            is_interrupted = lanes.is_interrupted(connection, but)
        if is_interrupted:
            with self._database.write() as connection:
                self._lease.check(connection)
                count = lanes.recover(connection, self._clock.now(), but)
            log.warning("%d deliveries were interrupted; they are sent again", count)
        if not self._lanes:
            self._lanes = [self._open_lane(is_prompt=True), self._open_lane(is_prompt=False)]

    def _open_lane(self, *, is_prompt: bool) -> "_Lane":
        sender = _Sender(self._database, self._clock, self._reach, self._prompt_s)
        lane = _Lane(self._database, self._clock, self._lease, sender, is_prompt=is_prompt)
        lane.start()
        return lane

    def _close_lanes(self) -> None:
        for lane in self._lanes:
            lane.is_ending.set()
            lane.bell.set()
        for lane in self._lanes:
            lane.join()
        self._lanes = []


class _Lane(threading.Thread):
    """Sends one message after the other. What one came to is committed before the next is sent."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        lease: Lease,
        sender: "_Sender",
        *,
        is_prompt: bool,
    ) -> None:
        super().__init__(name=f"assay-deliverer-{'prompt' if is_prompt else 'slow'}", daemon=True)
        self.bell = threading.Event()
        self.is_ending = threading.Event()
        self._database = database
        self._clock = clock
        self._lease = lease
        self._sender = sender
        self._is_prompt = is_prompt
        self._last_account = ""

    def run(self) -> None:
        """Send what is due until told to end."""
        settled: Settled | None = None
        with Courier(self._clock, self._sender.reach) as courier:
            while not self.is_ending.is_set() or settled is not None:
                work = self._turn(settled)
                settled = None if work is None else self._sender.send(courier, work)
                if work is None:
                    self.bell.wait(POLL_S)
                    self.bell.clear()

    def _turn(self, settled: Settled | None) -> Work | None:
        """Write what the last one came to and take the next, in one commit. What a channel has
        accepted is known here alone until then, so this tries until the database takes it.
        """
        pause_s, tries = FIRST_PAUSE_S, 0
        while True:
            try:
                return self._commit(settled)
            except LeaseLost:
                if settled is not None:
                    log.warning("another deliverer went on; a message may have been sent twice")
                return None
            except AssayError as error:
                log.warning("the outbox could not be written: %s", error)
            except Exception:  # last resort: neither may a lane end, nor what it knows be lost
                log.exception("the outbox could not be written")
            tries += 1
            if settled is None or (self.is_ending.is_set() and tries >= LAST_TRIES):
                return None
            self.is_ending.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _commit(self, settled: Settled | None) -> Work | None:
        now = self._clock.now()
        is_ending = self.is_ending.is_set()
        if settled is None:
            # Looking is free; a turn to write is not.
            with self._database.read() as connection:
                if is_ending or not lanes.is_waiting(connection, now, is_prompt=self._is_prompt):
                    return None
        with self._database.write() as connection:
            self._lease.check(connection)
            if settled is not None:
                lanes.settle(connection, settled)
            if is_ending:
                return None
            work = lanes.take(
                connection,
                now,
                self._lease.holder,
                is_prompt=self._is_prompt,
                after=self._last_account,
            )
        if work is not None:
            self._last_account = work.channel.account_id
        return work


class _Sender:
    """Sends what was taken, and says what follows from how that went."""

    def __init__(self, database: Database, clock: Clock, reach: Reach, prompt_s: float) -> None:
        self.reach = reach
        self._clock = clock
        self._vault = Vault(database)
        self._prompt_s = prompt_s

    def send(self, courier: Courier, work: Work) -> Settled:
        """Send a message once."""
        began_s = time.monotonic()
        channel = work.channel
        try:
            target, key = self._vault.open(channel.account_id, channel.channel_id, work.sealed)
        except AssayError as error:
            log.error("a channel cannot be sent to: %s", error)  # noqa: TRY400 - no fault of ours
            verdict = Verdict(False, "This installation cannot read the channel's address.")
        else:
            verdict = courier.send(target, key, work.message)
        is_prompt = is_prompt_after(
            channel, verdict, time.monotonic() - began_s, prompt_s=self._prompt_s
        )
        return self._judge(work, verdict, self._clock.now(), is_prompt=is_prompt)

    @staticmethod
    def _judge(work: Work, verdict: Verdict, now: datetime, *, is_prompt: bool) -> Settled:
        """What follows: nothing, another try, or the end of trying."""
        next_at = held_until = None
        if not verdict.is_accepted:
            wait_s = compute_wait_s(work.attempt, verdict.retry_after_s, _draw())
            is_over = verdict.is_final or is_given_up(work.attempt, work.due_at, now)
            next_at = None if is_over else now + timedelta(seconds=wait_s)
            if verdict.is_channels:
                failures = work.channel.failures + 1
                held_s = compute_wait_s(failures, verdict.retry_after_s, _draw())
                held_until = now + timedelta(seconds=held_s)
        return Settled(work, verdict, now, is_prompt, next_at, held_until)


def _draw() -> float:
    return secrets.randbelow(1_000_001) / 1e6
