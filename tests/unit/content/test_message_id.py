import hashlib

import pytest

from plausch.content.errors import ContentError
from plausch.content.message_id import message_id
from plausch.content.text import text_message

SALT = bytes(range(16))
RAW = text_message("guten Tag", salt=SALT).encode()
ANNA = "mimi://example.org/u/anna"
ROOM = "mimi://example.org/r/00"


def test_the_id_is_the_hash_of_sender_room_content_and_salt() -> None:
    preimage = (
        len(ANNA).to_bytes(2, "big")
        + ANNA.encode()
        + len(ROOM).to_bytes(2, "big")
        + ROOM.encode()
        + RAW
        + SALT
    )
    assert message_id(RAW, ANNA, ROOM) == b"\x01" + hashlib.sha256(preimage).digest()[:31]


def test_each_input_changes_the_id() -> None:
    ids = {
        message_id(RAW, ANNA, ROOM),
        message_id(RAW, ANNA + "a", ROOM),
        message_id(RAW, ANNA, ROOM + "0"),
        message_id(RAW, ANNA[:-1], "a" + ROOM),
        message_id(text_message("guten Tag", salt=bytes(16)).encode(), ANNA, ROOM),
        message_id(text_message("Guten Tag", salt=SALT).encode(), ANNA, ROOM),
    }
    assert len(ids) == 6
    assert all(len(each) == 32 for each in ids)


@pytest.mark.parametrize("raw", [b"", b"\x87", b"\x86\x50" + bytes(16), b"\x87\x4f" + bytes(15)])
def test_what_is_no_content_has_no_id(raw: bytes) -> None:
    with pytest.raises(ContentError):
        message_id(raw, ANNA, ROOM)


def test_a_uri_that_is_too_long_has_no_id() -> None:
    with pytest.raises(ContentError):
        message_id(RAW, "x" * 65536, ROOM)
