"""From what a person sends to a rule, or to a sentence that says what is wrong and where."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import orjson
from pydantic import ValidationError

from assay.alerts.compute.metrics import METRICS, OPS_OF, Metric, Subject
from assay.alerts.rules import (
    LIMIT_DEPTH,
    LIMIT_LEAVES,
    OPS,
    PULSES,
    VERSION,
    All,
    AnyOf,
    Changes,
    Cross,
    Happens,
    Move,
    Node,
    OneOf,
    RuleSpec,
    Test,
    Unusual,
)
from assay.kit.errors import BadInput

EXAMPLE = '{"metric": "price", "subject": "BTC", "op": "falls", "percent": 5, "within_s": 3600}'
LIMIT_BYTES = 20_000
_NAME = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,59}")
THE_RULE = "the rule"
"""Where what is wrong has no narrower place."""
_VOLUME = "volume_1m"


@dataclass(frozen=True, slots=True)
class Known:
    """What subjects there are. `find_token` gives (id, symbol) of a symbol or an id, or raises
    NotFound; `has_zone` says whether a time zone exists; `list_indices` gives the slugs of those
    that are published (none: any is taken).
    """

    find_token: Callable[[str], tuple[int, str]]
    has_zone: Callable[[str], bool]
    list_indices: Callable[[], frozenset[str]] = frozenset


def parse_rule(document: object, known: Known) -> RuleSpec:
    """The rule of a JSON document, its subjects resolved to ids.

    Raises BadInput that names the place at fault, NotFound for a token nobody knows.
    """
    if not isinstance(document, dict):
        raise _wrong(THE_RULE, "it is an object", 'An example: {"when": ' + EXAMPLE + "}")
    if document.get("version", VERSION) != VERSION:
        raise _wrong("version", f"this Assay reads version {VERSION}")
    if "when" not in document:
        raise _wrong("when", "it is missing", f"An example: {EXAMPLE}")
    _check_size(document["when"])
    try:
        spec = RuleSpec.model_validate(document)
    except ValidationError as error:
        raise _explain(error) from None
    if not known.has_zone(spec.time_zone):
        raise _wrong("time_zone", f"there is no zone {spec.time_zone!r}", "Europe/Berlin is one.")
    if spec.quiet_hours is not None and spec.quiet_hours.start == spec.quiet_hours.end:
        raise _wrong("quiet_hours", "start and end are the same: no hour or every hour is quiet")
    return spec.model_copy(update={"when": _resolve(spec.when, "when", known)})


def parse_stored(text: str) -> RuleSpec:
    """The rule of the JSON that was stored once it had been parsed."""
    return RuleSpec.model_validate_json(text)


def format_rule(spec: RuleSpec) -> str:
    """A rule as JSON, without what was left out."""
    written = spec.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return orjson.dumps({"version": spec.version, **written}).decode()


def _check_size(tree: object) -> None:
    """Before anything walks it by recursion: how deep and how large it is."""
    leaves, waiting = 0, [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > LIMIT_DEPTH:
            raise _wrong("when", f"conditions are nested more than {LIMIT_DEPTH} deep")
        parts = None
        if isinstance(node, dict):
            parts = node["all"] if "all" in node else node.get("any")
        if isinstance(parts, list | tuple):
            waiting += [(part, depth + 1) for part in parts]
        else:
            leaves += 1
        if leaves > LIMIT_LEAVES:
            raise _wrong("when", f"it has more than {LIMIT_LEAVES} tests")


def _resolve(node: Node, path: str, known: Known) -> Node:
    if isinstance(node, All):
        _refuse_never(node, path)
        parts = tuple(_resolve(part, f"{path}.all[{n}]", known) for n, part in enumerate(node.all))
        return node.model_copy(update={"all": parts})
    if isinstance(node, AnyOf):
        parts = tuple(_resolve(part, f"{path}.any[{n}]", known) for n, part in enumerate(node.any))
        return node.model_copy(update={"any": parts})
    metric = _find_metric(node, path)
    _check_test(node, metric, path)
    subject, symbol = _find_subject(node, metric, path, known)
    return node.model_copy(update={"subject": subject, "symbol": symbol})


def _find_metric(test: Test, path: str) -> Metric:
    metric = METRICS.get(test.metric)
    if metric is None:
        near = get_close_matches(test.metric, METRICS, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(METRICS)}."
        raise _wrong(f"{path}.metric", f"there is no metric {test.metric!r}", hint)
    allowed = OPS_OF[metric.shape]
    if test.op not in allowed:
        why = f"{metric.name} is a {metric.shape}, which cannot be asked whether it {test.op!r}"
        raise _wrong(f"{path}.op", why, f"It can be asked: {', '.join(allowed)}.")
    return metric


def _check_test(test: Test, metric: Metric, path: str) -> None:
    if isinstance(test, Move):
        if not metric.is_positive:
            raise _wrong(
                f"{path}.op", f"{metric.name} may be zero: no percentage of it has meaning"
            )
        if test.op == "falls" and test.percent >= 100:
            raise _wrong(f"{path}.percent", "nothing falls by 100 % or more")
    if isinstance(test, Unusual) and metric.name != _VOLUME:
        raise _wrong(f"{path}.op", f"only {_VOLUME} is asked whether it is unusual")
    if isinstance(test, Move | Unusual):
        bound = test.percent if isinstance(test, Move) else test.z
        if test.rearm is not None and test.rearm > bound:
            raise _wrong(f"{path}.rearm", f"it is more than {bound:g}: it would never re-arm")
    if isinstance(test, OneOf):
        _check_words(test.values, metric, path)
    if isinstance(test, Changes):
        if test.was is not None and test.was == test.to:
            raise _wrong(f"{path}.to", "it is the same as `was`: that is no change")
        _check_words([word for word in (test.was, test.to) if word is not None], metric, path)


def _check_words(words: Sequence[str], metric: Metric, path: str) -> None:
    for word in words:
        if word not in metric.words:
            hint = f"{metric.name} is one of: {', '.join(metric.words)}."
            raise _wrong(path, f"{metric.name} is never {word!r}", hint)


def _find_subject(test: Test, metric: Metric, path: str, known: Known) -> tuple[str, str]:
    where = f"{path}.subject"
    if metric.subject is Subject.MARKET:
        if test.subject:
            raise _wrong(where, f"{metric.name} is of the market as a whole: leave it out")
        return "", ""
    if not test.subject:
        raise _wrong(where, f"{metric.name} is of a {metric.subject}: name one")
    if metric.subject is Subject.TOKEN:
        token_id, symbol = known.find_token(test.subject)
        return str(token_id), symbol
    name = test.subject.strip().lower()
    if not _NAME.fullmatch(name):
        raise _wrong(where, f"{test.subject!r} is no name of a {metric.subject}")
    if metric.subject is Subject.INDEX:
        indices = known.list_indices()
        if indices and name not in indices:
            hint = f"There are: {', '.join(sorted(indices)[:20])}."
            raise _wrong(where, f"no index is called {name!r}", hint)
    return name, name


def _refuse_never(node: All, path: str) -> None:
    """Two things that happen at different readings are never true at one moment."""
    pulses = [
        (n, part)
        for n, part in enumerate(node.all)
        if isinstance(part, Cross | Changes | Happens) and part.hold_s == 0
    ]
    sources = {(part.metric, part.subject.upper()) for _, part in pulses}
    if len(sources) > 1:
        n = pulses[1][0]
        raise _wrong(
            f"{path}.all[{n}].hold_s",
            "two things that each happen at a moment are never true together",
            "Give one of them hold_s: how many seconds it counts as true after it happened.",
        )


def _explain(error: ValidationError) -> BadInput:
    first = error.errors(include_url=False, include_context=False)[0]
    path, kind = _format_path(first["loc"]), first["type"]
    if kind.startswith("union_tag"):
        return _wrong(
            path, "it is neither all, any nor a test with an op that there is", _list_ops()
        )
    if kind == "missing":
        return _wrong(path, "it is missing")
    if kind == "extra_forbidden":
        return _wrong(path, "there is no such field")
    return _wrong(path, first["msg"][:1].lower() + first["msg"][1:])


def _list_ops() -> str:
    return f"Tests: {', '.join(OPS)}; those that happen at a moment: {', '.join(PULSES)}."


def _format_path(loc: tuple[int | str, ...]) -> str:
    return "".join(_walk(list(loc))).lstrip(".") or THE_RULE


def _walk(loc: list[int | str]) -> Iterator[str]:
    """Where it is, without the tags of the union, which stand behind `when` and every number."""
    skips = False
    is_tree = bool(loc) and loc[0] == "when"
    for part in loc:
        if skips:
            skips = False
            continue
        yield f"[{part}]" if isinstance(part, int) else f".{part}"
        skips = is_tree and (part == "when" or isinstance(part, int))


def _wrong(where: str, why: str, hint: str = "") -> BadInput:
    return BadInput(
        f"{where}: {why}.",
        hint=hint or "docs/alerts.md has every field of a rule.",
        parameter="" if where == THE_RULE else where.replace("[", ".").replace("]", ""),
    )
