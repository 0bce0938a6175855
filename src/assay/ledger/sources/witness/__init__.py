"""Witnesses by C2SP `tlog-witness`."""
