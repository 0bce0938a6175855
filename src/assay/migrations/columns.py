"""The types that migrations use: portable, and the same order of text on both databases."""

from sqlalchemy import String
from sqlalchemy.types import TypeEngine


def text(length: int | None = None) -> TypeEngine[str]:
    """Text in the order of its bytes, as SQLite sorts it, whatever language PostgreSQL speaks."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")
