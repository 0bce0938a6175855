"""Binance spot, its public streams."""
