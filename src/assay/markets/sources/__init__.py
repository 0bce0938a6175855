"""Where facts come from: one folder a source, reading (`parse`, pure) apart from I/O (`fetch`)."""
