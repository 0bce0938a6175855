"""Pure mathematics of the back-tester: matrices of prices and wishes in, what came of them out."""
