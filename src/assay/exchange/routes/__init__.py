"""The mouths: REST, streams and the WebSocket API over one table of methods."""
