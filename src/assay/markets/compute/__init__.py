"""Pure work on candles: checking rows, laying out the panel, digests."""
