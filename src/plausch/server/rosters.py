"""Who is in each conversation, remembered in memory.

An epoch's members never change, and every write compares the epoch in the database: a roster that
another server process has made stale is noticed there, never trusted.
"""

from collections import OrderedDict

from plausch.base.ids import ConversationId
from plausch.db.interface import Database, Transaction
from plausch.server.records import Member, Roster
from plausch.server.store import conversation, member

REMEMBERED = 50_000
REMEMBERED_MEMBERS = 500_000
"""Of all these rosters together, some 250 MiB; those used last are kept."""


class Rosters:
    """The rosters of the conversations used last."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[bytes, Roster] = OrderedDict()
        self._members = 0

    def known(self, public_id: bytes) -> Roster | None:
        """The roster, if it is in memory."""
        roster = self._known.get(public_id)
        if roster is not None:
            self._known.move_to_end(public_id)
        return roster

    async def get(self, public_id: bytes) -> Roster | None:
        """The roster, from memory or the database; None: there is no such conversation."""
        return self.known(public_id) or await self.load(public_id)

    async def load(self, public_id: bytes) -> Roster | None:
        """The roster as the database has it now. Raises StorageUnavailable."""

        async def body(tx: Transaction) -> Roster | None:
            standing = await conversation.find(tx, public_id)
            if standing is None:
                return None
            members = await member.of(tx, standing.key)
            return roster_of(standing.key, public_id, standing.epoch, standing.suite, members)

        roster = await self._database.read(body)
        return None if roster is None else self.remember(roster)

    def remember(self, roster: Roster) -> Roster:
        """Keep a roster unless a newer one is known; the newer one."""
        known = self._known.get(roster.conversation)
        if known is not None and known.epoch > roster.epoch:
            return known
        self._known[roster.conversation] = roster
        self._known.move_to_end(roster.conversation)
        self._members += len(roster.members) - (0 if known is None else len(known.members))
        self._forget_oldest()
        return roster

    def forget(self, public_id: bytes) -> None:
        """It is not true any more, and not because a newer one is known."""
        known = self._known.pop(public_id, None)
        if known is not None:
            self._members -= len(known.members)

    def _forget_oldest(self) -> None:
        while len(self._known) > 1 and (
            len(self._known) > REMEMBERED or self._members > REMEMBERED_MEMBERS
        ):
            _, oldest = self._known.popitem(last=False)
            self._members -= len(oldest.members)


def roster_of(key: int, public_id: bytes, epoch: int, suite: int, members: list[Member]) -> Roster:
    """A roster from its parts; `members` are all leaves."""
    listed = [one for one in members if one.listed]
    return Roster(
        key,
        ConversationId(public_id),
        epoch,
        suite,
        {one.device_key: one for one in listed},
        tuple([one.uri for one in listed]),
        frozenset([one.account_key for one in members]),
    )
