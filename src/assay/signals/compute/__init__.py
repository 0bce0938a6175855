"""Pure formulas of the signals room."""
