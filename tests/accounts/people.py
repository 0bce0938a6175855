"""What the tests of people share: a clock that is set, quick hashing, a way to sign in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

from assay import accounts
from assay.accounts.types import Account, Caller, Role, SignedIn
from assay.kit.clock import Clock
from assay.kit.database import Database
from assay.kit.errors import AssayError

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EMAIL, PASSWORD = "ada@example.org", "four random words here"
HOME = Caller("198.51.100.7", "Firefox/140")
ELSEWHERE = Caller("203.0.113.9", "curl/8")
QUICK = accounts.Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class SetClock:
    """A clock that moves when a test says so."""

    at: datetime = NOON
    is_replay: bool = False

    def now(self) -> datetime:
        return self.at

    def wait(self, **parts: float) -> None:
        self.at += timedelta(**parts)


@dataclass
class Desk:
    """One installation, asked as a browser would."""

    database: Database
    clock: SetClock = field(default_factory=SetClock)

    def create(
        self, email: str | None = EMAIL, role: Role = Role.USER, password: str | None = PASSWORD
    ) -> Account:
        return accounts.create_account(
            self.database, self.clock, email=email, password=password, role=role, passwords=QUICK
        )

    def sign_in(
        self,
        password: str = PASSWORD,
        *,
        email: str = EMAIL,
        caller: Caller = HOME,
        device: str = "",
    ) -> SignedIn:
        return accounts.sign_in_with_password(
            self.database,
            self.clock,
            email=email,
            password=password,
            caller=caller,
            device=device,
            passwords=QUICK,
        )

    def fail(self, *, email: str = EMAIL, caller: Caller = HOME, device: str = "") -> AssayError:
        """The refusal of a wrong password."""
        try:
            self.sign_in("a wrong password", email=email, caller=caller, device=device)
        except AssayError as error:
            return error
        raise AssertionError("a wrong password signed in")

    def refresh(self, token: str, caller: Caller = HOME) -> SignedIn:
        return accounts.refresh_session(self.database, self.clock, token, caller)

    def is_alive(self, access: str) -> bool:
        return accounts.find_session(self.database, access, self.clock.now()) is not None


def as_clock(clock: SetClock) -> Clock:
    """That it fits the port."""
    return clock
