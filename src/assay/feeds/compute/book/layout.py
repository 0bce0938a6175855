"""Where a fast book keeps what in its one array: header, scratch, windows of bids and asks."""

NOT_MINE = -1
CARE = -2
"""Applied, but the caller has levels to put outside the windows, or a window to move."""
APPLIED, OLD, EARLY, GAP, CROSSED = 0, 1, 2, 3, 4
NONE = 1 << 60
"""The best key of an empty side."""

# Header.
LAST_ID, IS_SYNCED, IS_FIRST, TIME_MS, TICK, WIDTH, SYMBOL_SIZE, _ = range(8)
"""The first four are all that the head of a portable book holds, too."""
BEST, BASE, COUNT, FAR_LEVELS, FAR_STOP = 8, 10, 12, 14, 16
"""Of bids; those of asks are one further."""
READ_TIME, READ_FIRST, READ_LAST, READ_BIDS, READ_ASKS = range(18, 23)
"""What the frame at hand says."""
SYMBOL = 23
SYMBOL_MOST = 32
SCRATCH = SYMBOL + SYMBOL_MOST
MOST_LEVELS = 2048
"""Levels that one call takes."""
SIZES = SCRATCH + MOST_LEVELS
FAR = SIZES + MOST_LEVELS
FAR_SIZES = FAR + MOST_LEVELS
"""What the last call found outside the windows: keys and sizes, of bids up to the first
`FAR_STOP`, of asks from there up to the second.
"""
WINDOWS = FAR_SIZES + MOST_LEVELS
