"""The verbs of this room: issue, withdraw, publish the status, challenge, verify, present."""
