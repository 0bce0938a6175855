"""Numbers and rows as messages may hold them; numbers are checked while they are decoded, in C.

Venues write most numbers as strings; the decoders read both, and refuse NaN, infinities, negative
sizes and times before 1970 or after 2100. Pure.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeVar

from msgspec import Meta, Raw, Struct, ValidationError, convert
from msgspec.json import Decoder

from assay.feeds.types import Instrument

Message = TypeVar("Message", bound=Struct)

Price = Annotated[float, Meta(gt=0, lt=1e15)]
"""Units of the quote for one of the base."""
Amount = Annotated[float, Meta(gt=0, lt=1e20)]
"""What was traded."""
Volume = Annotated[float, Meta(ge=0, lt=1e24)]
"""What was traded in some time; also a price that a venue may leave at 0."""
Millis = Annotated[int, Meta(gt=0, lt=4_102_444_800_000)]
"""Milliseconds since 1970."""
Count = Annotated[int, Meta(ge=0, lt=2**62)]
"""Numbers of messages, trades and changes."""
Digits = Annotated[str, Meta(min_length=1, max_length=40)]
"""A number of a book as the venue wrote it; the book reads it digit by digit."""
Pairs = list[tuple[Digits, Digits]]

NAN: Final = float("nan")
NO_ID: Final = -1
"""A trade without a number, or a message that answers no request of ours."""
UNSAID: Final = -1
"""How many trades a bar holds, where the venue does not say."""
FINEST: Final = 1e-8
"""The grid of a pair that states none."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def read_moment(moment: datetime) -> int:
    """Milliseconds since 1970. Raises ValueError for a time that no message of a venue has."""
    if moment.tzinfo is None or not _EPOCH < moment < _LATEST:
        raise ValueError("its time cannot be")
    return (moment - _EPOCH) // _MILLISECOND


def read_quote(text: str) -> float:
    """A price that may be missing, which venues write as nothing or 0: then NaN."""
    return convert(text, Volume, strict=False) or NAN if text else NAN


def check_bar(opened: float, high: float, low: float, closed: float) -> None:
    """Refuse a bar that no path of prices can have made. Raises ValueError."""
    if not (low <= opened <= high and low <= closed <= high):
        raise ValueError("its prices lie outside its low and high")


def make_reader(kind: type[Message]) -> Callable[[bytes], Message]:
    """What reads messages of a kind."""
    # Where numbers are strings only the lax reading takes both.
    return Decoder(kind, strict=False).decode


def read_rows(rows: Iterable[Raw], read: Callable[[Raw], Instrument | None]) -> list[Instrument]:
    """The instruments of a list; one that cannot be read does not hide the others."""
    found = []
    for row in rows:
        try:
            instrument = read(row)
        except ValidationError:
            continue
        if instrument is not None:
            found.append(instrument)
    return found
