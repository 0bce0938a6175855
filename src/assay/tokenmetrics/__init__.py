"""The Token Metrics contract as a face: their clients run on Assay unchanged.

Answers   every path that an official Token Metrics client calls, under its field names
Inputs    what was published and the facts of the API's present world; nothing of its own
Cadence   on request; answers are sealed until something is published or imported
Tables    none
Manual    docs/tokenmetrics.md

Compatible with, not affiliated with, Token Metrics. Every number is one that Assay published.
"""

from assay.tokenmetrics.routes import PREFIX, create_face, create_faces

__all__ = ["PREFIX", "create_face", "create_faces"]
