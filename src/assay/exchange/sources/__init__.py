"""Where the recorded candles come from."""
