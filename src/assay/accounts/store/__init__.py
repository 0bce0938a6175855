"""The only code that touches this room's tables."""
