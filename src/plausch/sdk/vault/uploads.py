"""Table `upload`: files on their way to the server, and the messages that wait for them.

The sealed bytes of each lie in a file of the folder `uploads` beside the database, named like the
row. They are made once: a file that is read a second time may have changed, and its key must never
seal two contents.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path

from plausch.base.ids import ConversationId
from plausch.content.attachment import Attachment, attachments_of
from plausch.content.mimi import MimiContent, decode
from plausch.db.interface import Row
from plausch.sdk.errors import VaultDamaged
from plausch.sdk.vault.vault import Vault, Write

FOLDER = "uploads"
UPLOAD_ID_BYTES = 16
_CONTENT = "upload.content"
_SELECT = "SELECT upload_id, conversation, content FROM upload "


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is to be uploaded, and the message that is sent afterwards."""

    upload_id: bytes
    conversation: ConversationId
    content: MimiContent
    attachment: Attachment


def new_upload_id() -> bytes:
    """16 random bytes, by which the row and its file are named."""
    return secrets.token_bytes(UPLOAD_ID_BYTES)


class UploadTable:
    """The vault's uploads."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    @property
    def folder(self) -> Path:
        """Where the sealed bytes lie. It is made when it is needed."""
        return self._vault.home / FOLDER

    def path(self, upload_id: bytes) -> Path:
        """The file with the sealed bytes of an upload."""
        return self.folder / upload_id.hex()

    def add(self, upload_id: bytes, conversation: ConversationId, content: bytes) -> Write:
        """An upload whose sealed bytes are on disk; `content` is the encoded message."""
        return Write(
            "INSERT INTO upload (upload_id, conversation, content) VALUES ($1, $2, $3)",
            (upload_id, conversation, self._vault.seal.close(_CONTENT, upload_id, content)),
        )

    def delete(self, upload_id: bytes) -> Write:
        """Its message is in the outbox, or cannot be; its file is removed afterwards."""
        return Write("DELETE FROM upload WHERE upload_id = $1", (upload_id,))

    async def all(self) -> list[Upload]:
        """All of them, oldest first. Raises VaultDamaged."""
        rows = await self._vault.fetch(_SELECT + "ORDER BY number")
        return [self._upload(row) for row in rows]

    async def get(self, upload_id: bytes) -> Upload | None:
        """The upload, if it is still to be done. Raises VaultDamaged."""
        rows = await self._vault.fetch(_SELECT + "WHERE upload_id = $1", upload_id)
        return self._upload(rows[0]) if rows else None

    def _upload(self, row: Row) -> Upload:
        upload_id, conversation, sealed = row
        content = decode(self._vault.seal.open(_CONTENT, upload_id, sealed))
        attachments = attachments_of(content)
        if not attachments:
            raise VaultDamaged("A message in upload.content of the vault has no file: restore it.")
        return Upload(upload_id, ConversationId(conversation), content, attachments[0])
