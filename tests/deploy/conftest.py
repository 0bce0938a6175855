"""A world to ask the routes of."""

from tests.api.conftest import world

__all__ = ["world"]
