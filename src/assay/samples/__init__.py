"""Package data: recorded candles and the token registry; provenance is in NOTICE."""
