"""Tools without a domain word: clock, errors, settings, home, database, kernels, progress."""
