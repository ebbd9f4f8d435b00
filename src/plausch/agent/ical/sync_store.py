"""What the agent remembers of the business's own calendar, in a SQLite file beside the book.

For every booking that was sent: under which name, which version (ETag), and the digest of what was
sent. And what people wrote there before the agent wrote over it, so that nothing of it is lost.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from plausch.db.file import open_file
from plausch.db.interface import Database, Transaction
from plausch.db.migrate import Step

REMOVAL = "removal"
"""Stands for the text being sent while an entry is being taken away."""
MOST_EDITS = 1_000
"""Of what people wrote, the newest are kept."""

STEPS = (
    Step(
        1,
        "entries sent, edits found",
        (
            """CREATE TABLE sent (
                collection TEXT NOT NULL,
                uid TEXT NOT NULL,
                name TEXT NOT NULL,
                etag TEXT NOT NULL,
                digest TEXT NOT NULL,
                ends_at_s BIGINT NOT NULL,
                sending TEXT NOT NULL,
                PRIMARY KEY (collection, uid),
                UNIQUE (collection, name)
            )""",
            """CREATE TABLE token (
                collection TEXT PRIMARY KEY,
                value TEXT NOT NULL
            )""",
            """CREATE TABLE edit (
                number INTEGER PRIMARY KEY,
                collection TEXT NOT NULL,
                uid TEXT NOT NULL,
                seen_at_s BIGINT NOT NULL,
                text TEXT NOT NULL
            )""",
        ),
    ),
)

_SENT = """SELECT uid, name, etag, digest, ends_at_s, sending FROM sent
    WHERE collection = $1 AND """
_SAVE = """INSERT INTO sent (collection, uid, name, etag, digest, ends_at_s, sending)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (collection, uid) DO UPDATE SET
    name = excluded.name, etag = excluded.etag, digest = excluded.digest,
    ends_at_s = excluded.ends_at_s, sending = excluded.sending"""
_SAVE_PLACE = """INSERT INTO token (collection, value) VALUES ($1, $2)
    ON CONFLICT (collection) DO UPDATE SET value = excluded.value"""


@dataclass(frozen=True, slots=True)
class Sent:
    """An entry as the agent last wrote it; an empty digest means that it must be written again.

    `sending` is the text of which it is not known yet whether it arrived; REMOVAL while it is not
    known whether the entry is gone.
    """

    uid: str
    name: str
    etag: str
    digest: str
    ends_at_s: int
    sending: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody made of a booking's entry in the calendar; an empty text: it was deleted."""

    uid: str
    seen_at_s: int
    text: str


class SyncStore:
    """The memory of one collection, by its address."""

    def __init__(self, database: Database, collection: str) -> None:
        self._database = database
        self._collection = collection

    @classmethod
    async def open(cls, path: Path | str, collection: str) -> Self:
        """Open or create the file. Raises StorageUnavailable, SchemaRefused."""
        return cls(await open_file(path, STEPS), collection)

    async def close(self) -> None:
        """Finish and let go of the file."""
        await self._database.close()

    async def sent(self, since_s: int = 0) -> dict[str, Sent]:
        """Entries that were sent and not taken away again, by uid: those that end from then on."""

        async def work(transaction: Transaction) -> dict[str, Sent]:
            rows = await transaction.fetch(_SENT + "ends_at_s >= $2", self._collection, since_s)
            return {row[0]: Sent(*row) for row in rows}

        return await self._database.read(work)

    async def past(self, before_s: int) -> list[Sent]:
        """Those that ended before a time."""

        async def work(transaction: Transaction) -> list[Sent]:
            rows = await transaction.fetch(_SENT + "ends_at_s < $2", self._collection, before_s)
            return [Sent(*row) for row in rows]

        return await self._database.read(work)

    async def token(self) -> str:
        """Where the last round ended (RFC 6578); empty at the beginning."""

        async def work(transaction: Transaction) -> str:
            rows = await transaction.fetch(
                "SELECT value FROM token WHERE collection = $1", self._collection
            )
            return str(rows[0][0]) if rows else ""

        return await self._database.read(work)

    async def save(self, sent: Sent) -> None:
        """An entry is on the server so."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute(
                _SAVE,
                self._collection,
                sent.uid,
                sent.name,
                sent.etag,
                sent.digest,
                sent.ends_at_s,
                sent.sending,
            )

        await self._database.transact(work)

    async def forget(self, uid: str) -> None:
        """An entry is no longer the agent's."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute(
                "DELETE FROM sent WHERE collection = $1 AND uid = $2", self._collection, uid
            )

        await self._database.transact(work)

    async def save_token(self, token: str) -> None:
        """The round that began at this token is done."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute(_SAVE_PLACE, self._collection, token)

        await self._database.transact(work)

    async def found_edit(self, edit: Edit, sent: Sent) -> None:
        """Keep what somebody wrote, and that the entry has to be written again, in one step.

        The same edit found again (a crash came in between) is kept once.
        """

        async def work(transaction: Transaction) -> None:
            last = await transaction.fetch(
                """SELECT text FROM edit WHERE collection = $1 AND uid = $2
                   ORDER BY number DESC LIMIT 1""",
                self._collection,
                edit.uid,
            )
            known = await transaction.fetch(
                "SELECT digest FROM sent WHERE collection = $1 AND uid = $2",
                self._collection,
                edit.uid,
            )
            repeated = bool(last and last[0][0] == edit.text and known and not known[0][0])
            if not repeated:
                await transaction.execute(
                    "INSERT INTO edit (collection, uid, seen_at_s, text) VALUES ($1, $2, $3, $4)",
                    self._collection,
                    edit.uid,
                    edit.seen_at_s,
                    edit.text,
                )
            await transaction.execute(
                """DELETE FROM edit WHERE number <= (SELECT MAX(number) FROM edit) - $1""",
                MOST_EDITS,
            )
            await transaction.execute(
                _SAVE, self._collection, sent.uid, sent.name, sent.etag, "", sent.ends_at_s, ""
            )

        await self._database.transact(work)

    async def edits(self) -> list[Edit]:
        """What people wrote over the agent's entries, the oldest first."""

        async def work(transaction: Transaction) -> list[Edit]:
            rows = await transaction.fetch(
                "SELECT uid, seen_at_s, text FROM edit WHERE collection = $1 ORDER BY number",
                self._collection,
            )
            return [Edit(*row) for row in rows]

        return await self._database.read(work)


class Texts:
    """The texts in the file, of all collections: what people wrote, and what is on its way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, path: Path | str) -> Self:
        """Open the file. Raises StorageUnavailable, SchemaRefused."""
        return cls(await open_file(path, STEPS))

    async def close(self) -> None:
        """Finish and let go of the file."""
        await self._database.close()

    async def edits(self) -> list[Edit]:
        """What people wrote, the oldest first."""

        async def work(transaction: Transaction) -> list[Edit]:
            rows = await transaction.fetch("SELECT uid, seen_at_s, text FROM edit ORDER BY number")
            return [Edit(*row) for row in rows]

        return await self._database.read(work)

    async def uids(self) -> frozenset[str]:
        """The bookings of which there is a text."""

        async def work(transaction: Transaction) -> frozenset[str]:
            rows = await transaction.fetch(
                "SELECT uid FROM edit UNION SELECT uid FROM sent WHERE sending NOT IN ('', $1)",
                REMOVAL,
            )
            return frozenset(row[0] for row in rows)

        return await self._database.read(work)

    async def forget(self, uids: Collection[str]) -> None:
        """No text of these bookings is kept. Their entries are still known, to be taken away."""

        async def work(transaction: Transaction) -> None:
            for uid in uids:
                await transaction.execute("DELETE FROM edit WHERE uid = $1", uid)
                await transaction.execute(
                    "UPDATE sent SET sending = '' WHERE uid = $1 AND sending <> $2", uid, REMOVAL
                )

        await self._database.transact(work)
