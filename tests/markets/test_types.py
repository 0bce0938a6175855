"""The words of the room: what a ticker alone tells."""

import pytest

from assay.markets.types import TokenKind


@pytest.mark.parametrize(
    ("symbol", "kind"),
    [
        ("PEPE", TokenKind.COIN),
        ("FDUSD", TokenKind.STABLE),
        ("USDE", TokenKind.STABLE),
        ("DAI", TokenKind.STABLE),
        ("EURI", TokenKind.FIAT),
        ("BNSOL", TokenKind.WRAPPED),
    ],
)
def test_a_new_ticker_gets_the_kind_its_name_tells(symbol: str, kind: TokenKind) -> None:
    assert TokenKind.of_ticker(symbol) is kind
