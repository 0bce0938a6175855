"""Markets: what traded, at which prices, as it was known at any moment.

Answers   which tokens there were, their candles, and the aligned panel that judgements read
Inputs    the bundled sample, CSV and Parquet files, any exchange through ccxt
Cadence   on demand: `ensure_ready` at each start, `import_candles` and `fetch_candles` when asked
Tables    lake: candles_1d, candles_1h, candles_1m; panel generations;
          database: markets_imports, markets_tokens, markets_quarantine, markets_redenominations
"""

from assay.markets.compute.digest import digest_days, digest_inputs
from assay.markets.reports import Fault, ImportReport
from assay.markets.service.checking import check_lake, check_panel
from assay.markets.service.declaring import compact_lake, declare_redenomination
from assay.markets.service.fetching import fetch_candles
from assay.markets.service.importing import import_candles
from assay.markets.service.reading import (
    list_pairs,
    list_quarantine,
    load_candles,
    load_panel,
    load_registry,
)
from assay.markets.service.revisions import list_revision_moments, load_facts_version
from assay.markets.service.sample import ensure_ready, load_sample
from assay.markets.service.settling import reconcile
from assay.markets.service.streaming import list_stored_days, stream_candles
from assay.markets.store.windows import Order

__all__ = [
    "Fault",
    "ImportReport",
    "Order",
    "check_lake",
    "check_panel",
    "compact_lake",
    "declare_redenomination",
    "digest_days",
    "digest_inputs",
    "ensure_ready",
    "fetch_candles",
    "import_candles",
    "list_pairs",
    "list_quarantine",
    "list_revision_moments",
    "list_stored_days",
    "load_candles",
    "load_facts_version",
    "load_panel",
    "load_registry",
    "load_sample",
    "reconcile",
    "stream_candles",
]
