"""One reader of streams, whatever it reads over: what it asks for, and what it is answered."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from assay.accounts.types import Principal
from assay.api.streams.channels import CHANNELS, Channel
from assay.api.streams.hub import Hub
from assay.api.streams.messages import (
    Command,
    Id,
    Ping,
    Refusal,
    Resume,
    Subscribe,
    Unsubscribe,
    Wanted,
    write_answer,
)
from assay.api.streams.updates import Update
from assay.kit.errors import NotFound

if TYPE_CHECKING:
    from assay.api.state import ApiState

LARGEST: int = 20_000
"""Subscriptions of one reader where the plan sets no limit."""


class Reader:
    """What WebSocket and event stream share. Who derives it sends: updates and answers in order."""

    def __init__(self, hub: Hub, principal: Principal, ref: bytes = b"") -> None:
        self.hub = hub
        self.ref = ref
        self.subscriptions: dict[str, set[str] | None] = {}
        self.adopt(principal)

    def adopt(self, principal: Principal) -> None:
        """Take over what the account may do now; what it may not hear any more ends."""
        self.principal = principal
        self.account_id: str = principal.account_id
        most = principal.plan.stream_subscriptions
        self.most = LARGEST if most is None else most
        for name in list(self.subscriptions):
            if not principal.may(CHANNELS[name].verb):
                self.unsubscribe(Wanted(CHANNELS[name]))

    def deliver(self, update: Update) -> None:
        """Send an update or keep it for later."""
        raise NotImplementedError

    def answer(self, message: bytes) -> None:
        """Send an answer, after all that was sent before."""
        raise NotImplementedError

    def end(self, code: str, detail: str) -> None:
        """Say why and close."""
        raise NotImplementedError

    @property
    def count(self) -> int:
        """Subscriptions; a whole channel is one."""
        return sum(1 if keys is None else len(keys) for keys in self.subscriptions.values())

    def handle(self, command: Command, resolve: "Callable[[Wanted], Wanted]") -> None:
        """Do what a reader says; `resolve` makes keys of what it called them. Raises Refusal."""
        if isinstance(command, Subscribe):
            self.subscribe([resolve(command.wanted)], command.request_id)
        elif isinstance(command, Unsubscribe):
            self.unsubscribe(resolve(command.wanted), command.request_id)
        elif isinstance(command, Resume):
            wanted = [resolve(place) for place in command.wanted]
            self.resume(command.after, wanted, command.request_id)
        elif isinstance(command, Ping):
            self.answer(write_answer("pong", command.request_id, seq=self.hub.seq))
        else:
            raise Refusal("unknown-type", "Who asks is known already.")

    def subscribe(self, wanted: Iterable[Wanted], request_id: Id = None) -> None:
        """Answer what is heard from now on and what stands. Raises Refusal, and then does nothing
        of it.
        """
        places = list(wanted)
        self._check(places)
        for place in places:
            self.hub.add(self, place.channel, place.keys)
            self._tell("subscribed", place, request_id)
        for place in places:
            for message in self.hub.snapshot(place):
                self.answer(message)

    def unsubscribe(self, wanted: Wanted, request_id: Id = None) -> None:
        """Hear it no more; answers what is still heard of the channel."""
        self.hub.remove(self, wanted.channel, wanted.keys)
        self._tell("unsubscribed", wanted, request_id)

    def resume(self, after: str, wanted: Iterable[Wanted], request_id: Id = None) -> None:
        """Send what was missed since a place; a snapshot of what cannot be made up for."""
        places = list(wanted)
        self._check(places)
        seq = self.hub.read_place(after)
        lost: list[Wanted] = []
        missed: list[Update] = []
        for place in places:
            found = None if seq is None else self.hub.missed(seq, place)
            if found is None:
                lost.append(place)
            else:
                missed += found
            self.hub.add(self, place.channel, place.keys)
        reason = None
        if seq is None:
            reason = "The place is not one of this process: it was started anew, or is another."
        elif lost:
            reason = "More was sent since then than is kept."
        self.answer(
            write_answer(
                "resumed",
                request_id,
                complete=not lost,
                replayed=len(missed),
                snapshots=[place.channel.name for place in lost],
                reason=reason,
                epoch=self.hub.epoch,
                seq=self.hub.seq,
            )
        )
        for update in sorted(missed, key=attrgetter("seq")):
            self.deliver(update)
        for place in lost:
            for message in self.hub.snapshot(place):
                self.answer(message)

    def _check(self, places: Iterable[Wanted]) -> None:
        more = 0
        for place in places:
            verb = place.channel.verb
            if not self.principal.may(verb):
                raise Refusal("forbidden", f"{place.channel.name} needs the scope `{verb}`.")
            held = self.subscriptions.get(place.channel.name, set())
            if held is not None:
                more += 1 - len(held) if place.keys is None else len(set(place.keys) - held)
        if self.count + more > self.most:
            raise Refusal(
                "too-many-subscriptions",
                f"{self.count} subscriptions and {more} more exceed {self.most}.",
            )

    def _tell(self, kind: str, place: Wanted, request_id: Id) -> None:
        held = self.subscriptions.get(place.channel.name, set())
        self.answer(
            write_answer(
                kind,
                request_id,
                channel=place.channel.name,
                keys=None if held is None or place.channel.is_private else sorted(held),
                epoch=self.hub.epoch,
                seq=self.hub.seq,
            )
        )


@dataclass(frozen=True, slots=True)
class Resolver:
    """Makes keys of what readers call them: a symbol is the token that bears it now, and a private
    channel is the account's own.
    """

    state: "ApiState"
    account_id: str

    def __call__(self, wanted: Wanted) -> Wanted:
        """The keys that updates have. Raises Refusal."""
        channel = wanted.channel
        if channel.is_private:
            return Wanted(channel, (self.account_id,))
        if wanted.keys is None or not channel.names_token:
            return wanted
        return Wanted(channel, tuple(dict.fromkeys(self._find(channel, k) for k in wanted.keys)))

    def _find(self, channel: Channel, key: str) -> str:
        name, slash, interval = key.partition("/")
        facts = self.state.world.facts
        if facts is None:
            if name.isdecimal():
                return key
            raise Refusal("not-ready", "Symbols are read once the first load is over; ids work.")
        try:
            if name.isdecimal():
                token_id = int(facts.registry.record(int(name)).token_id)
            else:
                token_id = int(facts.registry.resolve(name).token_id)
        except NotFound as error:
            raise Refusal("unknown-key", error.message) from None
        return f"{token_id}{slash}{interval}"
