"""Tables `mark` and `status`: how far others have received and read."""

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.sdk.vault.vault import Vault, Write


class Marks:
    """Delivery marks (cursors told by the server) and statuses (told by the readers)."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def reach(self, conversation: ConversationId, account: AccountAddress, seq: int) -> Write:
        """A device of the account has everything up to `seq`."""
        return Write(
            "INSERT INTO mark (conversation, account, seq) VALUES ($1, $2, $3) "
            "ON CONFLICT (conversation, account) DO UPDATE SET seq = $3 WHERE mark.seq < $3",
            (conversation, account.uri, seq),
        )

    def report(
        self, message_id: MessageId, account: AccountAddress, status: int, at_ms: int
    ) -> Write:
        """The account says a message is delivered or read (MIMI status numbers); never less."""
        return Write(
            "INSERT INTO status (message_id, account, status, at_ms) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (message_id, account) DO UPDATE SET status = $3, at_ms = $4 "
            "WHERE status.status < $3",
            (message_id, account.uri, status, at_ms),
        )

    async def reached(self, conversation: ConversationId) -> dict[str, int]:
        """How far each other account has received, by account URI."""
        rows = await self._vault.fetch(
            "SELECT account, seq FROM mark WHERE conversation = $1", conversation
        )
        return dict(rows)

    async def reports(self, message_ids: list[MessageId]) -> dict[bytes, dict[str, int]]:
        """Statuses of these messages by message and account URI."""
        found: dict[bytes, dict[str, int]] = {}
        for message_id in message_ids:
            rows = await self._vault.fetch(
                "SELECT account, status FROM status WHERE message_id = $1", message_id
            )
            if rows:
                found[message_id] = dict(rows)
        return found
