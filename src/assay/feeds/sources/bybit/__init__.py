"""Bybit spot, API v5."""
