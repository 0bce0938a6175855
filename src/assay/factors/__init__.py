"""Factors: what a token's bars say about it, as numbers a model can compare.

Answers   30 technical indicators of every token and bar; ranks of a value across the market
Inputs    panel arrays [tokens, days] of high, low, close, volume (NaN = no bar), already continuous
          through redenominations; token order ascending
Cadence   none: pure functions, called by whoever has a panel
Tables    none
Promise   causal to the bit: a longer panel never changes an earlier value; equal bytes on any CPU
"""
