"""What the bus tells of prices, as readings in the units of the metrics."""

from datetime import UTC, datetime

import orjson
import pytest

from assay.alerts.compute.metrics import METRICS
from assay.alerts.compute.readings import read_update

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_a_change_is_told_as_a_share_and_read_in_per_cent() -> None:
    told = {"price": 95.0, "time_ms": 1_767_614_400_000, "change_24h": -0.05}
    readings = {r.metric: r.value for r in read_update("prices", "3375", orjson.dumps(told), AT)}
    assert readings == {"price": 95.0, "change_24h": pytest.approx(-5.0)}
    assert METRICS["change_24h"].unit == "%"


def test_what_no_venue_says_is_no_reading() -> None:
    told = {"price": None, "time_ms": 1_767_614_400_000, "change_24h": None}
    assert read_update("prices", "3375", orjson.dumps(told), AT) == []
