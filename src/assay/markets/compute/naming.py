"""Whose candles a row holds: from a symbol as a file writes it to a token and a quote. Pure."""

from datetime import date

import polars as pl

from assay.markets.reports import Fault
from assay.markets.types import Registry, Ticker, TokenId, TokenKind, TokenRecord

QUOTES = ("FDUSD", "USDT", "BUSD", "USDC", "TUSD")
OTHER_QUOTES = ("USD", "BTC", "ETH", "BNB", "EUR", "TRY", "GBP", "DAI", "USDP")


def known_symbols(registry: Registry) -> frozenset[str]:
    """Every ticker that some token bears or bore."""
    return frozenset(ticker.symbol for record in registry.records for ticker in record.tickers)


def parse_symbol(symbol: str, known: frozenset[str]) -> tuple[str, str] | None:
    """Base and quote of BTC, BTCUSDT, BTC/USDT, BTC-USDT or BTC_USDT; None when it is none of them.

    A bare ticker is quoted in USDT. Without a separator a known ticker is taken as it is, then a
    known base before a known quote, then any base before a dollar stablecoin of four letters.
    """
    for mark in "/-_":
        base, found, quote = symbol.partition(mark)
        if found:
            whole = _is_ticker(base) and _is_ticker(quote)
            return (base, quote) if whole else None
    if not _is_ticker(symbol):
        return None
    if symbol in known:
        return symbol, "USDT"
    for quote in QUOTES + OTHER_QUOTES:
        base = symbol.removesuffix(quote)
        if base != symbol and base in known:
            return base, quote
    for quote in QUOTES:
        base = symbol.removesuffix(quote)
        if base and base != symbol:
            return base, quote
    return symbol, "USDT"


def _is_ticker(text: str) -> bool:
    return 0 < len(text) <= 20 and text.isalnum()


def name_tokens(
    parsed: pl.DataFrame, registry: Registry, next_id: int
) -> tuple[pl.DataFrame, dict[tuple[str, str], int]]:
    """Add `token_id` and `quote`; symbols without a bearer get the next ids, in order of the file.

    A ticker that moved is read as of the day of its row.
    """
    known = known_symbols(registry)
    symbols = parsed["symbol"].unique(maintain_order=True).drop_nulls().to_list()
    parts = {symbol: parse_symbol(symbol, known) for symbol in symbols}
    new: dict[tuple[str, str], int] = {}
    bearers: list[tuple[str, str, date, int]] = []
    for symbol, part in parts.items():
        if part is None:
            continue
        base, quote = part
        segments = _segments(registry, base)
        if not segments:
            taken = next((i for (name, _), i in new.items() if name == base), None)
            token_id = next_id + len(new) if taken is None else taken
            if taken is None:
                new[base, quote] = token_id
            segments = [(_FIRST_DAY, token_id)]
        bearers += [(symbol, quote, day, token_id) for day, token_id in segments]
    table = pl.DataFrame(
        bearers,
        schema={"symbol": pl.String, "quote": pl.String, "since": pl.Date, "token_id": pl.Int64},
        orient="row",
    )
    moment = pl.col("since").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    timed = parsed.filter(pl.col("time").is_not_null()).sort("time")
    named = timed.join_asof(
        table.with_columns(moment.alias("since")).sort("since"),
        left_on="time",
        right_on="since",
        by="symbol",
        check_sortedness=False,
    ).drop("since")
    rest = parsed.filter(pl.col("time").is_null())
    frame = pl.concat([named, rest], how="diagonal").sort("row")
    unreadable = pl.when(pl.col("token_id").is_null()).then(pl.lit(Fault.SYMBOL.value))
    return frame.with_columns(pl.coalesce("reason", unreadable).alias("reason")), new


_FIRST_DAY = date(1970, 1, 1)


def _segments(registry: Registry, base: str) -> list[tuple[date, int]]:
    """Who bore a ticker since when; the first bearer is taken for the days before as well."""
    found = sorted(
        (ticker.first_day, int(record.token_id))
        for record in registry.records
        for ticker in record.tickers
        if ticker.symbol == base
    )
    return [(_FIRST_DAY if i == 0 else day, token_id) for i, (day, token_id) in enumerate(found)]


def new_record(token_id: int, base: str, quote: str, venue: str, first_day: date) -> TokenRecord:
    """The record of a token that a file brought; what it is called is all that is known."""
    ticker = Ticker(base, base + quote, base, first_day)
    return TokenRecord(TokenId(token_id), TokenKind.of_ticker(base), venue, quote, (ticker,))
