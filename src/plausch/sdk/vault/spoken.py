"""Table `spoken`: what other devices of this account said in the team conversation by RPC.

Rows wait for the one program that deals with them (the agent); where there is none, the oldest
are let go of.
"""

from dataclasses import dataclass

from plausch.base.ids import ConversationId, DeviceAddress
from plausch.sdk.vault.vault import Vault, Write

KEPT = 1_000
"""Newest rows that are kept."""

_CONTENT = "spoken.content"


@dataclass(frozen=True, slots=True)
class SpokenRow:
    """One thing said: by which device, as its signature proves, and when the server took it."""

    conversation: ConversationId
    seq: int
    device: DeviceAddress
    content: bytes
    accepted_at_ms: int
    position: int = 0


class Spoken:
    """The vault's table."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(self, row: SpokenRow) -> list[Write]:
        """Keep it, and let go of the oldest beyond the limit; what is there already stays."""
        name = row.conversation + row.seq.to_bytes(8, "big")
        return [
            Write(
                "INSERT INTO spoken (conversation, seq, device, content, accepted_at_ms) "
                "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (conversation, seq) DO NOTHING",
                (
                    row.conversation,
                    row.seq,
                    row.device.uri,
                    self._vault.seal.close(_CONTENT, name, row.content),
                    row.accepted_at_ms,
                ),
            ),
            Write(
                "DELETE FROM spoken WHERE position <= (SELECT MAX(position) FROM spoken) - $1",
                (KEPT,),
            ),
        ]

    def forget_until(self, position: int) -> Write:
        """Everything up to this position was dealt with."""
        return Write("DELETE FROM spoken WHERE position <= $1", (position,))

    async def oldest(self, limit: int) -> list[SpokenRow]:
        """What nobody has dealt with. Raises VaultDamaged."""
        rows = await self._vault.fetch(
            "SELECT position, conversation, seq, device, content, accepted_at_ms FROM spoken "
            "ORDER BY position LIMIT $1",
            limit,
        )
        return [
            SpokenRow(
                ConversationId(conversation),
                seq,
                DeviceAddress.parse_uri(device),
                self._vault.seal.open(_CONTENT, conversation + seq.to_bytes(8, "big"), content),
                at_ms,
                position,
            )
            for position, conversation, seq, device, content, at_ms in rows
        ]
