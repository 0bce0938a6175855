"""Pure: outcomes, scores and figures from arrays and sealed rows."""
