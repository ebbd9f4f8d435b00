"""Welcomes: becoming a member of a conversation that somebody else added us to."""

from plausch.base.errors import RemoteError
from plausch.base.ids import AccountAddress, ConversationId
from plausch.mls.group import StagedJoin, join
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.welcome_header import welcome_references
from plausch.sdk.core import Core, Live
from plausch.sdk.events import ConversationJoined, Event
from plausch.sdk.membership import members_of
from plausch.sdk.roles import admins_in
from plausch.sdk.vault.conversations import KeptConversation
from plausch.sdk.vault.key_packages import KeptKeyPackage
from plausch.sdk.vault.vault import Write
from plausch.sdk.whole import whole
from plausch.wire import frames as f

LAST_EPOCH = f.MAX_INTEGER // 2
"""The last epoch that this device enters by a Welcome: those after it fit on the wire and into the
vault, whoever counts them up."""


class Joining:
    """Takes Welcomes from the mailbox, in order; each exactly once."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @whole
    async def take(
        self, item: f.MailboxItem, *, is_anew: bool = False, acknowledge: bool = True
    ) -> Live | None:
        """Join, or note why not; either way the item is done. The new conversation, if any.

        An item that seems to be taken already is tried all the same: the number of an earlier one
        may have been a lie. Of a conversation that this device is in, the log was read up to the
        item's Commit; `is_anew`: it says that this device is in only after that. `acknowledge`:
        the server may forget the item and all before it. Raises Unreachable when an account cannot
        be looked up now: the item stays.
        """
        before = self._core.lives.get(ConversationId(item.conversation))
        if before is None:
            return await self._take(item, None, is_anew, acknowledge)
        # Whoever still holds the conversation that was left goes on with the one joined again.
        async with self._core.changing(before):
            return await self._take(item, before, is_anew, acknowledge)

    async def _take(
        self, item: f.MailboxItem, before: Live | None, is_anew: bool, acknowledge: bool
    ) -> Live | None:
        core = self._core
        again = item.item <= core.own.mailbox
        joined: Live | None = None
        events: list[Event] = []
        try:
            joined, writes, events = await self._join(item, before, is_anew)
        except RemoteError as error:
            writes = []
            if not again:
                writes, event = core.problem(ConversationId(item.conversation), item.seq, error)
                events.append(event)
        place = core.own.mailbox if again and joined is None else item.item
        await core.vault.write([*writes, core.own_table.set_mailbox(place)])
        core.set_mailbox(place)
        live = None if joined is None else _entered(core, joined, before)
        if acknowledge:
            core.transport.tell(f.AcknowledgeMailbox(item.item))
        for event in events:
            core.feed.tell(event)
        return live

    async def _join(
        self, item: f.MailboxItem, before: Live | None, is_anew: bool
    ) -> tuple[Live, list[Write], list[Event]]:
        core = self._core
        conversation = ConversationId(item.conversation)
        is_in = before is not None and not (before.kept.is_over or before.kept.state == "broken")
        if is_in and not is_anew:
            raise RemoteError(
                "A Welcome came for a conversation that this device is already in; ignored.",
                code="welcome_repeated",
            )
        kept, staged = await self._open(item)
        if staged.group_id != conversation:
            raise RemoteError(
                "A Welcome was delivered as one for another conversation than it is for; ignored.",
                code="welcome_misplaced",
            )
        if before is not None and staged.context.epoch <= before.kept.epoch:
            raise RemoteError(
                "A Welcome came for an epoch that is over; going back is refused.",
                code="welcome_outdated",
            )
        if staged.context.epoch > LAST_EPOCH:
            raise RemoteError(
                f"A Welcome came for epoch {staged.context.epoch}, which no conversation reaches; "
                "ignored.",
                code="welcome_epoch",
            )
        inviter = core.trust.device(staged.sender.credential).account
        if before is not None and is_in and inviter not in before.kept.participants:
            # Only the server says that this device was removed; it must not be able to hand the
            # conversation to whom it likes.
            raise RemoteError(
                f"A Welcome of {inviter} came for a conversation that this device is in and "
                f"{inviter} is not; ignored. Ask a participant to remove this device and to add it "
                "again.",
                code="welcome_stranger",
            )
        admins = admins_in(staged.context.extensions)
        group = staged.accept()
        live = Live(self._row(item, inviter, before), head=item.seq, group=group)
        live.kept.set_members(tuple(sorted(members_of(core, group))))
        live.kept.epoch, live.kept.admins = group.epoch, admins
        writes = [
            core.conversations.put(live.kept),
            *core.save_group(live, epoch_moved=True),
            core.key_packages.spend(kept),
        ]
        return live, writes, [ConversationJoined(live.id, inviter, live.kept.request)]

    async def _open(self, item: f.MailboxItem) -> tuple[KeptKeyPackage, StagedJoin]:
        core = self._core
        kept = await core.key_packages.find(list(welcome_references(item.welcome)))
        if kept is None:
            raise RemoteError(
                "A Welcome came for a key package that this device does not hold (any more).",
                code="welcome_unknown_key_package",
            )
        bundle = KeyPackageBundle.load(kept.bundle)
        staged = await core.judged(lambda judge: join(item.welcome, bundle, judge, core.now_s()))
        return kept, staged

    def _row(
        self, item: f.MailboxItem, inviter: AccountAddress, before: Live | None
    ) -> KeptConversation:
        core = self._core
        account = core.trust.account(inviter)
        known = account is not None and (account.known or inviter == core.address)
        row = KeptConversation(
            id=ConversationId(item.conversation),
            state="open",
            request=not known,
            title="",
            members=(),
            cursor=item.seq,
            active_at_ms=item.accepted_at_ms,
            ordinal_ms=item.accepted_at_ms,
        )
        if before is not None:
            row.title = before.kept.title
            row.picture = before.kept.picture
            row.read_seq = before.kept.read_seq
            row.ordinal_ms = max(row.ordinal_ms, before.kept.ordinal_ms)
        return row


def _entered(core: Core, joined: Live, before: Live | None) -> Live:
    """The conversation in memory, as it was joined."""
    if before is None:
        core.lives[joined.id] = joined
        return joined
    before.kept, before.group = joined.kept, joined.group
    before.head = max(before.head, joined.head)
    before.authenticators = joined.authenticators
    before.leaving.clear()
    before.tried.clear()
    return before
