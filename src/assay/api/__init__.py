"""The developer API: a face that assembles the rooms and serves what they published.

Answers   tokens, candles, grades, histories, explanations, publications; pages for people
Inputs    a `Home`, a clock, settings, the front doors of grades and markets
Cadence   on request; a watcher notices new publications and facts within half a second
Tables    none
"""

from assay.api.app import Application, create_app
from assay.api.serve import check_host, serve

__all__ = ["Application", "check_host", "create_app", "serve"]
