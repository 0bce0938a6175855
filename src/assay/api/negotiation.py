"""What a client takes: the format of a list (Accept, `format`) and the coding of a body. Pure.

The highest weight wins (RFC 9110 12.4.2, 12.5); what a client weighs alike goes by our own order.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

CODINGS = ("zstd", "br", "gzip")
"""Content codings, best first. None at all (identity) is what remains."""


class Format(StrEnum):
    """How a list is written, ours first."""

    JSON = "json"
    ARROW = "arrow"
    PARQUET = "parquet"
    CSV = "csv"
    NDJSON = "ndjson"

    @property
    def media_type(self) -> str:
        """The type that is answered."""
        return MEDIA_TYPES[self][0]


MEDIA_TYPES: Mapping[Format, tuple[str, ...]] = {
    Format.JSON: ("application/json",),
    Format.ARROW: ("application/vnd.apache.arrow.stream",),
    Format.PARQUET: ("application/vnd.apache.parquet",),
    Format.CSV: ("text/csv",),
    Format.NDJSON: ("application/x-ndjson", "application/ndjson"),
}
"""The media types of each format: the one that is answered, then others it is asked by."""


def choose_coding(accepted: bytes) -> bytes:
    """The best coding that an Accept-Encoding value allows; none where it names none of ours."""
    if not accepted:
        return b"identity"
    weights = parse_weights(accepted)
    every = weights.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: weights.get(coding, every))
    weight = weights.get(best, every)
    # A client that does not name identity takes it, but would rather have what it names.
    if weight <= 0.0 or weights.get("identity", 0.0) > weight:
        return b"identity"
    return best.encode()


def choose_format(accepted: bytes) -> Format | None:
    """The best format that an Accept value allows, JSON where nothing is said; None for none."""
    if not accepted.strip():
        return Format.JSON
    weights = parse_weights(accepted)
    best = max(Format, key=lambda form: weigh(MEDIA_TYPES[form], weights))
    return best if weigh(MEDIA_TYPES[best], weights) > 0.0 else None


def takes_json(accepted: bytes) -> bool:
    """True if an Accept value is answered with JSON wherever there is a choice."""
    return not accepted or choose_format(accepted) is Format.JSON


def weigh(media_types: Iterable[str], weights: Mapping[str, float]) -> float:
    """The weight of a format: of each of its types what the most specific range says."""
    return max(
        next((weights[name] for name in list_ranges(kind) if name in weights), 0.0)
        for kind in media_types
    )


def list_ranges(media_type: str) -> tuple[str, str, str]:
    """The media ranges that a type lies in, the most specific first."""
    return media_type, f"{media_type.partition('/')[0]}/*", "*/*"


def parse_weights(header: bytes) -> dict[str, float]:
    """What a header of weighted names says: name in lower case, weight 0 to 1 (nonsense: 0)."""
    weights: dict[str, float] = {}
    for part in header.decode("latin-1").lower().split(","):
        name, _, parameters = part.strip().partition(";")
        weights[name.strip()] = _weight(parameters)
    return weights


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0.0 <= weight <= 1.0 else 0.0
    return 1.0
