"""The recorded candles and the token registry that ship inside the package."""
