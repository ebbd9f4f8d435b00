"""Uploads in the vault: in order, sealed, each with its file."""

from pathlib import Path

import pytest

from plausch.base.ids import ConversationId
from plausch.content.attachment import Attachment, attachment_message
from plausch.content.stream import StreamKey
from plausch.content.text import text_message
from plausch.db.interface import ConstraintViolated
from plausch.sdk.errors import VaultDamaged
from plausch.sdk.vault.uploads import FOLDER, UPLOAD_ID_BYTES, UploadTable, new_upload_id
from plausch.sdk.vault.vault import DATABASE_FILE, Vault, Write

ROOM = ConversationId(b"r" * 16)
SECRET = StreamKey(b"a key that must not be readable!", b"prefix!")


def attachment(name: str) -> Attachment:
    return Attachment(
        domain="localhost",
        blob=bytes(32),
        secret=SECRET,
        digest=bytes(32),
        size_bytes=9,
        name=name,
    )


def message(name: str) -> bytes:
    return attachment_message(attachment(name), salt=bytes(16)).encode()


async def test_uploads_are_kept_in_order_with_their_messages(vault: Vault) -> None:
    table = UploadTable(vault)
    ids = [new_upload_id() for _ in range(5)]
    for number, upload_id in enumerate(ids):
        await vault.write([table.add(upload_id, ROOM, message(f"file {number}"))])
    found = await table.all()
    assert [one.upload_id for one in found] == ids
    assert [one.attachment.name for one in found] == [f"file {number}" for number in range(5)]
    assert {one.conversation for one in found} == {ROOM}
    assert found[2].content.encode() == message("file 2")
    assert found[2].attachment == attachment("file 2")


async def test_one_is_found_and_deleted_by_its_id(vault: Vault) -> None:
    table = UploadTable(vault)
    first, second = new_upload_id(), new_upload_id()
    await vault.write([table.add(one, ROOM, message("x")) for one in (first, second)])
    assert (await table.get(first)) is not None
    for _ in range(2):
        await vault.write([table.delete(first)])
    assert await table.get(first) is None
    assert [one.upload_id for one in await table.all()] == [second]


async def test_an_id_is_there_once(vault: Vault) -> None:
    table = UploadTable(vault)
    upload_id = new_upload_id()
    await vault.write([table.add(upload_id, ROOM, message("x"))])
    with pytest.raises(ConstraintViolated):
        await vault.write([table.add(upload_id, ROOM, message("y"))])


def test_ids_are_random() -> None:
    assert len({new_upload_id() for _ in range(50)}) == 50
    assert len(new_upload_id()) == UPLOAD_ID_BYTES


async def test_the_file_lies_in_a_folder_of_the_vault(vault: Vault, home: Path) -> None:
    table = UploadTable(vault)
    assert table.folder == home / FOLDER
    assert not table.folder.exists()
    assert table.path(b"\x01" * 16) == home / FOLDER / ("01" * 16)


async def test_a_key_is_not_in_the_database_for_others_to_read(vault: Vault, home: Path) -> None:
    table = UploadTable(vault)
    await vault.write([table.add(new_upload_id(), ROOM, message("a very secret name"))])
    written = b"".join(path.read_bytes() for path in home.glob(DATABASE_FILE + "*"))
    assert SECRET.key not in written
    assert b"a very secret name" not in written


async def test_a_row_that_was_altered_is_damage(vault: Vault) -> None:
    table = UploadTable(vault)
    upload_id, other = new_upload_id(), new_upload_id()
    await vault.write([table.add(one, ROOM, message("x")) for one in (upload_id, other)])
    swap = Write("UPDATE upload SET content = (SELECT max(content) FROM upload)", ())
    await vault.write([swap])
    with pytest.raises(VaultDamaged):
        await table.all()


async def test_a_message_without_a_file_is_damage(vault: Vault) -> None:
    table = UploadTable(vault)
    upload_id = new_upload_id()
    content = text_message("no file", salt=bytes(16)).encode()
    await vault.write([table.add(upload_id, ROOM, content)])
    with pytest.raises(VaultDamaged, match="has no file"):
        await table.get(upload_id)
