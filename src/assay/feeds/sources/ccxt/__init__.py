"""Any venue that ccxt can watch, through its WebSocket side."""
