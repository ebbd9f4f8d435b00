"""The server's tables, in the order in which they came to be."""

from collections.abc import Sequence

from plausch.base.errors import OperatorError
from plausch.db.interface import Database
from plausch.db.migrate import SchemaRefused, Step, migrate, step_reached
from plausch.db.shape import Table, tables_of
from plausch.server.store import (
    account,
    allowance,
    backup,
    blob,
    claimed,
    conversation,
    cursor,
    device,
    envelope,
    filling,
    group_info,
    invitation,
    key_package,
    mailbox,
    member,
    profile,
    proposal,
    regime,
    report,
    stay,
    suspension,
    sweep,
    upload,
    wake_up,
)

STEPS = (
    Step(1, "accounts and devices", account.TABLES + device.TABLES + invitation.TABLES),
    Step(2, "key packages", key_package.TABLES),
    Step(
        3,
        "conversations and members",
        conversation.TABLES + group_info.TABLES + member.TABLES + stay.TABLES + cursor.TABLES,
    ),
    Step(4, "logs and mailboxes", envelope.TABLES + proposal.TABLES + mailbox.TABLES),
    Step(5, "pages of cursors, sweeps, claims", cursor.PAGES + sweep.TABLES + claimed.TABLES),
    Step(6, "refs of proposals", proposal.REFS),
    Step(7, "blobs", blob.TABLES),
    Step(8, "backups", backup.TABLES),
    Step(9, "wake-ups", wake_up.TABLES),
    Step(10, "which recovery key counts", backup.CURRENT),
    Step(11, "reports", report.TABLES),
    Step(12, "profiles", profile.TABLES),
    Step(13, "two accounts in one browser", wake_up.SHARED),
    Step(14, "filled from another store", filling.TABLES),
    Step(15, "uploads into a bucket", upload.TABLES),
    Step(
        16,
        "allowances, orders, suspensions",
        allowance.TABLES + regime.TABLES + suspension.TABLES,
    ),
)

FILLING_STEP = 14
STAYING = {filling.NAME, *upload.NAMES, allowance.NAME, regime.NAME}


class StoreIncomplete(OperatorError):
    """A copy into this store was interrupted."""

    code = "store_incomplete"


async def prepare(database: Database) -> int:
    """Create or upgrade the tables; how many steps were needed.

    Raises SchemaRefused, StorageUnavailable, StoreIncomplete.
    """
    if await step_reached(database) >= FILLING_STEP:
        await _demand_complete(database)
    return await migrate(database, STEPS)


async def demand_prepared(database: Database) -> None:
    """As `prepare`, and refuse what it would have to upgrade: an older server may be running there,
    or be what is gone back to.

    Raises SchemaRefused, StorageUnavailable, StoreIncomplete.
    """
    if await step_reached(database) < len(STEPS):
        raise SchemaRefused(
            "The database is one of an older version of Plausch: do this with that version, or "
            "start the server once with this one."
        )
    await prepare(database)


async def _demand_complete(database: Database) -> None:
    if await database.transact(filling.origin) is not None:
        raise StoreIncomplete(
            "This store is not complete: a copy into it was interrupted or is under way. Give the "
            "same 'plausch migrate-store' or 'plausch restore' once more, it goes on from there; "
            "then start the server."
        )


async def travelling(steps: Sequence[Step] = STEPS) -> tuple[Table, ...]:
    """Every table of a server that has taken these steps, each after those that it refers to;
    without the mark of filling, without uploads on their way into this store's bucket, which begin
    anew, and without what was drawn and ordered here."""
    return tuple(table for table in await tables_of(steps) if table.name not in STAYING)
