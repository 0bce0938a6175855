"""Tables for people, a file a room. They shape what a room answered, nothing more."""
