"""Sending: content becomes a message in the history and a debt in the outbox, at once."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from plausch.base.ids import MessageId
from plausch.content.conversation import facts_of
from plausch.content.errors import ContentError
from plausch.content.fork import with_mark
from plausch.content.message_id import message_id
from plausch.content.mimi import SALT_BYTES, MimiContent
from plausch.content.purpose import Purpose, purpose_of
from plausch.sdk.core import Core, Live
from plausch.sdk.errors import SdkError
from plausch.sdk.facts import apply_facts, news_in
from plausch.sdk.history import kind_of, root_of, target_of
from plausch.sdk.membership import demand_participant
from plausch.sdk.message import SentMessage
from plausch.sdk.outbox import Outbox
from plausch.sdk.receive import MS
from plausch.sdk.vault.messages import MessageRow
from plausch.sdk.vault.outbox import EntryKind, new_idempotency_id
from plausch.sdk.vault.vault import Write
from plausch.sdk.whole import whole


def new_salt() -> bytes:
    """16 random bytes: no two messages have the same id."""
    return secrets.token_bytes(SALT_BYTES)


@contextmanager
def sendable() -> Iterator[None]:
    """What content refuses is for the caller to change. Raises SdkError instead."""
    try:
        yield
    except ContentError as error:
        raise SdkError(str(error), code=error.code) from error


@whole
async def compose(
    core: Core, outbox: Outbox, live: Live, content: MimiContent, also: Sequence[Write] = ()
) -> SentMessage:
    """Put a message into history and outbox in one transaction, and start sending. `also` is
    written with it.

    Raises NotParticipant, IdentityChanged, SdkError (content beyond the limits).
    """
    demand_participant(live)
    core.trust.demand_unchanged(live.others(core.address))
    facts = facts_of(content)
    # What is so already is said again for somebody who has come: nothing new for the history.
    repeated = facts is not None and news_in(live.kept, facts) is None
    shown = purpose_of(content) not in (Purpose.STATUS, Purpose.RPC) and not repeated
    async with core.changing(live):
        raw, identifier = await _encoded(core, live, content)
        if shown:  # first: once the message is written, nothing may fail any more
            await core.trust.set_known(live.others(core.address))
        idempotency_id = new_idempotency_id()
        writes: list[Write] = list(also)
        if shown:
            writes += await _in_history(core, live, content, raw, identifier)
        writes.append(
            core.outbox.add(
                live.id,
                EntryKind.MESSAGE,
                raw,
                idempotency_id=idempotency_id,
                message_id=identifier if shown else None,
            )
        )
        sent = SentMessage(live.id, identifier, partial(core.waiter, idempotency_id))
        await core.vault.write(writes)
    outbox.kick(live)
    return sent


async def _encoded(core: Core, live: Live, content: MimiContent) -> tuple[bytes, MessageId]:
    """The bytes and their id; the mark is of the epoch in which it was written."""
    with sendable():
        raw = with_mark(content, core.mark(await core.group(live))).encode()
    return raw, message_id(raw, core.address.uri, core.room_uri(live.id))


async def _in_history(
    core: Core, live: Live, content: MimiContent, raw: bytes, identifier: MessageId
) -> list[Write]:
    now_ms = core.clock.now_ms()
    expires = content.expires
    expires_at_ms = None
    if expires is not None:
        # One's own words count as read when they are written.
        expires_at_ms = expires.time_s * MS + (now_ms if expires.relative else 0)
    row = MessageRow(
        conversation=live.id,
        message_id=identifier,
        seq=None,
        sender=core.address,
        outgoing=True,
        kind=kind_of(content),
        target=await root_of(core.messages, target_of(content)),
        content=raw,
        ordinal_ms=max(now_ms, live.kept.ordinal_ms),
        sent_at_ms=now_ms,
        expires_at_ms=expires_at_ms,
    )
    live.kept.active_at_ms = max(live.kept.active_at_ms, now_ms)
    live.kept.request = False
    facts = facts_of(content)
    if facts is not None:
        apply_facts(live.kept, facts, core.address)
    return [core.messages.add(row), core.conversations.put(live.kept)]


def check_text(text: str) -> str:
    """Raises SdkError when there is nothing to say."""
    if not text.strip():
        raise SdkError("An empty message cannot be sent.", code="empty")
    return text
