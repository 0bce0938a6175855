"""What Binance's answers and messages look like; every price and amount is an exact string."""
