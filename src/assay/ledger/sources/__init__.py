"""Those who look at the log from outside: I/O (`fetch`) apart from reading it (`parse`, pure)."""
