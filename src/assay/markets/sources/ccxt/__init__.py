"""Any exchange that ccxt speaks to."""
