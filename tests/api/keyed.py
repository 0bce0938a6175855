"""A keyed application with an account, keys and a clock that tests move."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.api.asking import HOST, Answer, ask_async
from tests.api.world import World, make_world

from assay import accounts
from assay.accounts.types import KeyRecord, Role, Verb
from assay.kit.clock import Clock

OPENED = datetime(2023, 12, 30, 12, tzinfo=UTC)
EVERYTHING = frozenset(Verb)
Header = tuple[bytes, bytes]


@dataclass
class MovingClock:
    """A clock that tests set; it stands still between."""

    at: datetime = OPENED
    is_replay: bool = False

    def now(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Keyed:
    """A keyed world and the keys of its people, by name."""

    world: World
    clock: Any
    ids: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def app(self) -> Any:
        return self.world.app

    def add_account(self, name: str, role: Role = Role.USER, plan: str | None = None) -> str:
        """An account with an e-mail; returns its id."""
        database = self.world.database
        email, password = f"{name}@example.org", "correct horse battery staple"
        account = accounts.create_account(
            database, self.clock, email=email, password=password, role=role
        )
        if plan is not None:
            accounts.change_account(database, self.clock, account.account_id, plan=plan)
        self.ids[name] = account.account_id
        return account.account_id

    def add_key(
        self, name: str, account: str, scopes: Iterable[Verb] = EVERYTHING, **options: Any
    ) -> KeyRecord:
        """A key called `name` of the account called `account`."""
        record, self.keys[name] = accounts.create_key(
            self.world.database, self.clock, self.ids[account], name=name, scopes=scopes, **options
        )
        return record

    def show(self, name: str) -> Header:
        """The header that shows a key."""
        return (b"x-api-key", self.keys[name].encode())

    async def ask(
        self,
        target: str,
        key: str | None = None,
        headers: Iterable[Header] = (),
        method: str = "GET",
        host: Iterable[Header] = (HOST,),
        body: bytes = b"",
    ) -> Answer:
        """One request, with the key of that name."""
        shown = [self.show(key)] if key else []
        return await ask_async(self.app, target, [*shown, *headers], method, host, body)


def make_keyed(
    path: Path, *, owner: bool = True, clock: Clock | None = None, **options: Any
) -> Keyed:
    """A keyed world; with `owner` it has an owner's account and key called `owner`."""
    moving = clock or MovingClock()
    keyed = Keyed(make_world(path, clock=moving, keys=True, **options), moving)
    if owner:
        home = keyed.app.state.home
        found = accounts.ensure_owner(home, keyed.world.database, moving)
        assert found is not None
        keyed.keys["owner"] = found.read_text().strip()
    return keyed
