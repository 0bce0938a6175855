"""alert channels add, list, delete, on, off: where messages go."""

from typing import Annotated

import typer

from assay import alerts
from assay.cli.alerts import Limit, Whose, create_table, find_account
from assay.cli.context import command, err, out
from assay.kit.moments import format_utc

ChannelArgument = Annotated[str, typer.Argument(help="Id of the channel, chn_...")]


def add(
    name: Annotated[str, typer.Argument(help="How you call it.")],
    url: Annotated[
        str | None,
        typer.Argument(help="Its address; asked for without showing it where it is left out."),
    ] = None,
    whose: Whose = "",
) -> None:
    """Add a channel; prints its id. The secret of a webhook is shown this once."""
    with command() as context:
        address = url if url is not None else typer.prompt("Address", hide_input=True)
        made = alerts.create_channel(
            context.database,
            context.clock,
            context.settings,
            find_account(context, whose),
            name,
            address,
        )
        out.print(made.channel.channel_id, highlight=False)
        if made.secret is not None:
            err.print("Its webhooks are signed with this secret, which is not shown again:")
            out.print(made.secret, markup=False, highlight=False)
        err.print(f"Try it: assay alert test {made.channel.channel_id}", highlight=False)


def list_all(whose: Whose = "", limit: Limit = 50) -> None:
    """List your channels; addresses are masked."""
    with command() as context:
        table = create_table("Channel", "Name", "Goes to", "Is", "Took its first", "Problem")
        found = alerts.list_channels(context.database, find_account(context, whose), limit=limit)
        for channel in found:
            verified = channel.verified_at
            table.add_row(
                channel.channel_id,
                channel.name,
                channel.shown,
                "on" if channel.is_enabled else "off",
                "" if verified is None else format_utc(verified.replace(microsecond=0)),
                channel.problem,
            )
        out.print(table)


def delete(channel_id: ChannelArgument, whose: Whose = "") -> None:
    """Remove a channel and its address."""
    with command() as context:
        account = find_account(context, whose)
        alerts.delete_channel(context.database, context.clock, account, channel_id)
        out.print(f"Deleted {channel_id}.", highlight=False)


def turn_on(channel_id: ChannelArgument, whose: Whose = "") -> None:
    """Send to a channel again."""
    _switch(channel_id, whose, is_enabled=True)


def turn_off(channel_id: ChannelArgument, whose: Whose = "") -> None:
    """Send nothing to a channel; what waits for it becomes dead letters."""
    _switch(channel_id, whose, is_enabled=False)


def _switch(channel_id: str, whose: str, *, is_enabled: bool) -> None:
    with command() as context:
        account = find_account(context, whose)
        alerts.update_channel(
            context.database, context.clock, account, channel_id, is_enabled=is_enabled
        )
        out.print(f"{channel_id} is {'on' if is_enabled else 'off'}.", highlight=False)
