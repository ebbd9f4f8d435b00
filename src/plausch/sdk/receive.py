"""What a decrypted message means: rows to write and events to tell, nothing done yet."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from plausch.base.errors import PlauschError, RemoteError
from plausch.base.ids import AccountAddress, DeviceAddress, MessageId
from plausch.content.conversation import Facts, facts_of
from plausch.content.fork import EpochMark, is_fork, mark_of
from plausch.content.message_id import message_id
from plausch.content.mimi import MimiContent, check_origin, decode
from plausch.content.purpose import Purpose, purpose_of
from plausch.content.rpc import rpc_of
from plausch.content.status import Status, statuses_of
from plausch.content.team import fact_of
from plausch.sdk.core import Core, Live
from plausch.sdk.events import (
    Event,
    ForkSuspected,
    MessageChanged,
    MessageReceived,
    StatusChanged,
    TeamSpoke,
)
from plausch.sdk.facts import apply_facts, demand_sayable, news_in
from plausch.sdk.franked import check_frank, check_sender, mark_in, stamped_by, unstamped
from plausch.sdk.history import SHOWN, kind_of, root_of, state_of, stored, target_of
from plausch.sdk.message import Kind, State
from plausch.sdk.vault.messages import MessageRow
from plausch.sdk.vault.spoken import SpokenRow
from plausch.sdk.vault.vault import Write
from plausch.wire.frames import Envelope

MS = 1000


@dataclass
class Outcome:
    """What follows from a stretch of the log: written in one transaction, then told.

    `paid`: outbox entries found in the log, with their seq. `fresh`: messages of others.
    """

    writes: list[Write] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    paid: list[tuple[bytes, int]] = field(default_factory=list)
    epoch_moved: bool = False
    seen: set[MessageId] = field(default_factory=set)
    fresh: dict[MessageId, MessageRow] = field(default_factory=dict)

    def not_believed(self, core: Core, live: Live, seq: int, error: PlauschError) -> None:
        """Junk must not wedge the log: note it and go on."""
        writes, event = core.problem(live.id, seq, error)
        self.writes += writes
        self.events.append(event)


@dataclass(frozen=True, slots=True)
class Opened:
    """A decrypted application message: which device wrote it, what, and the mark beside it."""

    device: DeviceAddress
    epoch: int
    plaintext: bytes
    authenticated: bytes

    @property
    def sender(self) -> AccountAddress:
        """The account that wrote it."""
        return self.device.account


def envelope_hash(ciphertext: bytes) -> bytes:
    """By which our own ciphertext is recognised in the log."""
    return hashlib.sha256(ciphertext).digest()


def ordinal_ms(live: Live, accepted_at_ms: int) -> int:
    """The server's time, never running backwards within one log."""
    live.kept.ordinal_ms = max(live.kept.ordinal_ms, accepted_at_ms)
    return live.kept.ordinal_ms


async def own_came_back(core: Core, live: Live, envelope: Envelope, outcome: Outcome) -> bool:
    """Recognise a message of ours in the log: then it is sent, whatever became of the answer."""
    row = await core.messages.sent_as(envelope_hash(envelope.message))
    if row is None or row.conversation != live.id:
        return False
    at_ms = ordinal_ms(live, envelope.accepted_at_ms)
    outcome.writes.append(core.messages.accepted(row.message_id, envelope.seq, at_ms))
    entry = await core.outbox.for_message(row.message_id)
    if entry is not None:
        outcome.writes.append(core.outbox.delete(entry.idempotency_id))
        outcome.paid.append((entry.idempotency_id, envelope.seq))
    if row.seq is None:
        outcome.events.append(StatusChanged(live.id, row.message_id, State.SENT))
    return True


async def take_content(
    core: Core, live: Live, envelope: Envelope, opened: Opened, outcome: Outcome
) -> None:
    """Sort a decrypted message into the vault.

    Raises ContentError, RemoteError (a replay; a message that could not be reported).
    """
    check_frank(opened.authenticated, opened.plaintext)
    check_sender(envelope, opened.sender)
    content = decode(opened.plaintext)
    room = core.room_uri(live.id)
    check_origin(content, opened.sender.uri, room)
    identifier = message_id(opened.plaintext, opened.sender.uri, room)
    purpose = purpose_of(content)
    if purpose is Purpose.NOTHING:
        return
    if purpose is Purpose.STATUS:
        await _take_status(core, live, opened.sender, content, envelope, outcome)
        return
    if purpose in (Purpose.RPC, Purpose.TEAM) and not _is_team(core, live, opened):
        return
    if purpose is Purpose.RPC:
        _take_rpc(core, live, envelope, opened, content, outcome)
        return
    if purpose is Purpose.TEAM:
        fact_of(content)  # before anything is kept: it may be malformed
    if identifier in outcome.seen or await core.messages.get(identifier) is not None:
        raise RemoteError(
            f"A message of {opened.sender} came a second time and is shown once.",
            code="replayed_content",
        )
    outcome.seen.add(identifier)
    facts = facts_of(content)  # before anything is kept: it may be malformed
    news = None if facts is None else news_in(live.kept, facts)
    if facts is not None and news is None:
        return
    if news is not None:
        demand_sayable(live.kept, news, opened.sender)
    fork = _fork(live, content, opened, outcome)
    row = await _row(core, live, envelope, opened, content, identifier, fork)
    if row.stamped is None and not row.outgoing:
        outcome.not_believed(core, live, envelope.seq, unstamped())
    outcome.writes.append(core.messages.add(row))
    if not row.outgoing:
        outcome.fresh[identifier] = row
    _tell(live, row, news, outcome)


async def _row(
    core: Core,
    live: Live,
    envelope: Envelope,
    opened: Opened,
    content: MimiContent,
    identifier: MessageId,
    fork: bool,
) -> MessageRow:
    outgoing = opened.sender == core.address
    at_ms = ordinal_ms(live, envelope.accepted_at_ms)
    expires = content.expires
    absolute = expires is not None and not expires.relative
    return MessageRow(
        conversation=live.id,
        message_id=identifier,
        seq=envelope.seq,
        sender=opened.sender,
        outgoing=outgoing,
        kind=kind_of(content),
        target=await root_of(core.messages, target_of(content)),
        content=opened.plaintext,
        ordinal_ms=at_ms,
        sent_at_ms=at_ms,
        expires_at_ms=expires.time_s * MS if expires is not None and absolute else None,
        fork_suspected=fork,
        handled=outgoing,
        stamped=stamped_by(envelope),
    )


def _tell(live: Live, row: MessageRow, news: Facts | None, outcome: Outcome) -> None:
    live.kept.active_at_ms = max(live.kept.active_at_ms, row.sent_at_ms)
    if news is not None:
        outcome.events += apply_facts(live.kept, news, row.sender)
    elif row.kind in SHOWN:
        state = State.SENT if row.outgoing else State.RECEIVED
        outcome.events.append(MessageReceived(stored(row, state)))
    elif row.kind is Kind.TEAM:
        outcome.events.append(TeamSpoke(live.id))
    elif row.target is not None:
        outcome.events.append(MessageChanged(live.id, row.target, row.sender))


def _is_team(core: Core, live: Live, opened: Opened) -> bool:
    """Whether it may be machinery at all: of this account's own devices, among themselves.

    From anybody else, or anywhere else, it is nothing: neither obeyed nor shown.
    """
    return opened.sender == core.address and live.kept.participants == (core.address,)


def _take_rpc(
    core: Core,
    live: Live,
    envelope: Envelope,
    opened: Opened,
    content: MimiContent,
    outcome: Outcome,
) -> None:
    """Kept for the program that deals with it; no entry of a history."""
    rpc_of(content)
    if opened.device != core.device:
        row = SpokenRow(
            live.id, envelope.seq, opened.device, opened.plaintext, envelope.accepted_at_ms
        )
        outcome.writes += core.spoken.add(row)
        outcome.events.append(TeamSpoke(live.id))


def _fork(live: Live, content: MimiContent, opened: Opened, outcome: Outcome) -> bool:
    """Whether the sender's mark names another branch of the group than this device's."""
    marks = [mark_of(content)]
    if opened.authenticated:
        marks.append(EpochMark(opened.epoch, mark_in(opened.authenticated)))
    forked = any(mark is not None and is_fork(mark, live.authenticators) for mark in marks)
    if forked:
        outcome.events.append(ForkSuspected(live.id, opened.sender))
    return forked


async def _take_status(
    core: Core,
    live: Live,
    sender: AccountAddress,
    content: MimiContent,
    envelope: Envelope,
    outcome: Outcome,
) -> None:
    """Note what another participant says of messages; told where a state changes by it."""
    statuses = statuses_of(content) or ()
    if sender == core.address:
        await _read_elsewhere(core, live, statuses, outcome)
        return
    for identifier, status in statuses:
        if status not in (Status.DELIVERED, Status.READ):
            continue
        row = await core.messages.get(identifier)
        if row is None or row.conversation != live.id or not row.outgoing or row.seq is None:
            continue
        outcome.writes.append(
            core.marks.report(identifier, sender, status, envelope.accepted_at_ms)
        )
        reports = (await core.marks.reports([identifier])).get(identifier, {})
        reached = await core.marks.reached(live.id)
        others = live.others(core.address)
        before = state_of(row, others, reached, reports)
        after = state_of(row, others, reached, {**reports, sender.uri: status})
        if before is not after:
            outcome.events.append(StatusChanged(live.id, identifier, after))


async def _read_elsewhere(
    core: Core, live: Live, statuses: Iterable[tuple[MessageId, int]], outcome: Outcome
) -> None:
    """What another device of this account has read: here, too, its time begins, and nothing is
    said of it again."""
    now_ms = core.clock.now_ms()
    for identifier, status in statuses:
        row = outcome.fresh.get(identifier) or await core.messages.get(identifier)
        is_here = row is not None and row.conversation == live.id and not row.outgoing
        if row is not None and is_here and status == Status.READ:
            outcome.writes.append(core.marks.report(identifier, core.address, status, now_ms))
            outcome.writes += reading_begins(core, row, now_ms)


def reading_begins(core: Core, row: MessageRow, now_ms: int) -> list[Write]:
    """The time of a message that expires some time after it was read begins."""
    expires = decode(row.content).expires
    if expires is None or not expires.relative:
        return []
    return [core.messages.read_begins(row.message_id, now_ms + expires.time_s * MS)]
