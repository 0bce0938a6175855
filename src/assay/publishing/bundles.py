"""A publication with everything it was computed from, in one zip file that travels.

header.json rows.json            what was said, byte for byte
proof.tlog-proof log.vkey        that the log was told of it, and the keys of the log: of the newest
                                 checkpoint, so the only members that change while the log grows
facts/<day>/tokens.json          the registry as known on the day, and on the days that the
                                 judge looked back to
facts/<day>/candles.parquet      the candles as known then; the day before has its own file only
                                 if a correction came between
facts/hours.parquet              the hourly candles, if it is an hourly statement
said/<kind>/<day>.json           the statements that were read, byte for byte
models/<digest>/...              the artefacts that were read
"""

import contextlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from assay import markets
from assay.kit.atomic import write_atomic
from assay.kit.errors import NotFound, SourceMalformed
from assay.markets.types import Panel, Token, TokenId, TokenKind
from assay.publishing.facts import KnownFacts
from assay.publishing.hours import FIELDS as HOUR_FIELDS
from assay.publishing.hours import align_hours
from assay.publishing.types import Hours

FIELDS = ("open", "high", "low", "close", "volume", "unit", "market_cap")
MAX_MEMBER_BYTES = 512 * 2**20
_EPOCH = date(1970, 1, 1)
# A fixed moment, so that the same publication and checkpoint give the same file.
_STAMP = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class RecordedTokens:
    """The registry as it was known on the days of a bundle."""

    by_day: Mapping[date, list[Token]]

    def tokens(self, as_of: date) -> list[Token]:
        """The tokens known on a day of the bundle. Raises NotFound for other days."""
        if as_of not in self.by_day:
            raise NotFound(
                f"The bundle says nothing of {as_of}.", hint="Export the publication again."
            )
        return self.by_day[as_of]


def write_bundle(path: Path, members: Mapping[str, bytes]) -> None:
    """Write all members at once; an interrupted export leaves no half file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, payload in sorted(members.items()):
            archive.writestr(zipfile.ZipInfo(name, _STAMP), payload, zipfile.ZIP_DEFLATED)
    write_atomic(path, buffer.getvalue())


def read_bundle(path: Path) -> dict[str, bytes]:
    """All members. Raises NotFound for a missing file, SourceMalformed for no bundle."""
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", hint="Write one with: assay export ID.")
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_MEMBER_BYTES:
                raise SourceMalformed(f"{path} is too large to be a bundle of ours.")
            members = {item.filename: archive.read(item) for item in archive.infolist()}
    except (zipfile.BadZipFile, OSError) as error:
        raise SourceMalformed(
            f"{path} is no readable bundle: {error}.", hint="Export the publication again."
        ) from error
    if not {"header.json", "rows.json"} <= members.keys():
        raise SourceMalformed(
            f"{path} is no bundle: it lacks header.json or rows.json.",
            hint="Write one with: assay export ID.",
        )
    return members


@contextlib.contextmanager
def damaged_bundle(path: Path) -> Iterator[None]:
    """Whatever is wrong inside a file that somebody else made is said of the file: SourceMalformed.

    Our own errors pass through.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise _name_damage(path, error) from error
    except (pl.exceptions.PolarsError, RecursionError) as error:
        raise _name_damage(path, error) from error


def _name_damage(path: Path, error: Exception) -> SourceMalformed:
    return SourceMalformed(
        f"{path} is damaged: its members cannot be read ({type(error).__name__}).",
        hint="Export the publication again, or ask for the file again.",
    )


def name_tokens(day: date) -> str:
    """The member that holds the registry of a day."""
    return f"facts/{day}/tokens.json"


def pack_tokens(tokens: list[Token]) -> bytes:
    """Tokens as canonical JSON."""
    return orjson.dumps([asdict(token) for token in tokens], option=orjson.OPT_SORT_KEYS)


def pack_candles(panel: Panel) -> bytes:
    """Every bar of the panel as Parquet, ascending by day and token."""
    rows, columns = np.nonzero(~np.isnan(panel.close))
    order = np.lexsort((rows, columns))
    rows, columns = rows[order], columns[order]
    cap = panel.market_cap
    missing = np.full(panel.close.shape, np.nan)
    arrays = {
        name: (missing if cap is None else cap) if name == "market_cap" else getattr(panel, name)
        for name in FIELDS
    }
    first = (panel.first_day - _EPOCH).days
    frame = pl.DataFrame(
        {
            "token_id": panel.token_ids[rows],
            "day": pl.Series(columns + first, dtype=pl.Int32).cast(pl.Date),
            **{name: np.asarray(array)[rows, columns] for name, array in arrays.items()},
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=9)
    return buffer.getvalue()


def unpack_tokens(payload: bytes) -> list[Token]:
    """What `pack_tokens` wrote."""
    return [
        Token(
            token_id=TokenId(item["token_id"]),
            symbol=item["symbol"],
            name=item["name"],
            kind=TokenKind(item["kind"]),
            pair=item["pair"],
            first_day=date.fromisoformat(item["first_day"]),
            last_day=date.fromisoformat(item["last_day"]) if item["last_day"] else None,
            ended=item["ended"],
        )
        for item in orjson.loads(payload)
    ]


def unpack_panel(payload: bytes, tokens: list[Token], last_day: date) -> Panel:
    """The panel of what `pack_candles` wrote, up to `last_day`."""
    frame = pl.read_parquet(io.BytesIO(payload))
    ids = np.array(sorted(int(token.token_id) for token in tokens), np.int64)
    first_day = frame["day"].min()
    if not isinstance(first_day, date):
        raise SourceMalformed("The bundle holds no candles.", hint="Export it again.")
    frame = frame.filter(pl.col("day") <= last_day)
    rows = np.searchsorted(ids, frame["token_id"].to_numpy())
    columns = frame["day"].to_physical().to_numpy() - (first_day - _EPOCH).days
    shape = (ids.size, (last_day - first_day).days + 1)
    cells: dict[str, NDArray[np.float64]] = {}
    for name in FIELDS:
        cells[name] = np.full(shape, 1.0 if name == "unit" else np.nan)
        cells[name][rows, columns] = frame[name].to_numpy()
    return Panel(token_ids=ids, first_day=first_day, complete_through=last_day, **cells)


def pack_facts(facts: Mapping[date, KnownFacts]) -> dict[str, bytes]:
    """Members for the facts of a day and of the day before (which may share one panel)."""
    members: dict[str, bytes] = {}
    newest = max(facts)
    for day, known in facts.items():
        members[name_tokens(day)] = pack_tokens(known.tokens(day))
        if day == newest or known.digest(day) != facts[newest].digest(day):
            members[f"facts/{day}/candles.parquet"] = pack_candles(known.panel.until(day))
    return members


def unpack_facts(members: Mapping[str, bytes], day: date, recorded_by: datetime) -> KnownFacts:
    """The facts of a day out of a bundle, from its own candles or from those of the next day."""
    registry = RecordedTokens(
        {
            date.fromisoformat(name.split("/")[1]): unpack_tokens(payload)
            for name, payload in members.items()
            if name.startswith("facts/") and name.endswith("/tokens.json")
        }
    )
    own = members.get(f"facts/{day}/candles.parquet")
    candles = own or members.get(f"facts/{day + timedelta(days=1)}/candles.parquet")
    if candles is None:
        raise SourceMalformed(f"The bundle has no candles for {day}.", hint="Export it again.")
    panel = unpack_panel(candles, registry.tokens(day), day)

    def fetch_hours() -> Hours:
        payload = members.get("facts/hours.parquet")
        if payload is None:
            raise SourceMalformed("The bundle has no hourly candles.", hint="Export it again.")
        return unpack_hours(payload, day)

    return KnownFacts(panel, registry, recorded_by, markets.digest_days(panel), fetch_hours)


def pack_hours(hours: Hours) -> bytes:
    """Every hourly bar as Parquet, ascending by token and hour."""
    rows, columns = np.nonzero(~np.isnan(hours.close))
    since = pl.lit(hours.first_hour).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame(
        {
            "token_id": hours.token_ids[rows],
            "hour": columns,
            **{name: getattr(hours, name)[rows, columns] for name in HOUR_FIELDS},
        }
    ).with_columns((since + pl.duration(hours=pl.col("hour"))).alias("time"))
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=9)
    return buffer.getvalue()


def unpack_hours(payload: bytes, last_day: date) -> Hours:
    """What `pack_hours` wrote, up to `last_day`."""
    frame = pl.read_parquet(io.BytesIO(payload))
    series = {int(key[0]): part for key, part in frame.group_by("token_id", maintain_order=True)}
    return align_hours(series, last_day)
