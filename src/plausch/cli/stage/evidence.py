"""What the server saw of a conversation, from its own database and files; and what it did not."""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from plausch.base.ids import ConversationId
from plausch.db.interface import Transaction
from plausch.db.open import open_database
from plausch.server.store import conversation as conversations
from plausch.server.store import envelope as envelopes
from plausch.wire.frames import APPLICATION, COMMIT, PROPOSAL

KIND_NAMES = {APPLICATION: "message", PROPOSAL: "proposal", COMMIT: "commit"}
SHOWN_BYTES = 12
SHORTEST = 5
"""Shorter texts occur in random bytes by chance; looking for them would prove nothing."""


@dataclass(frozen=True, slots=True)
class SeenEnvelope:
    """One row of the server's log: all that it knows of one message."""

    seq: int
    epoch: int
    kind: str
    accepted_at_ms: int
    sender: str
    size_bytes: int
    last_bytes: bytes


async def seen_by_server(database: str, conversation: ConversationId) -> list[SeenEnvelope]:
    """The server's log of a conversation, read from its database; empty if it has none.

    `database` is the path of a SQLite file or a postgresql:// URL. Raises StorageUnavailable.
    """

    async def read(transaction: Transaction) -> list[envelopes.StoredEnvelope]:
        standing = await conversations.find(transaction, conversation)
        if standing is None:
            return []
        return await envelopes.read(transaction, standing.key, 1, standing.head)

    opened = await open_database(database)
    try:
        rows = await opened.read(read)
    finally:
        await opened.close()
    return [
        SeenEnvelope(
            seq=seq,
            epoch=epoch,
            kind=KIND_NAMES[kind],
            accepted_at_ms=accepted_at_ms,
            sender=sender,
            size_bytes=len(message),
            last_bytes=message[-SHOWN_BYTES:],
        )
        for seq, epoch, kind, accepted_at_ms, sender, message in rows
    ]


def spellings(text: str) -> Iterator[bytes]:
    """A text as it might lie in a file: UTF-8, UTF-16, hex, and base64 at each of its offsets."""
    raw = text.encode()
    yield raw
    yield text.encode("utf-16-le")
    yield raw.hex().encode()
    for offset in range(3):
        # The first and last group depend on the neighbours; what is between does not.
        encoded = base64.b64encode(b"\0" * offset + raw)
        inner = encoded[4 if offset else 0 : len(encoded) // 4 * 4 - 4]
        if len(inner) >= 8:
            yield inner


@dataclass(frozen=True, slots=True)
class Search:
    """How much was searched for plaintext, and what was found: (file, text)."""

    files: int
    size_bytes: int
    texts: int
    found: tuple[tuple[Path, str], ...]


def search(folder: Path, texts: Iterable[str]) -> Search:
    """Look for texts in every file below a folder."""
    wanted = sorted({text for text in texts if len(text.encode()) >= SHORTEST})
    needles = [(text, spelling) for text in wanted for spelling in spellings(text)]
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    found: dict[tuple[Path, str], None] = {}
    size_bytes = 0
    for path in files:
        raw = path.read_bytes()
        size_bytes += len(raw)
        found.update({(path, text): None for text, needle in needles if needle in raw})
    return Search(len(files), size_bytes, len(wanted), tuple(found))
