"""Which coins a list speaks of, and how numbers are written."""

from datetime import timedelta

import numpy as np
import pytest
from tests.grades.worlds import FIRST, create_panel

from assay.grades.rows import format_centi
from assay.markets.types import Token, TokenId, TokenKind
from assay.publishing import select_listed
from assay.publishing.facts import LISTED_DAYS


def token(token_id: int, kind: TokenKind = TokenKind.COIN) -> Token:
    return Token(TokenId(token_id), f"T{token_id}", "name", kind, f"T{token_id}USDT", FIRST)


def test_a_coin_that_fell_silent_is_listed_for_thirty_more_days() -> None:
    panel = create_panel(tokens=2, days=100)
    last = 40
    panel.close[0, last + 1 :] = np.nan
    tokens = [token(100), token(101), token(101, TokenKind.STABLE)]
    for silent in (0, 1, LISTED_DAYS - 1, LISTED_DAYS, LISTED_DAYS + 20):
        day = panel.day(last) + timedelta(days=silent)
        listed = [int(each.token_id) for each in select_listed(tokens, panel, day)]
        assert listed == ([100, 101] if silent < LISTED_DAYS else [101])


@pytest.mark.parametrize(
    ("centi", "text"),
    [
        (0, "0.00"),
        (5, "0.05"),
        (-5, "-0.05"),
        (7123, "71.23"),
        (-1200, "-12.00"),
        (10000, "100.00"),
    ],
)
def test_hundredths_are_written_with_two_decimals(centi: int, text: str) -> None:
    assert format_centi(centi) == text
