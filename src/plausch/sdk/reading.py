"""Reading: the history as people see it, and telling the others that it was read."""

from collections.abc import Sequence

from plausch.base.ids import ConversationId, MessageId
from plausch.content.status import MAX_STATUSES, Status, status_message
from plausch.sdk.composing import compose, new_salt
from plausch.sdk.core import Core, Live
from plausch.sdk.errors import SdkError
from plausch.sdk.history import fold, state_of, without_withdrawn
from plausch.sdk.message import Kind, StoredMessage
from plausch.sdk.outbox import Outbox
from plausch.sdk.receive import reading_begins
from plausch.sdk.vault.messages import MessageRow

HISTORY_LIMIT = 1_000


async def read_history(
    core: Core, conversations: Sequence[ConversationId], limit: int, before: MessageId | None
) -> list[StoredMessage]:
    """The last `limit` messages of conversations shown as one. Raises SdkError."""
    if not 1 <= limit <= HISTORY_LIMIT:
        raise SdkError(f"A history is read in pieces of 1 to {HISTORY_LIMIT} messages.")
    anchor = None
    if before is not None:
        anchor = await core.messages.get(before)
        if anchor is None:
            raise SdkError("The message to read before is not in the vault.")
    rows = await core.messages.page(conversations, limit, anchor)
    return await folded(core, conversations, rows)


async def folded(
    core: Core, conversations: Sequence[ConversationId], rows: Sequence[MessageRow]
) -> list[StoredMessage]:
    """Rows of conversations with everything that was later said there about them."""
    changes = await core.messages.about(conversations, [row.message_id for row in rows])
    reactions = [row.message_id for row in changes if row.kind is Kind.REACTION]
    withdrawals = await core.messages.about(conversations, reactions)
    changes = without_withdrawn(changes, withdrawals)
    reports = await core.marks.reports([row.message_id for row in rows if row.outgoing])
    messages = []
    for row in rows:
        live = core.lives[row.conversation]
        reached = await core.marks.reached(row.conversation) if row.outgoing else {}
        told = reports.get(row.message_id, {})
        state = state_of(row, live.others(core.address), reached, told)
        about = [change for change in changes if change.target == row.message_id]
        messages.append(fold(row, about, state))
    return messages


async def mark_read(core: Core, outbox: Outbox, live: Live, up_to: MessageId | None) -> None:
    """Note how far was read; tell the senders, unless they are strangers."""
    up_to_seq = live.kept.cursor
    if up_to is not None:
        row = await core.messages.get(up_to)
        if row is None or row.conversation != live.id:
            return
        up_to_seq = row.seq or 0
    after_seq = live.kept.read_seq
    if up_to_seq <= after_seq:
        return
    rows = await core.messages.incoming([live.id], after_seq, up_to_seq)
    now_ms = core.clock.now_ms()
    writes = []
    for row in rows:
        writes += reading_begins(core, row, now_ms)
    async with core.changing(live):
        live.kept.read_seq = max(live.kept.read_seq, up_to_seq)
        await core.vault.write([core.conversations.put(live.kept), *writes])
    if live.kept.request or live.kept.state not in ("open", "broken"):
        return
    told = await core.marks.reports([row.message_id for row in rows])
    fresh = [
        row.message_id
        for row in rows
        if told.get(row.message_id, {}).get(core.address.uri) != Status.READ
    ]
    for start in range(0, len(fresh), MAX_STATUSES):
        statuses = [(one, Status.READ) for one in fresh[start : start + MAX_STATUSES]]
        await compose(core, outbox, live, status_message(statuses, salt=new_salt()))
