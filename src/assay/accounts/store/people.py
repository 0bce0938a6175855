"""The `accounts` table: who there is. The version word beside it tells other processes to look."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    delete,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from assay.accounts.compute.emails import fold_email
from assay.accounts.types import Account, AccountId, Role
from assay.kit.database import metadata
from assay.kit.errors import Conflict, NotFound
from assay.kit.moments import from_microseconds, to_microseconds

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", String(20), primary_key=True),
    Column("email", String(254), unique=True),
    Column("email_shown", String(254)),
    Column("password_hash", String),
    Column("wallet", String(64), unique=True),
    Column("role", String(16), nullable=False),
    Column("plan", String(32), nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("created_at_us", BigInteger, nullable=False),
)
"""`email` is folded for comparison, `email_shown` as it was typed; a deleted account has no row."""

accounts_version = Table(
    "accounts_version",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)


def load_version(connection: Connection) -> int:
    """Grows whenever something changes that decides who may do what; 0 at the beginning.

    Asked twice a second by every process that serves, so it is one row.
    """
    return int(connection.execute(select(accounts_version.c.version)).scalar() or 0)


def touch_version(connection: Connection) -> None:
    """Say so, in the transaction that changed a key, a session, a role or an account."""
    table = accounts_version
    done = connection.execute(update(table).values(version=table.c.version + 1))
    if done.rowcount == 0:
        connection.execute(table.insert().values(one=1, version=1))


def insert_account(connection: Connection, account: Account, password_hash: str | None) -> None:
    """Add an account. Raises Conflict where its e-mail or wallet has one."""
    email = account.email
    try:
        connection.execute(
            accounts.insert().values(
                account_id=account.account_id,
                email=None if email is None else fold_email(email),
                email_shown=email,
                password_hash=password_hash,
                wallet=account.wallet,
                role=account.role.value,
                plan=account.plan,
                is_disabled=account.is_disabled,
                created_at_us=to_microseconds(account.created_at),
            )
        )
    except IntegrityError as error:
        raise _taken() from error


def find_account(
    connection: Connection,
    *,
    account_id: str | None = None,
    email: str | None = None,
    wallet: str | None = None,
) -> tuple[Account, str | None] | None:
    """The account of an id, of an e-mail in any case, or of a wallet, with its password's hash."""
    if account_id is not None:
        condition = accounts.c.account_id == account_id
    elif email is not None:
        # PostgreSQL takes no NUL in a text, not even to compare with.
        condition = accounts.c.email == fold_email(email).replace("\0", "?")
    else:
        condition = accounts.c.wallet == wallet
    row = connection.execute(select(accounts).where(condition)).one_or_none()
    return None if row is None else (_read(row), row.password_hash)


def get_account(connection: Connection, account_id: str) -> Account:
    """The account of an id. Raises NotFound."""
    found = find_account(connection, account_id=account_id)
    if found is None:
        raise NotFound("No account has this id.", hint="The owner can list them.")
    return found[0]


def list_accounts(
    connection: Connection, *, after: str = "", limit: int | None = None
) -> list[Account]:
    """Accounts ascending by id, those after the id `after`."""
    table = accounts.c
    statement = select(accounts).where(table.account_id > after).order_by(table.account_id)
    return [_read(row) for row in connection.execute(statement.limit(limit))]


def update_account(connection: Connection, account_id: str, **columns: object) -> None:
    """Change columns of an account. Raises Conflict where another has that e-mail or wallet."""
    statement = update(accounts).where(accounts.c.account_id == account_id)
    try:
        connection.execute(statement.values(**columns))
    except IntegrityError as error:
        raise _taken() from error


def update_email(connection: Connection, account_id: str, email: str) -> None:
    """Another e-mail address. Raises Conflict where another account has it."""
    update_account(connection, account_id, email=fold_email(email), email_shown=email)


def delete_account_row(connection: Connection, account_id: str) -> None:
    """Forget the account itself."""
    connection.execute(delete(accounts).where(accounts.c.account_id == account_id))


def count_other_owners(connection: Connection, account_id: str) -> int:
    """How many owners there are who may sign in, besides this one. Asked in the transaction that
    takes one away: writers come one after another, so two owners cannot leave at the same moment.
    """
    statement = select(accounts.c.account_id).where(
        accounts.c.role == Role.OWNER.value, accounts.c.is_disabled.is_(False)
    )
    owners = connection.execute(statement).scalars().all()
    return sum(owner != account_id for owner in owners)


def _taken() -> Conflict:
    return Conflict(
        "There is an account with this e-mail or wallet.", hint="Sign in, or use another."
    )


def _read(row: Row[Any]) -> Account:
    return Account(
        account_id=AccountId(row.account_id),
        email=row.email_shown,
        wallet=row.wallet,
        role=Role(row.role),
        plan=row.plan,
        has_password=row.password_hash is not None,
        is_disabled=row.is_disabled,
        created_at=from_microseconds(row.created_at_us),
    )
