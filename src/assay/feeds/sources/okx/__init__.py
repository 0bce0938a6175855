"""OKX spot, API v5."""
