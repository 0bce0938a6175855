"""account create, list, role, disable, enable, reset, delete: people, from the machine itself.

Whoever may run this owns the home folder, so that no key or password is asked for.
"""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from assay import accounts as room
from assay import alerts
from assay.accounts.types import Account, Role
from assay.cli.context import Context, command, out
from assay.kit import idempotency, jobs
from assay.kit.errors import BadInput, NotFound
from assay.kit.moments import format_utc

EmailArgument = Annotated[str, typer.Argument(help="E-mail address, or the id (acc_...).")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_PIPE_WIDTH = 2_000


def create(
    email: Annotated[str, typer.Argument(help="E-mail address of the account.")],
    role: Annotated[Role, typer.Option(help="What the account is for.")] = Role.USER,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Create an account. Without a password it prints a token that sets one."""
    with command() as context:
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
        account = room.create_account(
            context.database, context.clock, email=email, password=password, role=role
        )
        out.print(f"Created {account.account_id} ({role}).", highlight=False)
        if password is None:
            _print_reset(context, account)


def list_all() -> None:
    """List the accounts."""
    with command() as context:
        table = Table(box=None)
        for name in ("id", "e-mail", "wallet", "role", "plan", "created", "state"):
            table.add_column(name, overflow="fold", no_wrap=name == "id")
        for account in room.list_accounts(context.database):
            table.add_row(
                account.account_id,
                account.email or "-",
                account.wallet or "-",
                account.role,
                account.plan,
                format_utc(account.created_at)[:10],
                "disabled" if account.is_disabled else "",
            )
        # Other commands need ids and e-mails whole: a pipe has no width.
        console = out if out.is_terminal else Console(width=_PIPE_WIDTH)
        console.print(table)


def role(
    email: EmailArgument, role: Annotated[Role, typer.Argument(help="owner, user or read-only.")]
) -> None:
    """Change what an account may do."""
    with command() as context:
        account = _find(context, email)
        room.change_account(context.database, context.clock, account.account_id, role=role)
        out.print(f"{account.account_id} is {role} now.", highlight=False)


def disable(email: EmailArgument) -> None:
    """Let an account neither sign in nor use its keys, until it is enabled again."""
    _switch(email, is_disabled=True)


def enable(email: EmailArgument) -> None:
    """Let a disabled account in again."""
    _switch(email, is_disabled=False)


def reset(email: EmailArgument) -> None:
    """Print a token that sets a new password once, within 30 minutes; hand it to the account's
    holder by a way you trust (no mail is sent).
    """
    with command() as context:
        _print_reset(context, _find(context, email))


def delete(email: EmailArgument, yes: Yes = False) -> None:
    """Delete an account and everything personal, for ever."""
    with command() as context:
        account = _find(context, email)
        if not yes:
            typer.confirm(f"Delete {account.account_id} for ever?", abort=True)
        erasers = (jobs.erase_account, idempotency.erase_account, alerts.erase_account)
        room.delete_account(context.database, context.clock, account.account_id, erasers)
        out.print(f"Deleted {account.account_id}.", highlight=False)


def _switch(email: str, *, is_disabled: bool) -> None:
    with command() as context:
        account = _find(context, email)
        room.change_account(
            context.database, context.clock, account.account_id, is_disabled=is_disabled
        )
        state = "disabled" if is_disabled else "enabled"
        out.print(f"{account.account_id} is {state}.", highlight=False)


def _print_reset(context: Context, account: Account) -> None:
    if account.email is None:
        raise BadInput(
            "This account has no e-mail to sign in with.", hint="Its wallet or its keys do."
        )
    made = room.create_reset(context.database, context.clock, account.account_id)
    out.print(f"Reset token of {account.email}, good once until {format_utc(made.expires_at)}:")
    out.print(made.token, highlight=False, soft_wrap=True)
    out.print("Its holder sets a password with it on the page /account/reset.")


def _find(context: Context, name: str) -> Account:
    if name.startswith("acc_"):
        return room.get_account(context.database, name)
    account = room.find_account(context.database, name)
    if account is None:
        raise NotFound(f"No account has the e-mail {name!r}.", hint="See `assay account list`.")
    return account
