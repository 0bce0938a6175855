"""docs/alerts.md: its code runs, its numbers are those of the code."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.alerts.office import ME, Office, open_office
from tests.alerts.receivers import open_sink

from assay import alerts
from assay.alerts import RuleSpec
from assay.alerts.compute.patience import KEEP_TRYING, LEAST_ATTEMPTS, LONGEST_WAIT_S
from assay.alerts.rules import LIMIT_CHANNELS, LIMIT_DEPTH, LIMIT_LEAVES, OPS
from assay.alerts.service.channels import MOST_CHANNELS, MOST_TESTS
from assay.alerts.service.delivering import LEASE_S
from assay.alerts.service.rules import LIMIT_RULES
from assay.alerts.sources.dialling import TOTAL_S
from assay.alerts.types import MOST_AN_HOUR
from assay.kit.home import Home

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")


def find_blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.slow
def test_the_check_of_a_webhook_accepts_ours_and_nothing_else(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(compile(find_blocks("python")[0], "alerts.md", "exec"), names)  # noqa: S102 - our own page
    check = names["check"]
    office = open_office(Home(tmp_path))
    with open_sink() as sink:
        made = alerts.create_channel(
            office.database, office.clock, office.settings, ME, "mine", sink.url
        )
        reach = alerts.open_reach(office.settings)
        channel_id = made.channel.channel_id
        alerts.send_test(office.database, office.clock, reach, ME, channel_id)
        (taken,) = sink.taken
    assert check(made.secret, taken.headers, taken.body)
    assert not check(made.secret, taken.headers, taken.body + b" ")
    assert not check("whsec_" + "A" * 44, taken.headers, taken.body)
    assert not check(made.secret, taken.headers | {"webhook-id": "msg_other"}, taken.body)
    late = int(taken.headers["webhook-timestamp"]) + 301
    assert not check(made.secret, taken.headers, taken.body, late)
    office.database.close()


def test_the_example_is_a_rule_and_every_op_and_field_is_named() -> None:
    RuleSpec.model_validate_json(find_blocks("json")[0])
    assert orjson.loads(find_blocks("json")[1]).keys() == {"type", "timestamp", "data"}
    for name in (*OPS, *(set(RuleSpec.model_fields) - {"version"})):
        assert f"`{name}`" in TEXT, name


@pytest.mark.parametrize(
    "words",
    [
        f"{LIMIT_LEAVES} tests, {LIMIT_DEPTH} deep",
        f"up to {LIMIT_CHANNELS} of your channels",
        f"{LIMIT_RULES} rules and {MOST_CHANNELS} channels",
        f"sends {MOST_TESTS} test messages an hour",
        f"ends after {TOTAL_S:.0f} seconds",
        f"goes on after {LEASE_S:.0f} seconds",
        f"{KEEP_TRYING.total_seconds() / 3600:.0f} hours and at least {LEAST_ATTEMPTS} attempts",
        f"up to {LONGEST_WAIT_S / 60:.0f} minutes",
        f"{MOST_AN_HOUR} firings of an account",
        "kept 90 days",
    ],
)
def test_its_numbers_are_those_of_the_code(words: str) -> None:
    assert words in TEXT


def test_two_settings_are_explained(tmp_path: Path) -> None:
    office: Office = open_office(Home(tmp_path))
    for name in ("alert_schemes", "alert_networks"):
        assert hasattr(office.settings, name)
        assert f"`ASSAY_{name.upper()}`" in TEXT
    office.database.close()
