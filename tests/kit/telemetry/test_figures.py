"""Counting requests: which series there are, and that none is lost or invented."""

from itertools import pairwise
from time import perf_counter

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from assay.kit.telemetry import RequestStats, UpstreamStats, expose
from assay.kit.telemetry.exposition import list_requests, list_upstream
from assay.kit.telemetry.figures import BOUNDS_S


def test_bounds_are_log_spaced() -> None:
    assert all(1.9 < high / low < 3.1 for low, high in pairwise(BOUNDS_S))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["/a", "/b/{c}"]),
            st.sampled_from(["GET", "POST", "BREW", "X" * 30]),
            st.sampled_from([200, 404, 500]),
            st.floats(0.0, 100.0),
        )
    )
)
def test_every_request_is_counted_once(
    requests: list[tuple[str, str, int, float]],
) -> None:
    stats = RequestStats()
    for request in requests:
        stats.observe(*request)
    assert sum(count for _, count in stats.counts()) == len(requests)
    assert sum(sum(row[:-1]) for row in stats.times().values()) == len(requests)
    assert {method for (_, method, _), _ in stats.counts()} <= {"GET", "POST", "other"}
    total = sum(row[-1] for row in stats.times().values())
    assert abs(total - sum(seconds for *_, seconds in requests)) < 1e-6


def read(stats: RequestStats, accept: str = "") -> dict[str, float]:
    text, _ = expose([lambda: list_requests(stats)], accept)
    return {
        sample.name + str(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_buckets_are_cumulative_and_end_in_the_count() -> None:
    stats = RequestStats()
    for seconds in (0.00005, 0.0001, 0.003, 200.0):
        stats.observe("/a", "GET", 200, seconds)
    samples = read(stats)
    name = "assay_request_duration_seconds_bucket"
    label = "[('le', '{}'), ('method', 'GET'), ('route', '/a')]".format
    # A bound is inclusive, as Prometheus reads it.
    assert samples[name + label("0.0001")] == 2.0
    assert samples[name + label("0.005")] == 3.0
    assert samples[name + label("30.0")] == 3.0
    assert samples[name + label("+Inf")] == 4.0
    assert (
        samples[
            "assay_requests_total" + str([("method", "GET"), ("route", "/a"), ("status", "200")])
        ]
        == 4.0
    )


def test_openmetrics_is_sent_where_it_is_asked_for() -> None:
    text, media_type = expose([], "application/openmetrics-text; version=1.0.0")
    assert media_type.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")
    _, plain = expose([], "*/*")
    assert plain.startswith("text/plain")


def test_a_breaker_shows_one_state() -> None:
    stats = UpstreamStats()
    stats.breakers["api.example.com"] = "half-open"
    text, _ = expose([lambda: list_upstream(stats)], "")
    assert b'assay_upstream_breaker{host="api.example.com",state="half-open"} 1.0' in text
    assert b'assay_upstream_breaker{host="api.example.com",state="open"} 0.0' in text


def test_counting_costs_less_than_a_dictionary_of_its_series_would_show() -> None:
    """Ratio, not a time limit: counting one request costs less than 40 dictionary look-ups."""
    stats, plain, n = RequestStats(), {("/a", "GET", 200): 1}, 20_000

    def count() -> float:
        began = perf_counter()
        for _ in range(n):
            stats.observe("/a", "GET", 200, 0.0003)
        return perf_counter() - began

    def look() -> float:
        began = perf_counter()
        for _ in range(n):
            plain[("/a", "GET", 200)]
        return perf_counter() - began

    assert min(count() for _ in range(5)) < 40 * min(look() for _ in range(5))
