"""The rows that the API answers, one module for each of its rooms."""
