"""Rules as people send them: what is taken, and what is said of what is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.alerts.rules.test_engine import trees

from assay.alerts.compute.hearing import EXAMPLES, parse_words
from assay.alerts.compute.metrics import METRICS, OPS_OF, Shape, Subject
from assay.alerts.compute.parsing import Known, format_rule, parse_rule, parse_stored
from assay.alerts.compute.templates import TEMPLATES, fill_template
from assay.alerts.compute.wording import describe_node, describe_rule
from assay.kit.errors import AssayError, BadInput, NotFound

TOKENS = {"BTC": 3375, "ETH": 3306, "SOL": 3988, "T1": 1, "T2": 2}


def find_token(name: str) -> tuple[int, str]:
    if name.upper() in TOKENS:
        return TOKENS[name.upper()], name.upper()
    if name.isdecimal():
        return int(name), {str(v): k for k, v in TOKENS.items()}.get(name, f"T{name}")
    raise NotFound(f"No token has the symbol {name!r}.")


KNOWN = Known(
    find_token, lambda zone: zone in ("UTC", "Europe/Berlin"), lambda: frozenset({"top-10", "defi"})
)
FALL = {"metric": "price", "subject": "btc", "op": "falls", "percent": 5, "within_s": 3600}
CHANGE = {"metric": "signal.daily", "subject": "BTC", "op": "changes"}


def nest(depth: int) -> dict[str, Any]:
    node: dict[str, Any] = dict(FALL)
    for _ in range(depth):
        node = {"all": [node]}
    return node


def test_subjects_become_ids_and_what_is_kept_reads_back() -> None:
    document = {
        "when": {"all": [FALL, {"any": [CHANGE, {"metric": "market.signal", "op": "changes"}]}]},
        "quiet_hours": {"start": "22:00", "end": "07:00", "then": "drop"},
        "time_zone": "Europe/Berlin",
        "expires_at": "2027-01-01T00:00:00Z",
        "channels": ["chn_1"],
    }
    document["when"]["all"][1]["any"][0] = CHANGE | {"hold_s": 60}  # type: ignore[index]
    spec = parse_rule(document, KNOWN)
    assert parse_stored(format_rule(spec)) == spec
    assert format_rule(spec).startswith('{"version":1,')
    assert '"subject":"3375","symbol":"BTC"' in format_rule(spec)
    assert parse_rule({"when": FALL | {"subject": "3375"}}, KNOWN).when == (
        parse_rule({"when": FALL}, KNOWN).when
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (5, "the rule: it is an object"),
        ({}, "when: it is missing"),
        ({"when": 5}, "when: it is neither all, any nor a test"),
        ({"when": {"op": "explodes"}}, "when: it is neither all, any nor a test"),
        ({"when": {"all": []}}, "when.all: "),
        ({"when": {"all": FALL}}, "when.all"),
        ({"when": FALL | {"percent": "much"}}, "when.percent: input should be a valid number"),
        ({"when": FALL | {"percent": float("nan")}}, "when.percent: "),
        ({"when": FALL | {"percent": 100}}, "when.percent: nothing falls by 100 %"),
        ({"when": FALL | {"rearm": 6}}, "when.rearm: it is more than 5"),
        ({"when": FALL | {"extra": 1}}, "when.extra: there is no such field"),
        ({"when": {"any": [FALL, FALL | {"within_s": 1}]}}, "when.any[1].within_s: "),
        ({"when": FALL | {"metric": "prize"}}, "no metric 'prize'. Did you mean price?"),
        ({"when": FALL | {"metric": "change_24h"}}, "when.op: change_24h may be zero"),
        ({"when": FALL | {"metric": "venue"}}, "when.op: venue is a word"),
        ({"when": FALL | {"subject": ""}}, "when.subject: price is of a token: name one"),
        ({"when": FALL | {"subject": "NOPE"}}, "No token has the symbol 'NOPE'"),
        ({"when": CHANGE | {"to": "lng"}}, "when: signal.daily is never 'lng'"),
        ({"when": CHANGE | {"to": "long", "was": "long"}}, "that is no change"),
        ({"when": {"metric": "market.signal", "subject": "BTC", "op": "changes"}}, "leave it out"),
        ({"when": {"metric": "index.rebalance", "subject": "x", "op": "happens"}}, "no index is"),
        ({"when": {"metric": "venue", "subject": "a b", "op": "changes"}}, "'a b' is no name"),
        (
            {"when": {"metric": "price", "subject": "BTC", "op": "unusual"}},
            "only volume_1m is asked whether it is unusual",
        ),
        (
            {"when": {"all": [CHANGE, {"metric": "market.signal", "op": "changes"}]}},
            "when.all[1].hold_s: two things that each happen at a moment",
        ),
        ({"when": nest(5)}, "nested more than 4 deep"),
        ({"when": nest(20_000)}, "nested more than 4 deep"),
        ({"when": {"any": [FALL] * 17}}, "it has more than 16 tests"),
        ({"when": FALL, "version": 2}, "version: this Assay reads version 1"),
        ({"when": FALL, "time_zone": "Mars/Base"}, "time_zone: there is no zone 'Mars/Base'"),
        ({"when": FALL, "cooldown_s": -1}, "cooldown_s: "),
        ({"when": FALL, "expires_at": "2027-01-01T00:00:00"}, "expires_at: "),
        ({"when": FALL, "quiet_hours": {"start": "22:00", "end": "22:00"}}, "are the same"),
        ({"when": FALL, "channels": ["chn"] * 11}, "channels: "),
        ({"when": FALL, "note": "x" * 501}, "note: "),
    ],
)
def test_a_mistake_is_named_with_its_place(document: object, said: str) -> None:
    with pytest.raises(AssayError) as caught:
        parse_rule(document, KNOWN)
    assert said in str(caught.value)
    assert caught.value.status in (404, 422)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "op", "metric", "when", "value", "version", "subject"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JUNK)
def test_whatever_is_sent_is_a_rule_or_bad_input(document: object) -> None:
    for sent in (document, {"when": document}):
        try:
            parse_rule(sent, KNOWN)
        except (BadInput, NotFound):
            continue


@given(trees)
def test_a_rule_says_what_it_does_in_words(when: dict[str, Any]) -> None:
    try:
        spec = parse_rule({"when": when}, Known(find_token, lambda _: True))
    except BadInput:
        return
    said = describe_rule(spec)
    assert said[0] != said[0].lower() or not said[0].isalpha()
    assert parse_stored(format_rule(spec)) == spec
    if not {"all", "any"} & when.keys():
        heard = parse_words(describe_node(spec.when))
        assert parse_rule({"when": heard}, Known(find_token, lambda _: True)).when == spec.when


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("BTC falls by 5 % within 1 hour", "BTC price falls by 5 % within 1 hour."),
        ("btc drops by 5% within an hour.", "BTC price falls by 5 % within 1 hour."),
        ("BTC falls 5% in an hour", "BTC price falls by 5 % within 1 hour."),
        ("ETH loses 7.5 % in 2 days", "ETH price falls by 7.5 % within 2 days."),
        ("ETH rises above 4,000.5", "ETH price rises through 4,000.5 USD."),
        ("BTC goes above $100k", "BTC price rises through 100,000 USD."),
        ("BTC volume a minute is over 2.5M", "BTC volume a minute is above 2,500,000 USD."),
        ("SOL daily signal changes to short", "SOL daily signal changes to short."),
        ("venue binance is down or stale", "Venue binance is down or stale."),
        ("index top-10 rebalance happens", "Index top-10 rebalance happens."),
        (
            "BTC price is above 70,000 USD and market indicator is bull",
            "BTC price is above 70,000 USD and market indicator is bull.",
        ),
        (
            "BTC Trader Grade label changes to Strong Buy or ETH falls by 3 % within 2 days",
            "BTC Trader Grade label changes to Strong Buy or ETH price falls by 3 % within 2 days.",
        ),
    ],
)
def test_sentences_are_understood(words: str, said: str) -> None:
    spec = parse_rule({"when": parse_words(words)}, KNOWN)
    assert describe_rule(spec) == said
    assert parse_rule({"when": parse_words(said)}, KNOWN) == spec


@pytest.mark.parametrize("words", ["", "to the moon", "BTC is nice", "BTC falls by five %"])
def test_what_is_not_understood_is_refused_with_examples(words: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_words(words)
    assert EXAMPLES[0] in caught.value.hint


def test_the_whole_rule_in_words() -> None:
    spec = parse_rule(
        {
            "when": FALL,
            "repeat": False,
            "cooldown_s": 7200,
            "quiet_hours": {"start": "22:00", "end": "07:00"},
            "time_zone": "Europe/Berlin",
            "digest": "daily",
            "expires_at": "2027-01-01T00:00:00Z",
        },
        KNOWN,
    )
    assert describe_rule(spec) == (
        "BTC price falls by 5 % within 1 hour. Once. At most once every 2 hours. From 22:00 to"
        " 07:00 (Europe/Berlin) it is quiet: what fires then is told at their end. Told in a"
        " summary every day at 08:00 (Europe/Berlin). Until 2027-01-01T00:00:00Z."
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_a_rule(name: str) -> None:
    spec = parse_rule(fill_template(name, {}), KNOWN)
    assert describe_rule(spec).endswith(".")


def test_templates_are_filled_in() -> None:
    spec = parse_rule(fill_template("fast-fall", {"token": "ETH", "percent": 8}), KNOWN)
    assert describe_rule(spec).startswith("ETH price falls by 8 % within 1 hour.")
    with pytest.raises(BadInput, match="no place called 'tokn'"):
        fill_template("fast-fall", {"tokn": "ETH"})
    with pytest.raises(NotFound, match="No template is called"):
        fill_template("nope", {})


def test_every_metric_can_be_watched_by_each_of_its_tests() -> None:
    fields: dict[str, dict[str, Any]] = {
        "above": {"value": 1}, "below": {"value": 1}, "crosses": {"value": 1},
        "crosses_above": {"value": 1}, "crosses_below": {"value": 1}, "happens": {}, "changes": {},
        "rises": {"percent": 1, "within_s": 60}, "falls": {"percent": 1, "within_s": 60},
        "moves": {"percent": 1, "within_s": 60}, "unusual": {},
    }  # fmt: skip
    subject = {Subject.TOKEN: "BTC", Subject.VENUE: "binance", Subject.INDEX: "top-10"}
    for metric in METRICS.values():
        for op in OPS_OF[metric.shape]:
            if op == "unusual" and metric.name != "volume_1m":
                continue
            if op in ("rises", "falls", "moves") and not metric.is_positive:
                continue
            body = fields.get(op, {"values": list(metric.words[:1])})
            when = {"metric": metric.name, "op": op, **body}
            if metric.subject in subject:
                when["subject"] = subject[metric.subject]
            spec = parse_rule({"when": when}, KNOWN)
            heard = parse_words(describe_node(spec.when))
            assert parse_rule({"when": heard}, KNOWN).when == spec.when
        assert metric.shape is not Shape.WORD or metric.words
