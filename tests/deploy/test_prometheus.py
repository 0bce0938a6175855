"""Rules and alerts read figures that exist, and every alert leads to a paragraph."""

import re
from typing import Any

import pytest
from tests.deploy.files import DEPLOY, ROOT, load, walk

FOLDER = DEPLOY / "prometheus"
RULES = [rule for rule in walk(load(FOLDER / "rules.yaml")) if "expr" in rule]


def list_figures() -> set[str]:
    """What /metrics answers: the manual's table, which a test of the API holds to the truth."""
    manual = (ROOT / "docs" / "telemetry.md").read_text()
    rows = re.findall(r"^\| `(assay_\w+)` \| (\w+)", manual, re.MULTILINE)
    names = {name for name, _ in rows}
    for name, kind in rows:
        if kind == "histogram":
            names |= {f"{name}_{part}" for part in ("bucket", "sum", "count")}
    return names


def list_labels(name: str) -> set[str]:
    manual = (ROOT / "docs" / "telemetry.md").read_text()
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    row = re.search(rf"^\| `{base}` \| \w+ \|([^|]*)\|", manual, re.MULTILINE)
    assert row is not None, name
    return set(re.findall(r"`(\w+)`", row[1])) | {"le", "namespace", "pod"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("record") or rule["alert"])
def test_rules_read_figures_that_exist(rule: dict[str, Any]) -> None:
    recorded = {item["record"] for item in RULES if "record" in item}
    used = set(re.findall(r"\bassay_\w+", rule["expr"]))
    assert used
    assert used <= list_figures() | recorded
    assert rule["expr"].count("(") == rule["expr"].count(")")
    for name, chosen in re.findall(r"(assay_\w+)\{([^}]*)\}", rule["expr"]):
        assert set(re.findall(r"(\w+)(?:=|!)", chosen)) <= list_labels(name)


def test_every_alert_leads_to_a_paragraph() -> None:
    alerts = [rule for rule in RULES if "alert" in rule]
    assert len(alerts) >= 8
    for alert in alerts:
        path, _, anchor = alert["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^## (.+)$", (ROOT / path).read_text(), re.MULTILINE)
        assert anchor in {heading.lower().replace(" ", "-") for heading in headings}, anchor
        assert alert["for"]
        assert alert["labels"]["severity"] in ("page", "warn")


def test_the_scrape_reads_its_key_from_a_file() -> None:
    (config,) = load(FOLDER / "scrape.yaml")
    (job,) = config["scrape_configs"]
    assert job["authorization"].keys() == {"type", "credentials_file"}
    assert config["rule_files"] == ["rules.yaml"]
