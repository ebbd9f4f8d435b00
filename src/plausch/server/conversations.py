"""Conversations: how one begins, who is in it, its current GroupInfo."""

import hashlib

from plausch.base.clock import Clock
from plausch.base.durations import DAY_MS, HOUR_MS
from plausch.base.ids import NameRefused, parse_conversation_id
from plausch.db.interface import ConstraintViolated, Database, Transaction
from plausch.mls.errors import ProtocolError
from plausch.mls.handshake import PublicEpoch, check_first_group_info
from plausch.server.checks import Checks
from plausch.server.errors import Refusal, unknown_conversation, unlisted
from plausch.server.leaves import device_of_leaf
from plausch.server.limits import Limits
from plausch.server.records import DeviceRecord, Member, Roster
from plausch.server.rosters import Rosters, roster_of
from plausch.server.store import conversation, cursor, device, group_info, member, stay


class Conversations:
    """The conversations of one server."""

    def __init__(self, database: Database, clock: Clock, limits: Limits, rosters: Rosters) -> None:
        self._database, self._clock, self._limits = database, clock, limits
        self._rosters = rosters
        self._checks = Checks(clock, limits)

    async def create(self, creator: DeviceRecord, public_id: bytes, group_info_raw: bytes) -> None:
        """A new conversation at epoch 0 with this device as its only member.

        The same bytes again are accepted again. Raises Refusal `bad_conversation`,
        `bad_group_info`, `too_large`, `conversation_exists`, `rate_limited`, `unknown_device`.
        """
        epoch = await self._checks.run(
            creator.account_key, lambda: self._check(creator, public_id, group_info_raw)
        )
        now_ms = self._clock.now_ms()
        digest = hashlib.sha256(group_info_raw).digest()
        leaf = epoch.members[0]
        only = Member(
            creator.key, creator.uri, creator.account_key, leaf.leaf_index, leaf.signature_key
        )
        suite = epoch.context.cipher_suite

        async def body(tx: Transaction) -> Roster | None:
            if not await device.hold(tx, creator.key):
                raise unlisted()
            known = await conversation.find(tx, public_id)
            if known is not None:
                if await conversation.origin(tx, known.key) != (creator.key, digest):
                    raise _taken()
                return None
            made = await conversation.created_since(tx, creator.key, now_ms - DAY_MS)
            if made >= self._limits.conversations_per_device_per_day:
                raise Refusal(
                    "rate_limited",
                    f"This device has begun {made} conversations in 24 hours: wait a while.",
                    retry_after_ms=HOUR_MS,
                )
            key = await conversation.add(tx, public_id, suite, digest, creator.key, now_ms)
            await group_info.add(tx, key, group_info_raw)
            await member.add(tx, key, [only])
            await stay.begin(tx, key, [creator.key], 1)
            await cursor.begin(tx, key, [creator.key], 0)
            return roster_of(key, public_id, 0, suite, [only])

        try:
            roster = await self._database.transact(body, repeatable=True)
        except ConstraintViolated:  # PostgreSQL: created by another request just now
            try:
                roster = await self._database.transact(body, repeatable=True)
            except ConstraintViolated:  # another id has the same key
                raise _taken() from None
        if roster is not None:
            self._rosters.remember(roster)

    async def group_info(self, asker: DeviceRecord, public_id: bytes) -> bytes:
        """The current GroupInfo, for a device of a participant.

        Raises Refusal `unknown_conversation`.
        """
        roster = await self._rosters.load(public_id)
        if roster is None or asker.account_key not in roster.accounts:
            raise unknown_conversation()

        async def body(tx: Transaction) -> bytes:
            return await group_info.get(tx, roster.conversation_key)

        return await self._database.read(body)

    def _check(self, creator: DeviceRecord, public_id: bytes, raw: bytes) -> PublicEpoch:
        """The first epoch. Raises Refusal."""
        try:
            parse_conversation_id(public_id)
        except NameRefused as error:
            raise Refusal("bad_conversation", str(error)) from error
        most = self._limits.first_group_info_bytes
        if len(raw) > most:
            raise Refusal(
                "too_large",
                f"The GroupInfo of a new conversation has {len(raw)} bytes; {most} is the most.",
            )
        try:
            epoch = check_first_group_info(raw)
            if epoch.context.group_id != public_id:
                raise Refusal("bad_group_info", "The GroupInfo is for another conversation.")
            if len(epoch.members) != 1:
                raise Refusal(
                    "bad_group_info",
                    "A new conversation has its creator as the only member; add others by Commit.",
                )
            uri = device_of_leaf(epoch.members[0].leaf_node, self._clock.now_ms() // 1000)
        except ProtocolError as error:
            raise Refusal("bad_group_info", f"The GroupInfo cannot be accepted: {error}") from error
        if (uri, epoch.members[0].signature_key) != (creator.uri, creator.signature_key):
            raise Refusal("bad_group_info", "The only member is not the device that creates it.")
        return epoch


def _taken() -> Refusal:
    return Refusal(
        "conversation_exists",
        "There is a conversation of this id already: choose another random id.",
    )
