"""Pure arithmetic of the indices: who is in, with how much, in which regime, and the accounts."""
