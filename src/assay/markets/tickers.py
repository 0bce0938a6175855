"""Tickers whose kind the field agrees on, for tokens of which only the ticker is known."""

FIAT_TICKERS = frozenset(
    "EUR GBP AUD TRY BRL RUB UAH NGN ZAR PLN RON ARS JPY CZK MXN COP AEUR EURI".split()
)
STABLE_TICKERS = frozenset(
    "DAI FRAX FEI LUSD GHO UST USTC MIM EURT EURC EURS VAI IDRT BIDR BVND".split()
)
WRAPPED_TICKERS = frozenset(
    "WBTC WETH BETH WBETH STETH WSTETH RETH CBETH CBBTC BBTC RENBTC TBTC BNSOL PAXG XAUT".split()
)
