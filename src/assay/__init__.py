"""Assay: crypto intelligence computed from what was known then, checkable by anyone."""

from importlib.metadata import version

__version__ = version("assay")
