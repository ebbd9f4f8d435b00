"""The server's tables, in the order in which they came to be."""

from collections.abc import Sequence

from plausch.base.errors import OperatorError
from plausch.db.interface import Database, Transaction
from plausch.db.migrate import SchemaRefused, Step, expand, migrate, step_reached
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
    shards,
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
    Step(11, "reports", report.TABLES, beside=True),
    Step(12, "profiles", profile.TABLES, beside=True),
    Step(13, "two accounts in one browser", wake_up.SHARED),
    Step(14, "filled from another store", filling.TABLES, beside=True),
    Step(15, "uploads into a bucket", upload.TABLES, beside=True),
    Step(
        16,
        "shards",
        mailbox.SIZES,
        postgresql=shards.ROOM,
        beside=True,
        # It filled the lengths in and distributed too, both of which takes too long for this.
        taken_as="49c3528ea874018d6fe5d12dff71faf95dc99032550c4af8ff1c9474898a9d66",
    ),
    Step(
        17,
        "allowances, orders, suspensions",
        allowance.TABLES + regime.TABLES + suspension.TABLES,
        beside=True,
    ),
    Step(
        18,
        "distribution",
        (),
        postgresql=shards.DISTRIBUTE,
        beside=True,
        alone_where=shards.NOT_YET,
    ),
)

FILLING_STEP = 14
STAYING = {filling.NAME, *upload.NAMES, allowance.NAME, regime.NAME}


class StoreIncomplete(OperatorError):
    """A copy into this store was interrupted."""

    code = "store_incomplete"


async def prepare(database: Database) -> int:
    """Create or upgrade the tables before they are served; how many steps were needed.

    In PostgreSQL there may be servers of the version before: only such steps are taken beside which
    it can go on. The others need `upgrade`.

    Raises SchemaRefused, StorageUnavailable, StoreIncomplete.
    """
    if await step_reached(database) >= FILLING_STEP:
        await _demand_complete(database)
    if database.engine == "postgresql":
        taken, left = await expand(database, STEPS)
        if left:
            raise SchemaRefused(
                f"The tables of this database have to change in a way (step {left[0].number}, "
                f"{left[0].name!r}) that servers of an older version do not survive: stop them "
                "all, give 'plausch migrate --all', then start this version."
            )
        return taken
    return await migrate(database, STEPS)


async def upgrade(database: Database, *, alone: bool) -> tuple[int, Sequence[Step]]:
    """Take the steps that are missing, those beside which servers of the version before go on, or
    all when nobody serves; how many were taken, and which are left.

    Raises SchemaRefused, StorageUnavailable, StoreIncomplete.
    """
    if await step_reached(database) >= FILLING_STEP:
        await _demand_complete(database)
    if not alone:
        return await expand(database, STEPS)
    if database.engine == "postgresql":
        await database.read(_demand_alone)
    return await migrate(database, STEPS), ()


async def _demand_alone(tx: Transaction) -> None:
    """Not a proof: a server that has asked nothing for five minutes has no connection."""
    rows = await tx.fetch(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'plausch' "
        "AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    if rows[0][0]:
        raise SchemaRefused(
            f"Servers are connected to this database still (connections: {rows[0][0]}): stop them "
            "all, then do this again."
        )


async def demand_prepared(database: Database) -> None:
    """As `prepare`, and refuse what it would have to upgrade: an older server may be running there,
    or be what is gone back to.

    Raises SchemaRefused, StorageUnavailable, StoreIncomplete.
    """
    reached = await step_reached(database)
    if reached < len(STEPS):
        raise SchemaRefused(
            "The database is one of an older version of Plausch: do this with that version, or "
            "start the server once with this one."
        )
    if reached > len(STEPS):
        raise SchemaRefused(
            "The database is one of a newer version of Plausch, which keeps more in it than this "
            "one knows: do this with that version."
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
