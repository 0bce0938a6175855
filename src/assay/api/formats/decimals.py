"""Many floats as the decimal strings that JSON says, a column at a time. Pure."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def format_decimal(value: float) -> str:
    """The shortest decimal string that reads back as `value`, never with an exponent."""
    return format(Decimal(repr(float(value))), "f").removesuffix(".0")


def format_decimals(values: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """`format_decimal` of each float64; null and NaN are null."""
    values = pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    texts = pc.replace_substring_regex(pc.cast(values, pa.string()), r"\.0$", "")
    with_exponent = pc.match_substring(texts, "e")
    if pc.any(with_exponent, min_count=0).as_py():
        # Few values are so small or so great, and only those pay for a call each.
        spelled = [format_decimal(value) for value in pc.filter(values, with_exponent).to_pylist()]
        texts = pc.replace_with_mask(
            texts, pc.fill_null(with_exponent, False), pa.array(spelled, pa.string())
        )
    return texts


def format_moments(values: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Each moment in UTC as JSON says it (RFC 3339); null is null."""
    # The moments of many series are the same few, so each is written once.
    encoded = pc.dictionary_encode(values)
    texts = [moment.isoformat().replace("+00:00", "Z") for moment in encoded.dictionary.to_pylist()]
    return pc.take(pa.array(texts, pa.string()), encoded.indices)
