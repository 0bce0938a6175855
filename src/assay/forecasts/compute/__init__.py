"""Forecasts, computed: pure kernels over the panel, causal to the bit."""
