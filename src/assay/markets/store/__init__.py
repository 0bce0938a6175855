"""The only code that touches the lake, the panel's files and this room's database tables."""
