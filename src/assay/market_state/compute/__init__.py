"""Pure computing of the state of the market."""
