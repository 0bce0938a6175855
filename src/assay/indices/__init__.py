"""Indices: baskets of coins by printed rules, followed from one published day to the next."""
