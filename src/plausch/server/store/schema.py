"""The server's tables, in the order in which they came to be."""

from plausch.db.interface import Database
from plausch.db.migrate import Step, migrate
from plausch.server.store import (
    account,
    backup,
    blob,
    claimed,
    conversation,
    cursor,
    device,
    envelope,
    group_info,
    invitation,
    key_package,
    mailbox,
    member,
    profile,
    proposal,
    report,
    stay,
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
    Step(14, "uploads into a bucket", upload.TABLES),
)


async def prepare(database: Database) -> int:
    """Create or upgrade the tables; how many steps were needed.

    Raises SchemaRefused, StorageUnavailable.
    """
    return await migrate(database, STEPS)
