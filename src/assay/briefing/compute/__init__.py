"""What changed, found in what was published. Pure."""
