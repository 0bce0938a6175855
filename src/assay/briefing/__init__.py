"""Briefing: what changed today, on one page, from nothing but what was published.

Answers   the state of the market, the largest moves of grades and why, new signals, rebalances,
          risks, top picks with the record of all earlier ones, how far Bitcoin and Ethereum may go
Inputs    the publications of the day and of earlier days; recorded closes for what became of picks
Cadence   daily after the close, after every kind it reads
Tables    none: what was said lies in the ledger's publications
Manual    docs/method/briefing.md
"""

from assay.briefing.judging import SPEAKERS
from assay.briefing.measuring import evaluate_briefing
from assay.briefing.page import render_html, render_markdown
from assay.briefing.service import create_resolver, load_briefing
from assay.briefing.types import Briefing, Resolve, Source

__all__ = [
    "SPEAKERS",
    "Briefing",
    "Resolve",
    "Source",
    "create_resolver",
    "evaluate_briefing",
    "load_briefing",
    "render_html",
    "render_markdown",
]
