"""A function for each operation of the API; it makes the call and sends nothing."""
