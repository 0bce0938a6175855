"""alert add, list, show, pause, resume, delete, test, history, deliveries, requeue, templates."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from assay import accounts, alerts
from assay.accounts.types import LOCAL
from assay.alerts.types import DeliveryState
from assay.cli.context import Context, command, err, out
from assay.kit.errors import BadInput, NotFound
from assay.kit.moments import format_utc

LONGEST_LIST = 1_000

Whose = Annotated[
    str, typer.Option("--account", help="E-mail or id of an account; else the local user.")
]
Limit = Annotated[int, typer.Option(min=1, max=LONGEST_LIST, help="How many, the newest first.")]
RuleArgument = Annotated[str, typer.Argument(help="Id of the rule, rul_...")]
DeliveryArgument = Annotated[str, typer.Argument(help="Id of the delivery, dlv_...")]
WordsArgument = Annotated[
    str | None, typer.Argument(help='Such as "BTC falls by 5 % within 1 hour".')
]
File = Annotated[Path | None, typer.Option("--file", help="The rule as JSON; docs/alerts.md.")]
Template = Annotated[str | None, typer.Option("--template", help="Name of a template.")]
Filling = Annotated[list[str] | None, typer.Option("--set", help="PLACE=VALUE of the template.")]


def add(
    words: WordsArgument = None,
    file: File = None,
    template: Template = None,
    filling: Filling = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Where it goes, chn_...; several may be.")
    ] = None,
    name: Annotated[str, typer.Option(help="How you call it.")] = "",
    cooldown_s: Annotated[
        int, typer.Option("--cooldown-s", min=0, help="Seconds of silence after it fired.")
    ] = 0,
    whose: Whose = "",
) -> None:
    """Make a rule, in words, from a template or from a file; prints its id."""
    with command() as context:
        document = _read_rule(context, words, file, template, filling)
        if channel:
            document["channels"] = channel
        if name:
            document["name"] = name
        if cooldown_s:
            document["cooldown_s"] = cooldown_s
        made = alerts.create_rule(
            context.database, context.clock, find_account(context, whose), document
        )
        out.print(made.rule.rule_id, highlight=False)
        err.print(made.description, markup=False, highlight=False)
        if not made.rule.spec.channels:
            err.print("It goes to no channel: `assay alert history` shows what it fires.")


def list_all(whose: Whose = "", limit: Limit = 50) -> None:
    """List your rules."""
    with command() as context:
        table = create_table("Rule", "Is", "Fired", "Last", "Fires when")
        found = alerts.list_rules(
            context.database, context.clock, find_account(context, whose), limit=limit
        )
        for view in found:
            last = view.rule.last_fired_at
            table.add_row(
                view.rule.rule_id,
                view.status,
                str(view.rule.fired),
                "" if last is None else format_utc(last.replace(microsecond=0)),
                view.rule.spec.name or view.description,
            )
        out.print(table)


def show(rule_id: RuleArgument, whose: Whose = "") -> None:
    """Show a rule as JSON, with what came of its alerts."""
    with command() as context:
        account = find_account(context, whose)
        view = alerts.get_rule(context.database, context.clock, account, rule_id)
        score = alerts.load_score(context.database, context.clock, account, rule_id)
        shown = {
            "rule_id": rule_id,
            "status": view.status,
            "description": view.description,
            "rule": view.document,
            "score": score,
        }
        text = orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()
        out.print(text, markup=False, highlight=False, soft_wrap=True)


def pause(rule_id: RuleArgument, whose: Whose = "") -> None:
    """Let a rule rest."""
    _switch(rule_id, whose, is_paused=True)


def resume(rule_id: RuleArgument, whose: Whose = "") -> None:
    """Let a rule that rests go on."""
    _switch(rule_id, whose, is_paused=False)


def delete(rule_id: RuleArgument, whose: Whose = "") -> None:
    """Remove a rule and the record of what it fired."""
    with command() as context:
        alerts.delete_rule(context.database, find_account(context, whose), rule_id)
        out.print(f"Deleted {rule_id}.", highlight=False)


def try_out(
    what: Annotated[
        str | None,
        typer.Argument(
            help="A channel (chn_...): send it a message. A rule, or one in words: when"
            " would it have fired?"
        ),
    ] = None,
    file: File = None,
    template: Template = None,
    filling: Filling = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days of a dry run.")] = 30,
    whose: Whose = "",
) -> None:
    """Send a test message through a channel, or try a rule on the recorded past."""
    with command() as context:
        account = find_account(context, whose)
        if what is not None and what.startswith("chn_"):
            _send_test(context, account, what)
            return
        if what is not None and what.startswith("rul_"):
            view = alerts.get_rule(context.database, context.clock, account, what)
            document = view.document
        else:
            document = _read_rule(context, what, file, template, filling)
        _try(context, document, days)


def history(
    rule_id: Annotated[str | None, typer.Option("--rule", help="Only of this rule.")] = None,
    whose: Whose = "",
    limit: Limit = 20,
) -> None:
    """List what your rules fired, and whether it arrived."""
    with command() as context:
        account = find_account(context, whose)
        found = alerts.list_events(context.database, account, rule_id=rule_id, limit=limit)
        ids = [event.message_id for event in found if event.message_id is not None]
        states: dict[str, list[str]] = {}
        for delivery in alerts.list_deliveries_of(context.database, account, ids):
            states.setdefault(delivery.message.message_id, []).append(delivery.state.value)
        table = create_table("Fired", "Rule", "Said", "Told", "Arrived", "Came of it")
        for event in found:
            table.add_row(
                format_utc(event.fired_at.replace(microsecond=0)),
                event.rule_id,
                event.title,
                event.told.value,
                ", ".join(states.get(event.message_id or "", [])),
                "" if event.verdict is None else event.verdict.value,
            )
        out.print(table)


def deliveries(
    state: Annotated[
        DeliveryState | None, typer.Option("--state", help="Only in this state.")
    ] = None,
    whose: Whose = "",
    limit: Limit = 20,
) -> None:
    """List deliveries, each message to each channel."""
    with command() as context:
        table = create_table("Delivery", "Due", "To", "State", "Tries", "Said", "Why not")
        found = alerts.list_deliveries(
            context.database, find_account(context, whose), state=state, limit=limit
        )
        for delivery in found:
            table.add_row(
                delivery.delivery_id,
                format_utc(delivery.due_at.replace(microsecond=0)),
                f"{delivery.service} {delivery.channel_id}",
                delivery.state.value,
                str(len(delivery.attempts)),
                delivery.message.title,
                delivery.reason,
            )
        out.print(table)


def requeue(delivery_id: DeliveryArgument, whose: Whose = "") -> None:
    """Put a dead letter back: it is due now."""
    with command() as context:
        account = find_account(context, whose)
        alerts.requeue_delivery(context.database, context.clock, account, delivery_id)
        out.print(f"{delivery_id} is due.", highlight=False)


def templates() -> None:
    """List rules for common wishes, with places to fill in."""
    with command():
        table = create_table("Template", "Places", "Fires when")
        for template in alerts.list_templates():
            places = ", ".join(f"{name}={value}" for name, value in template.defaults.items())
            table.add_row(template.name, places, template.title)
        out.print(table)


def find_account(context: Context, whose: str) -> str:
    """The account that is meant. Raises NotFound."""
    if not whose:
        return LOCAL.account_id
    if whose.startswith("acc_"):
        return accounts.get_account(context.database, whose).account_id
    found = accounts.find_account(context.database, whose)
    if found is None:
        raise NotFound("No account has this e-mail.", hint="`assay account list` lists them.")
    return found.account_id


def _read_rule(
    context: Context,
    words: str | None,
    file: Path | None,
    template: str | None,
    filling: list[str] | None,
) -> dict[str, Any]:
    """A rule as JSON types. Raises BadInput unless it is said in exactly one way."""
    if sum(way is not None for way in (words, file, template)) != 1:
        raise BadInput(
            "A rule is said in words, by --file or by --template: in one of these ways.",
            hint='For example: assay alert add "BTC falls by 5 % within 1 hour"',
        )
    if words is not None:
        return alerts.read_words(context.database, context.clock, words)[0]
    if template is not None:
        return alerts.fill_template(template, dict(_split(item) for item in filling or ()))
    assert file is not None  # noqa: S101 - one of the three is given
    try:
        document = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise BadInput(f"{file} is not JSON.", hint="docs/alerts.md shows a rule.") from error
    if not isinstance(document, dict):
        raise BadInput(f"{file} is no JSON object.", hint="docs/alerts.md shows a rule.")
    return document


def _split(item: str) -> tuple[str, str | float]:
    name, sign, value = item.partition("=")
    if not sign:
        raise BadInput(f"{item!r} is not PLACE=VALUE.", hint="For example --set token=ETH.")
    try:
        return name, float(value)
    except ValueError:
        return name, value


def _switch(rule_id: str, whose: str, *, is_paused: bool) -> None:
    with command() as context:
        account = find_account(context, whose)
        view = alerts.update_rule(
            context.database, context.clock, account, rule_id, is_paused=is_paused
        )
        out.print(f"{rule_id} is {view.status}.", highlight=False)


def _send_test(context: Context, account: str, channel_id: str) -> None:
    reach = alerts.open_reach(context.settings)
    sent = alerts.send_test(context.database, context.clock, reach, account, channel_id)
    if sent.state is not DeliveryState.DELIVERED:
        err.print(f"The message did not arrive. {sent.reason}", markup=False, highlight=False)
        raise typer.Exit(1)
    out.print(f"{sent.message.message_id} was taken.", highlight=False)


def _try(context: Context, document: dict[str, Any], days: int) -> None:
    found = alerts.rehearse_rule(context.database, context.clock, document, days=days)
    out.print(found.description, markup=False, highlight=False)
    since, until = (format_utc(at.replace(microsecond=0)) for at in (found.since, found.until))
    out.print(f"From {since} to {until} it would have fired {len(found.firings)} times.")
    for firing in found.firings[-10:]:
        out.print(f"  {format_utc(firing.at.replace(microsecond=0))}", highlight=False)
    for note in found.notes:
        out.print(note, markup=False, highlight=False)
    if found.title is not None:
        out.print(f"\n{found.title}\n{found.body}", markup=False, highlight=False)


def create_table(*names: str) -> Table:
    """A table with these columns; the first two are never broken."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, name in enumerate(names):
        table.add_column(name, no_wrap=place < 2, overflow="fold")
    return table
