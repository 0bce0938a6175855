"""The verbs of the markets room: import, fetch, load, reconcile."""
