"""What a check finds, and what it looks at."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from assay.kit.clock import Clock
from assay.kit.home import Home
from assay.kit.settings import Settings


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table; `remedy` says what to do where it is not ok."""

    verdict: Verdict
    words: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """One installation."""

    home: Home
    settings: Settings
    clock: Clock


Check = Callable[[Patient], Finding]


def ok(words: str) -> Finding:
    """Nothing to do."""
    return Finding(Verdict.OK, words)


def warn(words: str, remedy: str) -> Finding:
    """It works, and may not for long."""
    return Finding(Verdict.WARN, words, remedy)


def fail(words: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(Verdict.FAIL, words, remedy)
