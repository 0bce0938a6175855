"""Pure mathematics of the factors: arrays in, arrays out."""
