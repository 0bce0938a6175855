"""Lists in bulk: one typed schema for each row shape, and a writer for each format. Pure.

Decimal strings become float64 in Arrow and Parquet, or stay strings on request (decision 0009); CSV
and NDJSON keep the strings.
"""

from assay.api.formats.columns import Columns, Decimals, describe_columns
from assay.api.formats.writers import Body, Writer, create_writer

__all__ = ["Body", "Columns", "Decimals", "Writer", "create_writer", "describe_columns"]
