"""A call: everything that a request is made of, before any client sends it. Pure.

`calls/` has a function for each operation of the API; each returns one of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Generic, Literal, TypeAlias, TypeVar, get_args

from assay.client.core.values import Left, format_target, write_member

FORMATS = {
    ".arrow": "application/vnd.apache.arrow.stream",
    ".parquet": "application/vnd.apache.parquet",
    ".csv": "text/csv",
    ".ndjson": "application/x-ndjson",
}
"""Media type of each bulk format, by the suffix of a file."""
T = TypeVar("T")
Row = TypeVar("Row")
Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Origin: TypeAlias = Literal["live", "replay", "backfilled"] | str
"""How a judgement came about; later versions may know more words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far the track record reaches, and how many statements an answer is of and leaves out."""

    through: date | None
    complete: bool
    unsealed: int
    counted_statements: int
    left_out_statements: int
    unscored: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    """One page of a list. Publication and origin are null for facts and for histories, whose rows
    carry them; what names the subject (token, index, interval) is null where there is none, and
    `reason` says why a list is empty; `reach` is of the track record alone, `note` is
    what whoever shows it must say.
    """

    data: tuple[Row, ...]
    next_cursor: str | None
    as_of: date | datetime | None = None
    publication: str | None = None
    origin: Origin | None = None
    token_id: int | None = None
    symbol: str | None = None
    interval: str | None = None
    index_id: int | None = None
    slug: str | None = None
    reason: str | None = None
    reach: Reach | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[Row]):
    """One object, and where it comes from; null where nothing that was published says it."""

    data: Row
    as_of: date | datetime | None = None
    publication: str | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One operation with its arguments. `shape` is what the answer is read as: a type, `str` for
    text as it is, None for nothing. `save_to` is the file that a body goes to, piece by piece.
    `repeatable` POSTs carry an idempotency key, so that trying
    again cannot do the thing twice.
    """

    method: Method
    path: str
    shape: Any
    named: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    form: bool = False
    accept: str = "application/json"
    repeatable: bool = False
    save_to: Path | None = None

    @property
    def target(self) -> str:
        """Path and query as sent. Raises ValueError for an argument that cannot be written."""
        return format_target(self.path, self.named, self.query)

    @property
    def content(self) -> dict[str, Any] | None:
        """The body's members as JSON. Those that were not given are not sent; what that means is
        null, but in a change, where null clears a member.
        """
        if self.body is None:
            return None
        not_given = Left.AS_IT_IS if self.method == "PATCH" else None
        given = {name: item for name, item in self.body.items() if item is not not_given}
        return {name: write_member(item) for name, item in given.items()}


@dataclass(frozen=True, slots=True)
class ListCall(Call[Page[Row]], Generic[Row]):
    """A list, read page by page; `bulk` if the server also streams it as Arrow."""

    bulk: bool = False

    @property
    def row(self) -> type[Row]:
        """What each row of it is."""
        row: type[Row] = get_args(self.shape)[0]
        return row

    def at(self, cursor: str) -> "ListCall[Row]":
        """The page that begins at a cursor."""
        return replace(self, query={**self.query, "cursor": cursor})

    def as_arrow(self) -> "Call[bytes]":
        """The same list as an Arrow stream: whole, without pages."""
        return self._as_media(FORMATS[".arrow"], bytes)

    def as_file(self, path: Path) -> "Call[None]":
        """The same list as a file whose name says the format. Raises ValueError for an unknown one,
        or where the server has the list only as JSON.
        """
        media_type = FORMATS.get(path.suffix)
        if media_type is None or not self.bulk:
            raise ValueError(f"{path.name}: a list is saved as {', '.join(FORMATS)}")
        return replace(self._as_media(media_type, None), save_to=path)

    def _as_media(self, media_type: str, shape: Any) -> Call[Any]:  # noqa: ANN401 - any type
        paging = ("cursor", "limit")
        query = {name: value for name, value in self.query.items() if name not in paging}
        return Call("GET", self.path, shape, named=self.named, query=query, accept=media_type)
