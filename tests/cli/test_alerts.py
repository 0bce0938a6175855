"""Alerts from the command line, in open local mode."""

from pathlib import Path

import orjson
import pytest
from tests.alerts.receivers import Sink, find_port, open_sink
from typer.testing import CliRunner

from assay.cli.app import app
from assay.cli.context import out

pytestmark = pytest.mark.slow

WORDS = "venue binance is down or stale"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # It was made as wide as the terminal was when the first test imported it.
    monkeypatch.setattr(out, "_width", 240)
    return tmp_path / "home"


def run(home: Path, *arguments: str, code: int = 0) -> str:
    environment = {
        "ASSAY_HOME": str(home),
        "ASSAY_ALERT_NETWORKS": "127.0.0.0/8",
    }
    answer = CliRunner().invoke(app, ["alert", *arguments], env=environment)
    assert answer.exit_code == code, answer.output
    return answer.output


def add_channel(home: Path, sink: Sink) -> str:
    told = run(home, "channels", "add", "my server", sink.url)
    assert "whsec_" in told
    return next(word for word in told.split() if word.startswith("chn_"))


def test_a_rule_from_words_to_its_end(home: Path) -> None:
    with open_sink() as sink:
        channel = add_channel(home, sink)
    told = run(home, "add", WORDS, "--channel", channel, "--name", "gone", "--cooldown-s", "60")
    rule = next(word for word in told.split() if word.startswith("rul_"))
    assert "gone" in run(home, "list")
    shown = orjson.loads(run(home, "show", rule))
    assert shown["rule"]["channels"] == [channel]
    assert shown["rule"]["cooldown_s"] == 60
    assert shown["score"]["fired"] == 0
    assert "paused" in run(home, "pause", rule)
    assert "watching" in run(home, "resume", rule)
    assert "Fired" in run(home, "history", "--rule", rule)
    run(home, "delete", rule)
    assert rule not in run(home, "list")


def test_a_rule_from_a_file_and_from_a_template(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "rule.json"
    path.write_text('{"when": {"metric": "market.regime", "op": "changes"}}')
    assert "rul_" in run(home, "add", "--file", str(path))
    listed = run(home, "templates")
    assert "venue-down" in listed
    assert "rul_" in run(home, "add", "--template", "venue-down", "--set", "venue=kraken")
    assert "kraken" in run(home, "list")
    path.write_text("{")
    assert "is not JSON" in run(home, "add", "--file", str(path), code=2)
    path.write_text("[]")
    assert "no JSON object" in run(home, "add", "--file", str(path), code=2)
    assert "one of these ways" in run(home, "add", code=2)
    assert "one of these ways" in run(home, "add", WORDS, "--file", str(path), code=2)


def test_a_test_sends_a_real_message_or_says_why_not(home: Path) -> None:
    with open_sink() as sink:
        channel = add_channel(home, sink)
        told = run(home, "test", channel)
        assert sink.ids == [told.split()[0]]
    assert "cannot be reached" in run(home, "test", channel, code=1)
    listed = run(home, "channels", "list")
    assert f"http://127.0.0.1:{sink.port}/***" in listed
    assert "of-somebody" not in listed
    ledger = run(home, "deliveries")
    assert "delivered" in ledger
    assert "dead" in ledger
    assert "dead" not in run(home, "deliveries", "--state", "delivered")


def test_a_test_of_a_rule_is_a_dry_run(home: Path) -> None:
    told = run(home, "test", WORDS)
    assert "it would have fired 0 times" in told


def test_a_channel_is_switched_off_and_its_dead_letter_put_back(home: Path) -> None:
    with open_sink() as sink:
        channel = add_channel(home, sink)
    run(home, "test", channel, code=1)
    ledger = run(home, "deliveries", "--state", "dead")
    dead = next(word for word in ledger.split() if word.startswith("dlv_"))
    run(home, "channels", "off", channel)
    assert "switched off" in run(home, "requeue", dead, code=1)
    run(home, "channels", "on", channel)
    assert "is due" in run(home, "requeue", dead)
    run(home, "channels", "delete", channel)
    assert "gone" in run(home, "deliveries", "--state", "dead")


def test_an_address_that_is_left_out_is_asked_for(home: Path) -> None:
    environment = {"ASSAY_HOME": str(home), "ASSAY_ALERT_NETWORKS": "127.0.0.0/8"}
    url = f"http://127.0.0.1:{find_port()}/hidden"
    answer = CliRunner().invoke(
        app, ["alert", "channels", "add", "quiet"], env=environment, input=f"{url}\n"
    )
    assert answer.exit_code == 0, answer.output
    assert "hidden" not in answer.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "rul_0000000000000000"), "rule"),
        (("test", "chn_0000000000000000"), "No channel has this id"),
        (("requeue", "dlv_0"), "No delivery has this id"),
        (("list", "--account", "nobody@example.org"), "No account has this e-mail"),
        (("channels", "add", "x", "https://10.0.0.1/"), "private network"),
        (("add", "the moon is round"), "is not understood"),
        (("add", "--template", "nix"), "No template"),
        (("add", "--template", "venue-down", "--set", "nix"), "PLACE=VALUE"),
    ],
)
def test_what_is_wrong_is_said(home: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in run(home, *arguments, code=2)
