"""The stand-alone verifier, as the text that it is."""

from functools import cache
from importlib.resources import files

from assay.api.sealed import Content


@cache
def load_verifier() -> Content:
    """The source of `assay.verifier`, exactly as it runs here."""
    source = files("assay").joinpath("verifier.py").read_bytes()
    return Content(source, "text/plain; charset=utf-8")
