"""Table `outbox`: what this device still owes the server, in order."""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from plausch.base.ids import ConversationId, MessageId
from plausch.db.interface import Row
from plausch.sdk.vault.vault import Vault, Write

_INTENT = "outbox.intent"
_SELECT = (
    "SELECT conversation, kind, message_id, idempotency_id, intent, epoch, payload FROM outbox "
)
IDEMPOTENCY_BYTES = 16


def new_idempotency_id() -> bytes:
    """16 random bytes, by which the server recognises a retry."""
    return secrets.token_bytes(IDEMPOTENCY_BYTES)


class EntryKind(StrEnum):
    """What an entry does."""

    CREATE = "create"
    """Create the conversation on the server; the payload is its GroupInfo."""
    CHANGE = "change"
    """A Commit; the intent says what it shall change (membership.Intent)."""
    MESSAGE = "message"
    """An application message; the intent is its MIMI content."""
    LEAVE = "leave"
    """A proposal to remove this device."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One debt, named by its idempotency id.

    `payload` travels as it is when `epoch` is still the group's epoch.
    """

    conversation: ConversationId
    kind: EntryKind
    message_id: MessageId | None
    idempotency_id: bytes
    intent: bytes
    epoch: int = -1
    payload: bytes = b""


class OutboxTable:
    """The vault's outbox."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(
        self,
        conversation: ConversationId,
        kind: EntryKind,
        intent: bytes,
        *,
        idempotency_id: bytes,
        message_id: MessageId | None = None,
        payload: bytes = b"",
    ) -> Write:
        """Append an entry; `idempotency_id` is `new_idempotency_id()`."""
        return Write(
            "INSERT INTO outbox (conversation, kind, message_id, idempotency_id, intent, epoch, "
            "payload) VALUES ($1, $2, $3, $4, $5, -1, $6)",
            (
                conversation,
                kind.value,
                message_id,
                idempotency_id,
                self._vault.seal.close(_INTENT, idempotency_id, intent),
                payload,
            ),
        )

    def set_payload(self, idempotency_id: bytes, epoch: int, payload: bytes) -> Write:
        """What travels, bound to an epoch; written together with the group's new state."""
        return Write(
            "UPDATE outbox SET epoch = $2, payload = $3 WHERE idempotency_id = $1",
            (idempotency_id, epoch, payload),
        )

    def delete(self, idempotency_id: bytes) -> Write:
        """The debt is paid, or cannot be."""
        return Write("DELETE FROM outbox WHERE idempotency_id = $1", (idempotency_id,))

    async def first(self, conversation: ConversationId) -> Entry | None:
        """What to pay next in a conversation: the oldest. Raises VaultDamaged.

        A Commit that is made already goes before it: there is one at a time, and it may have
        arrived.
        """
        rows = await self._select(
            "WHERE conversation = $1 AND kind = 'change' AND length(payload) > 0 LIMIT 1",
            conversation,
        ) or await self._select("WHERE conversation = $1 ORDER BY entry LIMIT 1", conversation)
        return rows[0] if rows else None

    async def get(self, idempotency_id: bytes) -> Entry | None:
        """The entry with this idempotency id, if it is still owed."""
        rows = await self._select("WHERE idempotency_id = $1", idempotency_id)
        return rows[0] if rows else None

    async def for_message(self, message_id: MessageId) -> Entry | None:
        """The entry that owes this message, if it is still owed."""
        rows = await self._select("WHERE message_id = $1", message_id)
        return rows[0] if rows else None

    async def of(self, conversation: ConversationId) -> list[Entry]:
        """All entries of a conversation, oldest first."""
        return await self._select("WHERE conversation = $1 ORDER BY entry", conversation)

    async def conversations(self) -> list[ConversationId]:
        """Those with entries."""
        rows = await self._vault.fetch("SELECT DISTINCT conversation FROM outbox")
        return [ConversationId(row[0]) for row in rows]

    async def _select(self, where: str, *values: bytes) -> list[Entry]:
        rows = await self._vault.fetch(
            _SELECT + where,
            *values,
        )
        return [self._entry(row) for row in rows]

    def _entry(self, row: Row) -> Entry:
        conversation, kind, message_id, idempotency_id, intent, epoch, payload = row
        return Entry(
            ConversationId(conversation),
            EntryKind(kind),
            MessageId(message_id) if message_id is not None else None,
            idempotency_id,
            self._vault.seal.open(_INTENT, idempotency_id, intent),
            epoch,
            payload,
        )
