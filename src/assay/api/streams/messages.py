"""What readers say, and what they are answered: JSON texts. Pure; docs/streams.md describes them.

Whatever is said, the answer is a message or an `error` with a code; nothing said here can raise
anything but `Refusal`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from assay.api.streams.channels import CHANNELS, Channel

LONGEST_MESSAGE: Final = 16 * 1024
LONGEST_ID: Final = 64
MOST_PLACES: Final = 64
"""Subscriptions named in one `resume`."""
PAGE_BYTES: Final = 256 * 1024
"""A snapshot is cut into messages of about this size: clients limit what they take."""

CODES: Final[Mapping[str, str]] = {
    "malformed": "Send one JSON object as text, as docs/streams.md shows.",
    "too-large": f"Send at most {LONGEST_MESSAGE} bytes at a time.",
    "unknown-type": "Use auth, subscribe, unsubscribe, resume or ping.",
    "unknown-channel": f"Channels are {', '.join(CHANNELS)}.",
    "unknown-key": "Correct the key; docs/streams.md says what each channel's keys are.",
    "too-many-subscriptions": "Unsubscribe from something, or subscribe to a whole channel.",
    "too-many-connections": "Close one, or subscribe to more over one of them.",
    "unauthorized": "Send a key that stands: as a header, in `auth`, or buy a ticket with it.",
    "forbidden": "Use a key with that scope, of an account whose role allows it.",
    "rate-limited": "Wait, then connect again.",
    "not-ready": "Wait for /readyz to answer 200.",
    "ended": "Connect again with a key or session that stands.",
}
"""Every code of an error, and what to do."""

Id = str | int | None


class Refusal(Exception):
    """Why something is not done: one of `CODES` and a sentence."""

    def __init__(self, code: str, detail: str, request_id: Id = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """A channel, and the keys of it as they were written; None: all of it."""

    channel: Channel
    keys: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Auth:
    """Who asks, as the first message says it."""

    key: str
    request_id: Id = None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Hear a channel."""

    wanted: Wanted
    request_id: Id = None


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Hear it no more."""

    wanted: Wanted
    request_id: Id = None


@dataclass(frozen=True, slots=True)
class Resume:
    """Hear what came since `after`, and go on."""

    after: str
    wanted: tuple[Wanted, ...]
    request_id: Id = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Say that you are there."""

    request_id: Id = None


Command = Auth | Subscribe | Unsubscribe | Resume | Ping


def parse_command(text: str | bytes) -> Command:
    """What a reader says. Raises Refusal, with the message's `id` where that could be read."""
    if len(text) > LONGEST_MESSAGE:
        raise Refusal("too-large", f"The message is longer than {LONGEST_MESSAGE} bytes.")
    try:
        said = orjson.loads(text)
    except ValueError:
        raise Refusal("malformed", "The message is not JSON.") from None
    if not isinstance(said, dict):
        raise Refusal("malformed", "The message is not a JSON object.")
    request_id = _read_id(said)
    try:
        return _parse(said, request_id)
    except Refusal as refusal:
        refusal.request_id = request_id
        raise


def _parse(said: dict[str, Any], request_id: Id) -> Command:
    kind = said.get("type")
    if kind == "ping":
        _check_members(said)
        return Ping(request_id)
    if kind == "auth":
        _check_members(said, "key")
        return Auth(_read_text(said, "key", 512), request_id)
    if kind == "resume":
        _check_members(said, "after", "subscriptions")
        return Resume(_read_text(said, "after", 80), _read_places(said), request_id)
    if kind in ("subscribe", "unsubscribe"):
        _check_members(said, "channel", "keys")
        make = Subscribe if kind == "subscribe" else Unsubscribe
        return make(read_wanted(said.get("channel"), said.get("keys")), request_id)
    raise Refusal("unknown-type", f"There is no message of the type {_quote(kind)}.")


def read_wanted(channel: object, keys: object = None) -> Wanted:
    """A channel and its keys. Raises Refusal for what there is not."""
    known = CHANNELS.get(channel) if isinstance(channel, str) else None
    if known is None:
        raise Refusal("unknown-channel", f"There is no channel {_quote(channel)}.")
    if keys is None:
        return Wanted(known)
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
        raise Refusal("malformed", "`keys` is a list of texts, and not empty.")
    if known.is_private:
        raise Refusal("unknown-key", f"The channel {known.name} has no keys: leave them out.")
    for key in keys:
        if not known.key.fullmatch(key):
            raise Refusal(
                "unknown-key", f"{_quote(key)} is no key of {known.name}: it is {known.keys_are}."
            )
    return Wanted(known, tuple(dict.fromkeys(keys)))


def read_channels(text: str) -> tuple[Wanted, ...]:
    """Channels as a URL names them: `prices:BTC,prices:ETH,candles`. Raises Refusal."""
    named: dict[str, list[str] | None] = {}
    for part in text.split(","):
        channel, colon, key = part.strip().partition(":")
        keys = named.setdefault(channel, [])
        if not colon:
            named[channel] = None
        elif keys is not None:
            keys.append(key)
    return tuple(read_wanted(channel, keys) for channel, keys in named.items())


def _read_places(said: Mapping[str, Any]) -> tuple[Wanted, ...]:
    places = said.get("subscriptions")
    if not isinstance(places, list) or not 0 < len(places) <= MOST_PLACES:
        raise Refusal(
            "malformed", f"`subscriptions` is a list of 1 to {MOST_PLACES} channels with keys."
        )
    # A channel that is named twice is sent once: its snapshot may be large.
    found: dict[str, Wanted] = {}
    for place in places:
        if not isinstance(place, dict):
            raise Refusal("malformed", "Each of `subscriptions` is an object.")
        _check_members(place, "channel", "keys")
        wanted = read_wanted(place.get("channel"), place.get("keys"))
        name = wanted.channel.name
        found[name] = _join(found[name], wanted) if name in found else wanted
    return tuple(found.values())


def _join(one: Wanted, other: Wanted) -> Wanted:
    """What both ask for of a channel."""
    if one.keys is None or other.keys is None:
        return Wanted(one.channel)
    return Wanted(one.channel, tuple(dict.fromkeys(one.keys + other.keys)))


def _check_members(said: Mapping[str, Any], *names: str) -> None:
    unknown = sorted(said.keys() - {"type", "id", *names})
    if unknown:
        raise Refusal("malformed", f"The message has no member {_quote(unknown[0])}.")


def _read_text(said: Mapping[str, Any], name: str, longest: int) -> str:
    value = said.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise Refusal("malformed", f"`{name}` is a text of at most {longest} characters.")
    return value


def _read_id(said: Mapping[str, Any]) -> Id:
    value = said.get("id")
    if isinstance(value, str) and len(value) <= LONGEST_ID:
        return value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _quote(value: object) -> str:
    """What was sent, short enough to be repeated."""
    return repr(value)[:60] if isinstance(value, str) else "that is not a text"


def write_answer(kind: str, request_id: Id = None, /, **members: object) -> bytes:
    """A message to one reader."""
    said: dict[str, object] = {"type": kind}
    if request_id is not None:
        said["id"] = request_id
    return orjson.dumps(said | members, option=orjson.OPT_UTC_Z)


def write_error(refusal: Refusal) -> bytes:
    """An error: what is wrong and what to do."""
    return write_answer(
        "error",
        refusal.request_id,
        code=refusal.code,
        detail=refusal.detail,
        hint=CODES[refusal.code],
    )


def write_snapshot(
    channel: str, seq: int, rows: Sequence[tuple[str, int, int, bytes]]
) -> list[bytes]:
    """The messages of a snapshot; a row is (key, seq, age in ms, payload). At least one."""
    written = [
        b'{"key":%b,"seq":%d,"age_ms":%d,"data":%b}' % (orjson.dumps(key), number, age, payload)
        for key, number, age, payload in rows
    ]
    pages: list[list[bytes]] = [[]]
    size = 0
    for row in written:
        if pages[-1] and size + len(row) > PAGE_BYTES:
            pages.append([])
            size = 0
        pages[-1].append(row)
        size += len(row)
    return [
        b'{"type":"snapshot","channel":"%b","seq":%d,"more":%b,"rows":[%b]}'
        % (channel.encode(), seq, b"true" if number < len(pages) else b"false", b",".join(page))
        for number, page in enumerate(pages, 1)
    ]
