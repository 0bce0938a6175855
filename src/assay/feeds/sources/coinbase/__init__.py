"""Coinbase, the market data of its Advanced Trade API."""
