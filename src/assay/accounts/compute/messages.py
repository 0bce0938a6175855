"""Sign-In with Ethereum messages (EIP-4361): write one, read one strictly, check what it says.

The reader accepts exactly the grammar of the EIP and nothing near it: what a wallet shows to its
holder and what we understand must be the same text.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from assay.kit.errors import BadInput, SignInFailed
from assay.kit.moments import format_utc

MAX_LENGTH = 2_000
CLOCK_SKEW = timedelta(seconds=60)
LONGEST_AGE = timedelta(minutes=5)

_UNRESERVED = r"A-Za-z0-9\-._~"
_SUB = r"!$&'()*+,;="
_ESCAPED = r"%[0-9A-Fa-f]{2}"
_HEADER = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?"
    rf"(?P<domain>(?:[{_UNRESERVED}{_SUB}]|{_ESCAPED}|\[[0-9A-Fa-f:.]+\])+(?::[0-9]{{1,5}})?)"
    r" wants you to sign in with your Ethereum account:"
)
_ADDRESS = re.compile(r"0x[0-9A-Fa-f]{40}")
_STATEMENT = re.compile(rf"[{_UNRESERVED}:/?#\[\]@{_SUB} ]+")
_URI = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?:[{_UNRESERVED}{_SUB}:/?#\[\]@]|{_ESCAPED})+")
_NONCE = re.compile(r"[A-Za-z0-9]{8,}")
_CHAIN = re.compile(r"[0-9]{1,18}")
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
)
_AFTER_ORIGIN = ("", "/", "?", "#")
_REQUEST = re.compile(rf"(?:[{_UNRESERVED}{_SUB}:@]|{_ESCAPED})*")


@dataclass(frozen=True, slots=True)
class Message:
    """What an EIP-4361 message says; moments as they were written."""

    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: str
    statement: str | None = None
    scheme: str | None = None
    version: str = "1"
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a message has to say to be taken; the nonce is checked by using it up."""

    domain: str
    scheme: str
    chain_id: int
    statement: str
    now: datetime


def write_message(message: Message) -> str:
    """The text that a wallet signs."""
    scheme = "" if message.scheme is None else f"{message.scheme}://"
    lines = [
        f"{scheme}{message.domain} wants you to sign in with your Ethereum account:",
        message.address,
        "",
        *(() if message.statement is None else (message.statement,)),
        "",
        f"URI: {message.uri}",
        f"Version: {message.version}",
        f"Chain ID: {message.chain_id}",
        f"Nonce: {message.nonce}",
        f"Issued At: {message.issued_at}",
    ]
    optional = (
        ("Expiration Time", message.expiration_time),
        ("Not Before", message.not_before),
        ("Request ID", message.request_id),
    )
    lines += [f"{name}: {value}" for name, value in optional if value is not None]
    if message.resources is not None:
        lines += ["Resources:", *(f"- {uri}" for uri in message.resources)]
    return "\n".join(lines)


def parse_message(text: str) -> Message:
    """Read a message. Raises BadInput that names the first line that breaks the grammar."""
    if len(text) > MAX_LENGTH:
        raise BadInput(f"The message is longer than {MAX_LENGTH} characters.")
    lines = _Lines(text.split("\n"))
    header = lines.take(_HEADER, "the line that names the domain")
    address = lines.take(_ADDRESS, "an address")[0]
    lines.take_empty()
    statement = None
    if lines.next != "":
        statement = lines.take(_STATEMENT, "a statement in printable ASCII")[0]
    lines.take_empty()
    message = Message(
        scheme=header["scheme"],
        domain=header["domain"],
        address=address,
        statement=statement,
        uri=lines.take_field("URI", _URI),
        version=lines.take_field("Version", re.compile("1")),
        chain_id=int(lines.take_field("Chain ID", _CHAIN)),
        nonce=lines.take_field("Nonce", _NONCE),
        issued_at=lines.take_field("Issued At", _MOMENT),
        expiration_time=lines.take_optional("Expiration Time", _MOMENT),
        not_before=lines.take_optional("Not Before", _MOMENT),
        request_id=lines.take_optional("Request ID", _REQUEST),
        resources=lines.take_resources(),
    )
    if lines.next is not None or write_message(message) != text:
        raise BadInput("The message has more lines than EIP-4361 knows, or in another order.")
    return message


def check_message(message: Message, expected: Expected) -> None:
    """Whether a message was meant for us, now. Raises SignInFailed that says what is wrong."""
    if message.domain != expected.domain or message.scheme not in (None, expected.scheme):
        raise _refuse("is meant for another domain")
    origin = f"{expected.scheme}://{expected.domain}"
    # What follows must end the authority: `http://our.host@their.host` does not.
    if not message.uri.startswith(origin) or message.uri[len(origin) :][:1] not in _AFTER_ORIGIN:
        raise _refuse("is meant for another address")
    if message.chain_id != expected.chain_id:
        raise _refuse("names another chain than the nonce was asked for")
    if message.statement != expected.statement:
        raise _refuse("says something else than it was asked to say")
    issued = parse_moment(message.issued_at)
    if not expected.now - LONGEST_AGE - CLOCK_SKEW <= issued <= expected.now + CLOCK_SKEW:
        raise _refuse("was not issued within the last five minutes")
    if message.expiration_time and parse_moment(message.expiration_time) <= expected.now:
        raise _refuse("has expired")
    if message.not_before and parse_moment(message.not_before) > expected.now:
        raise _refuse("does not hold yet")


def parse_moment(text: str) -> datetime:
    """An RFC 3339 moment of the message. Raises BadInput for one that does not exist."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"The message names a moment that does not exist: {text}.") from None


def create_message(
    expected: Expected, *, address: str, nonce: str, expires_at: datetime
) -> Message:
    """The message that we ask a wallet to sign."""
    return Message(
        domain=expected.domain,
        address=address,
        uri=f"{expected.scheme}://{expected.domain}/v1/session/wallet",
        chain_id=expected.chain_id,
        nonce=nonce,
        issued_at=format_utc(expected.now),
        statement=expected.statement,
        expiration_time=format_utc(expires_at),
    )


class _Lines:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0

    @property
    def next(self) -> str | None:
        return self._lines[self._at] if self._at < len(self._lines) else None

    def take(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        read = pattern.fullmatch(self.next or "")
        if read is None:
            raise BadInput(f"Line {self._at + 1} of the message is not {what} as in EIP-4361.")
        self._at += 1
        return read

    def take_empty(self) -> None:
        if self.next != "":
            raise BadInput(f"Line {self._at + 1} of the message is not empty as in EIP-4361.")
        self._at += 1

    def take_field(self, name: str, pattern: re.Pattern[str]) -> str:
        read = re.compile(rf"{name}: ({pattern.pattern})", pattern.flags)
        return self.take(read, f"`{name}`")[1]

    def take_optional(self, name: str, pattern: re.Pattern[str]) -> str | None:
        if self.next is None or not self.next.startswith(f"{name}: "):
            return None
        return self.take_field(name, pattern)

    def take_resources(self) -> tuple[str, ...] | None:
        if self.next != "Resources:":
            return None
        self._at += 1
        found = []
        while self.next is not None:
            read = re.compile(rf"- ({_URI.pattern})")
            found.append(self.take(read, "a resource")[1])
        return tuple(found)


def _refuse(reason: str) -> SignInFailed:
    return SignInFailed(
        f"The signed message {reason}.", hint="Ask for a new nonce and sign its message unchanged."
    )
