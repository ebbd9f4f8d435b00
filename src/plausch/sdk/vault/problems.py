"""Table `problem`: what was received and not believed."""

from dataclasses import dataclass

from plausch.base.ids import ConversationId
from plausch.sdk.vault.vault import Vault, Write

KEPT = 1_000
"""Newest entries that are kept: junk from a hostile server must not fill the disk."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing not believed: where, which check (`code`), and the sentence for people."""

    conversation: ConversationId | None
    seq: int | None
    code: str
    sentence: str
    at_ms: int


class Problems:
    """The vault's list of problems."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(self, problem: Problem) -> list[Write]:
        """Keep it, and let go of the oldest beyond the limit."""
        return [
            Write(
                "INSERT INTO problem (conversation, seq, code, sentence, at_ms) "
                "VALUES ($1, $2, $3, $4, $5)",
                (
                    problem.conversation,
                    problem.seq,
                    problem.code,
                    problem.sentence[:2048],
                    problem.at_ms,
                ),
            ),
            Write(
                "DELETE FROM problem WHERE number <= (SELECT MAX(number) FROM problem) - $1",
                (KEPT,),
            ),
        ]

    async def all(self) -> list[Problem]:
        """Oldest first."""
        rows = await self._vault.fetch(
            "SELECT conversation, seq, code, sentence, at_ms FROM problem ORDER BY number"
        )
        return [Problem(*row) for row in rows]
