"""Table `message`: everything that was said, one row for each content received or sent.

Edits, deletions and reactions are rows too, with the message they are about in `target`; they
are folded together only when the history is read (plausch.sdk.history). `handled` is 0 for what
no consumer of `Client.messages()` has dealt with yet.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.db.interface import Row, Value
from plausch.sdk.franked import Stamped
from plausch.sdk.message import Kind
from plausch.sdk.vault.vault import Vault, Write

_CONTENT = "message.content"
_SELECT = (
    "SELECT position, conversation, message_id, seq, sender, outgoing, kind, target, content, "
    "ordinal_ms, sent_at_ms, expires_at_ms, failure, fork_suspected, handled, stamp, "
    "stamped_device, stamped_at_ms FROM message "
)
_UNSENT_SEQ = 1 << 62
_SHOWN = "kind IN ('text', 'card', 'file', 'other')"


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One row. `position` is 0 before it is written; `seq` None before the server has it;
    `stamped` None for our own and for what the server did not stamp."""

    conversation: ConversationId
    message_id: MessageId
    seq: int | None
    sender: AccountAddress
    outgoing: bool
    kind: Kind
    target: MessageId | None
    content: bytes
    ordinal_ms: int
    sent_at_ms: int
    expires_at_ms: int | None = None
    failure: str = ""
    fork_suspected: bool = False
    handled: bool = True
    position: int = 0
    stamped: Stamped | None = None


class Messages:
    """The vault's messages."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    # --- writing -----------------------------------------------------------------------------

    def add(self, row: MessageRow) -> Write:
        """Keep a message; one that is there already stays as it is."""
        return Write(
            "INSERT INTO message (conversation, message_id, seq, sender, outgoing, kind, target, "
            "content, ordinal_ms, sent_at_ms, expires_at_ms, failure, fork_suspected, handled, "
            "stamp, stamped_device, stamped_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
            "$10, $11, $12, $13, $14, $15, $16, $17) "
            "ON CONFLICT (message_id) DO NOTHING",
            (
                row.conversation,
                row.message_id,
                row.seq,
                row.sender.uri,
                int(row.outgoing),
                row.kind.value,
                row.target,
                self._vault.seal.close(_CONTENT, row.message_id, row.content),
                row.ordinal_ms,
                row.sent_at_ms,
                row.expires_at_ms,
                row.failure,
                int(row.fork_suspected),
                int(row.handled),
                *_stamp_columns(row.stamped),
            ),
        )

    def accepted(self, message_id: MessageId, seq: int, at_ms: int) -> Write:
        """The server has it on disk at `seq` since `at_ms`."""
        return Write(
            "UPDATE message SET seq = $2, ordinal_ms = $3, sent_at_ms = $3, failure = '' "
            "WHERE message_id = $1 AND seq IS NULL",
            (message_id, seq, at_ms),
        )

    def travels_as(self, message_id: MessageId, envelope_hash: bytes) -> Write:
        """SHA-256 of the ciphertext, by which it is recognised when it comes back in the log."""
        return Write(
            "UPDATE message SET envelope_hash = $2 WHERE message_id = $1",
            (message_id, envelope_hash),
        )

    def fail(self, message_id: MessageId, sentence: str) -> Write:
        """It cannot be sent."""
        return Write(
            "UPDATE message SET failure = $2 WHERE message_id = $1 AND seq IS NULL",
            (message_id, sentence),
        )

    def handle_until(self, position: int) -> Write:
        """Everything up to this position was dealt with."""
        return Write(
            "UPDATE message SET handled = 1 WHERE handled = 0 AND position <= $1", (position,)
        )

    def expire(self, now_ms: int) -> Write:
        """Delete what was meant to be gone by now."""
        return Write("DELETE FROM message WHERE expires_at_ms <= $1", (now_ms,))

    def read_begins(self, message_id: MessageId, expires_at_ms: int) -> Write:
        """A message that expires some time after reading was read."""
        return Write(
            "UPDATE message SET expires_at_ms = $2 WHERE message_id = $1 AND expires_at_ms IS NULL",
            (message_id, expires_at_ms),
        )

    # --- reading -----------------------------------------------------------------------------

    async def get(self, message_id: MessageId) -> MessageRow | None:
        """One message. Raises VaultDamaged."""
        rows = await self._select("WHERE message_id = $1", message_id)
        return rows[0] if rows else None

    async def sent_as(self, envelope_hash: bytes) -> MessageRow | None:
        """The message of ours that travelled as this ciphertext."""
        rows = await self._select("WHERE envelope_hash = $1", envelope_hash)
        return rows[0] if rows else None

    async def page(
        self, conversations: Sequence[ConversationId], limit: int, before: MessageRow | None
    ) -> list[MessageRow]:
        """The last `limit` shown messages before one (or at all), oldest first."""
        found: list[MessageRow] = []
        for conversation in conversations:
            values: tuple[Value, ...] = (conversation, limit, _UNSENT_SEQ)
            where = "WHERE conversation = $1 AND " + _SHOWN
            if before is not None:
                where += " AND (ordinal_ms, COALESCE(seq, $3), position) < ($4, $5, $6)"
                values += _order(before)
            found += await self._select(
                where + " ORDER BY ordinal_ms DESC, COALESCE(seq, $3) DESC, position DESC LIMIT $2",
                *values,
            )
        return sorted(found, key=_order)[-limit:]

    async def about(
        self, conversations: Sequence[ConversationId], targets: Sequence[MessageId]
    ) -> list[MessageRow]:
        """Edits, deletions and reactions that name one of these, in the order of the log.

        Only those said in these conversations: what is said elsewhere, not all who read the
        message have heard.
        """
        found: list[MessageRow] = []
        for target in targets:
            found += await self._select("WHERE target = $1 AND failure = ''", target)
        return sorted((row for row in found if row.conversation in conversations), key=_order)

    async def unhandled(self, limit: int) -> list[MessageRow]:
        """The oldest that nobody has dealt with."""
        return await self._select("WHERE handled = 0 ORDER BY position LIMIT $1", limit)

    async def incoming(
        self, conversations: Sequence[ConversationId], after_seq: int, up_to_seq: int
    ) -> list[MessageRow]:
        """Shown messages of others in a stretch of the log."""
        found: list[MessageRow] = []
        for conversation in conversations:
            found += await self._select(
                "WHERE conversation = $1 AND outgoing = 0 AND seq > $2 AND seq <= $3 AND "
                + _SHOWN
                + " ORDER BY seq",
                conversation,
                after_seq,
                up_to_seq,
            )
        return found

    async def outgoing(
        self, conversation: ConversationId, after_seq: int, up_to_seq: int
    ) -> list[MessageRow]:
        """Shown messages of ours in a stretch of the log."""
        return await self._select(
            "WHERE conversation = $1 AND outgoing = 1 AND seq > $2 AND seq <= $3 AND "
            + _SHOWN
            + " ORDER BY seq",
            conversation,
            after_seq,
            up_to_seq,
        )

    async def last_of_siblings_ms(
        self, conversations: Sequence[ConversationId], besides: Collection[str] = ()
    ) -> int:
        """When another device of this account last said something that is shown; 0 for never.

        What this device said itself has travelled as a ciphertext that it knows. What the devices
        `besides` said, by the server's stamp, does not count.
        """
        found = 0
        places = ", ".join(f"${number}" for number in range(2, len(besides) + 2))
        others = f"COALESCE(stamped_device, '') NOT IN ({places}) AND " if places else ""
        for conversation in conversations:
            rows = await self._vault.fetch(
                "SELECT sent_at_ms FROM message WHERE conversation = $1 AND outgoing = 1 AND "  # nosec B608: names of ours
                "envelope_hash IS NULL AND seq IS NOT NULL AND "
                + others
                + _SHOWN
                + " ORDER BY ordinal_ms DESC LIMIT 1",
                conversation,
                *besides,
            )
            found = max([found, *(row[0] for row in rows)])
        return found

    async def facts_after(self, position: int) -> list[MessageRow]:
        """What was said of the team after a position, in the order in which it was learnt."""
        return await self._select(
            "WHERE kind = 'team' AND position > $1 ORDER BY position", position
        )

    async def last_outgoing(self) -> dict[ConversationId, int]:
        """The seq of the last message of ours in each conversation."""
        rows = await self._vault.fetch(
            "SELECT conversation, MAX(seq) FROM message "
            "WHERE outgoing = 1 AND seq IS NOT NULL GROUP BY conversation"
        )
        return {ConversationId(conversation): seq for conversation, seq in rows}

    async def _select(self, where: str, *values: Value) -> list[MessageRow]:
        rows = await self._vault.fetch(_SELECT + where, *values)
        return [self._row(row) for row in rows]

    def _row(self, row: Row) -> MessageRow:
        (
            position,
            conversation,
            message_id,
            seq,
            sender,
            outgoing,
            kind,
            target,
            content,
            ordinal_ms,
            sent_at_ms,
            expires_at_ms,
            failure,
            fork_suspected,
            handled,
            stamp,
            device,
            at_ms,
        ) = row
        return MessageRow(
            ConversationId(conversation),
            MessageId(message_id),
            seq,
            AccountAddress.parse_uri(sender),
            bool(outgoing),
            Kind(kind),
            MessageId(target) if target is not None else None,
            self._vault.seal.open(_CONTENT, message_id, content),
            ordinal_ms,
            sent_at_ms,
            expires_at_ms,
            failure,
            bool(fork_suspected),
            bool(handled),
            position,
            None if stamp is None else Stamped(device, at_ms, stamp),
        )


def _stamp_columns(stamped: Stamped | None) -> tuple[Value, Value, Value]:
    if stamped is None:
        return None, None, None
    return stamped.stamp, stamped.device, stamped.accepted_at_ms


def _order(row: MessageRow) -> tuple[int, int, int]:
    return row.ordinal_ms, row.seq if row.seq is not None else _UNSENT_SEQ, row.position
