"""The live part of the feed: connections, books in sequence, health, prices, publication."""
