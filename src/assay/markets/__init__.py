"""Facts of the markets: candles, tokens, the panel."""
