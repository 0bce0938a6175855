"""Which token a pair is of, as known now."""

from assay.feeds.types import Instrument
from assay.kit.errors import NotFound
from assay.markets.types import Registry, Token, TokenKind


class Tokens:
    """Symbols of venues as tokens of the registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._found: dict[str, Token | None] = {}

    def find(self, symbol: str) -> Token | None:
        """The token that bears a ticker now; None: none that we know."""
        if symbol not in self._found:
            try:
                self._found[symbol] = self._registry.resolve(symbol)
            except NotFound:
                self._found[symbol] = None
        return self._found[symbol]

    def choose(
        self, listed: list[Instrument], pairs: tuple[str, ...]
    ) -> tuple[list[Instrument], list[str]]:
        """(instruments to watch, wanted pairs that the venue does not list). Without wanted pairs:
        all against dollars, or coins that stand for them, whose token we know.
        """
        if not pairs:
            return [one for one in listed if is_dollar(one.quote) and self.find(one.base)], []
        by_pair = {one.pair: one for one in listed}
        return (
            [by_pair[pair] for pair in pairs if pair in by_pair],
            [pair for pair in pairs if pair not in by_pair],
        )


def is_dollar(quote: str) -> bool:
    """Whether a currency is the dollar or a coin that stands for it."""
    return quote == "USD" or ("USD" in quote and TokenKind.of_ticker(quote) is TokenKind.STABLE)
