"""The pure engine: paths inside minutes, synthetic books, and matching."""
