"""What the replay exchange does: move time, keep an account, go wrong when asked to."""
