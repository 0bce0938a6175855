"""What /metrics says, and that the manual says the same."""

import re
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families
from tests.api.asking import ask
from tests.api.world import World

MANUAL = Path(__file__).parents[2] / "docs" / "telemetry.md"
OPENMETRICS = [(b"accept", b"application/openmetrics-text;version=1.0.0")]


def read(world: World) -> dict[str, float]:
    answer = ask(world.app, "/metrics")
    assert (answer.status, answer.header("cache-control")) == (200, "no-store")
    return {
        sample.name + str(sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def test_the_manual_lists_exactly_the_figures_that_are_exposed(world: World) -> None:
    answer = ask(world.app, "/metrics")
    exposed = {
        name: kind
        for name, kind in re.findall(r"^# TYPE (assay_\w+) (\w+)$", answer.body.decode(), re.M)
        if not name.endswith("_created")
    }
    listed = dict(re.findall(r"^\| `(assay_\w+)` \| (\w+) \|", MANUAL.read_text(), re.M))
    assert exposed == listed


def test_labels_in_the_manual_are_those_that_are_exposed(world: World) -> None:
    ask(world.app, "/v1/tokens")
    rows = re.findall(r"^\| `(assay_\w+)` \| \w+ \|([^|]*)\|", MANUAL.read_text(), re.M)
    listed = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    text = ask(world.app, "/metrics").body.decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if family.name.startswith("assay_"):
                name = family.name + ("_total" if family.type == "counter" else "")
                assert set(sample.labels) - {"le"} == listed[name]


def test_routes_are_counted_by_template_and_status(world: World) -> None:
    key = "assay_requests_total[('method', 'GET'), ('route', '{}'), ('status', '{}')]".format
    before = read(world)
    for target in ("/v1/tokens/BTC?as_of=2023-01-01", "/v1/tokens/ETH", "/v1/tokens/NOPE"):
        ask(world.app.declared, target)
    for number in range(30):
        ask(world.app, f"/nowhere/{number}")
    after = read(world)

    def grown(name: str) -> float:
        return after.get(name, 0.0) - before.get(name, 0.0)

    assert grown(key("/v1/tokens/{symbol}", 200)) == 2.0
    assert grown(key("/v1/tokens/{symbol}", 404)) == 1.0
    assert grown(key("unmatched", 404)) == 30.0
    assert not [name for name in after if "nowhere" in name or "BTC" in name]


def test_replayed_answers_are_counted_too(world: World) -> None:
    name = "assay_requests_total[('method', 'GET'), ('route', '/v1/tokens'), ('status', '200')]"
    before = read(world).get(name, 0.0)
    for _ in range(5):
        ask(world.app, "/v1/tokens?limit=7")
    assert read(world)[name] - before == 5.0


def test_openmetrics_is_negotiated_and_well_formed(world: World) -> None:
    answer = ask(world.app, "/metrics", OPENMETRICS)
    assert answer.header("content-type").startswith("application/openmetrics-text")
    assert "accept" in answer.header("vary")
    parsed = read_openmetrics(answer.body.decode())  # type: ignore[no-untyped-call]
    families = {family.name for family in parsed}
    assert {"assay_requests", "assay_ready", "assay_publication_age_seconds"} <= families


def test_the_age_of_the_world_is_told(world: World) -> None:
    figures = read(world)
    assert figures["assay_ready[]"] == 1.0
    # The clock of the world stands at noon of the day after its newest one.
    assert figures["assay_facts_age_seconds[]"] == 12 * 3600
    assert figures["assay_publication_day_age_seconds[('kind', 'grades.trader')]"] == 12 * 3600


def test_database_times_are_counted(world: World) -> None:
    ask(world.app.declared, "/v1/grades/trader?limit=9")
    name = "assay_database_duration_seconds_count[('kind', 'read'), ('outcome', 'ok')]"
    assert read(world)[name] > 0


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_it_is_only_read(world: World, method: str) -> None:
    assert ask(world.app, "/metrics", method=method).status == 405
