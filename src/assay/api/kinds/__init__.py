"""The table of everything published: one entry a route. See `assay.api.listing.Listing`."""

from assay.api.kinds import briefing, forecasts, indices, market_state, moonshots, signals
from assay.api.kinds.grades import GRADES

LISTINGS = (
    *signals.LISTINGS,
    *forecasts.LISTINGS,
    *indices.LISTINGS,
    *moonshots.LISTINGS,
    *market_state.LISTINGS,
    *briefing.LISTINGS,
)

__all__ = ["GRADES", "LISTINGS"]
