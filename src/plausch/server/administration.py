"""What an operator does to a server by command, beside it while it runs (`plausch accounts`,
`plausch maintenance`). It works on the database alone; the server's processes see it there.

Nothing here shows content: there are counts, sizes and times, as the server knows them.
"""

from typing import NamedTuple

from plausch.base.clock import Clock
from plausch.base.durations import DAY_MS
from plausch.base.errors import LocalError
from plausch.db.interface import Database, Transaction
from plausch.server.devices import release
from plausch.server.store import (
    account,
    allowance,
    backup,
    blob,
    device,
    overview,
    profile,
    regime,
    report,
    suspension,
)
from plausch.server.store.allowance import Drawn
from plausch.server.store.overview import AccountRow, Totals
from plausch.server.store.regime import RegimeRow
from plausch.server.store.report import ReportRow

ACTIVE_MS = 30 * DAY_MS
MOST_CHARACTERS = 500
"""Most characters of what an operator says about a maintenance."""
MOST_MINUTES = 14 * 24 * 60
"""The longest maintenance that an operator may announce."""


class OrderRefused(LocalError):
    """What an operator wants cannot be done."""

    code = "order_refused"


class Shown(NamedTuple):
    """One account."""

    row: AccountRow
    devices: tuple[tuple[str, int, int], ...]
    """(id, listed at, seen at in ms) of each listed device."""
    rates: tuple[Drawn, ...] = ()
    """What it has had lately of what it may have in an hour, a day or the days of retention."""


class Administration:
    """An operator's view of a server, and hand in it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    # --- looking -------------------------------------------------------------------------

    async def accounts(
        self, after: str = "", limit: int = 100, kind: str = "", *, only_suspended: bool = False
    ) -> list[AccountRow]:
        """The next accounts after the named one, oldest first.

        Raises OrderRefused, StorageUnavailable.
        """

        async def body(tx: Transaction) -> list[AccountRow]:
            key = (await _found(tx, after)).key if after else 0
            return await overview.accounts(tx, key, limit, kind, only_suspended=only_suspended)

        return await self._database.read(body)

    async def newest(self, part: str, before: int, limit: int) -> list[AccountRow]:
        """The accounts whose name contains `part` and whose key is below `before`, newest first.

        Raises StorageUnavailable.
        """

        async def body(tx: Transaction) -> list[AccountRow]:
            return await overview.newest(tx, part, before, limit)

        return await self._database.read(body)

    async def reports(self, limit: int) -> list[ReportRow]:
        """Reports, open ones first, newest first. Raises StorageUnavailable."""

        async def body(tx: Transaction) -> list[ReportRow]:
            return await report.newest(tx, limit)

        return await self._database.read(body)

    async def show(self, name: str) -> Shown:
        """One account. Raises OrderRefused, StorageUnavailable."""

        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> Shown:
            row = await _found(tx, name)
            rates = await allowance.of_account(tx, row.key, now_ms)
            return Shown(row, tuple(await device.times(tx, row.key)), tuple(rates))

        return await self._database.read(body)

    async def totals(self) -> Totals:
        """All of the server. Raises StorageUnavailable."""
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> Totals:
            return await overview.totals(tx, now_ms - ACTIVE_MS, now_ms, now_ms - DAY_MS)

        return await self._database.read(body)

    # --- suspending ----------------------------------------------------------------------

    async def suspend(self, name: str) -> AccountRow:
        """Nobody logs in to this account any more; who is connected is sent away within seconds.
        What others write to it waits as for somebody who is away; its public page is not shown.

        Raises OrderRefused, StorageUnavailable.
        """
        return await self._suspension(name, is_suspended=True)

    async def unsuspend(self, name: str) -> AccountRow:
        """It is as before. Raises OrderRefused (it was removed), StorageUnavailable."""
        return await self._suspension(name, is_suspended=False)

    async def _suspension(self, name: str, *, is_suspended: bool) -> AccountRow:
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> AccountRow:
            row = await _found(tx, name)
            if row.is_removed:
                raise OrderRefused(
                    f"{name} was removed, and that is for good.", code="account_removed"
                )
            if is_suspended:
                await suspension.add(tx, row.key, now_ms, is_removed=False)
            else:
                await suspension.end(tx, row.key)
            await regime.revise(tx)
            return await _found(tx, name)

        return await self._database.transact(body, repeatable=True)

    async def remove(self, name: str) -> AccountRow:
        """Take an account off the server for good: its devices are listed no more, key packages,
        mailboxes, backup, wake-ups and public page go at once, its blobs with the next sweep.

        The name stays taken, and the signed device list is still given to whoever has the account
        in a conversation. What it sent stays with those to whom it was sent.
        Raises OrderRefused, StorageUnavailable.
        """
        now_ms = self._clock.now_ms()

        async def body(tx: Transaction) -> AccountRow:
            row = await _found(tx, name)
            await account.lock(tx, row.key)
            for one in await device.of_account(tx, row.key):
                await release(tx, one.key)
            await backup.stop(tx, row.key)
            await profile.hide(tx, row.key)
            await blob.expire(tx, row.key)
            await suspension.add(tx, row.key, now_ms, is_removed=True)
            await regime.revise(tx)
            return await _found(tx, name)

        return await self._database.transact(body, repeatable=True)

    # --- maintenance ---------------------------------------------------------------------

    async def maintenance(self) -> RegimeRow:
        """What is ordered now. Raises StorageUnavailable."""
        return await self._database.read(regime.get)

    async def maintain(self, *, until_ms: int = 0, words: str = "") -> RegimeRow:
        """Nothing new is taken from now on, until `resume`; `until_ms` is what people are told.

        Raises OrderRefused, StorageUnavailable.
        """
        now_ms = self._clock.now_ms()
        said = " ".join(words.split())
        if len(said) > MOST_CHARACTERS or not said.isprintable():
            raise OrderRefused(
                f"What people are told has at most {MOST_CHARACTERS} characters, and no control "
                "characters.",
                code="bad_words",
            )
        if until_ms and until_ms <= now_ms:
            raise OrderRefused("The end of the maintenance has passed already: give a later one.")
        return await self._order(now_ms, until_ms, said)

    async def resume(self) -> RegimeRow:
        """Everything is taken again. Raises StorageUnavailable."""
        return await self._order(0, 0, "")

    async def _order(self, since_ms: int, until_ms: int, words: str) -> RegimeRow:
        async def body(tx: Transaction) -> RegimeRow:
            await regime.maintain(tx, since_ms, until_ms, words)
            return await regime.get(tx)

        return await self._database.transact(body, repeatable=True)


async def _found(tx: Transaction, name: str) -> AccountRow:
    row = await overview.account(tx, name)
    if row is None:
        raise OrderRefused(
            f"There is no account {name} on this server; `plausch accounts list` names all.",
            code="unknown_account",
        )
    return row


def state_of(row: AccountRow) -> str:
    """`open`, `suspended` or `removed`."""
    if row.is_removed:
        return "removed"
    return "suspended" if row.suspended_ms else "open"
