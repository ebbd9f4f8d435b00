"""The frames of linking and recovery: their limits."""

import pytest

from plausch.wire import frames as f
from plausch.wire.codec import FRAME_BYTES, WireError, decode_client, decode_server, encode
from plausch.wire.linking import (
    BACKUP_RECORD_BYTES,
    PAIRING_MESSAGE_BYTES,
    PAIRING_MESSAGES,
)

PAIRING = bytes(16)
KEY = bytes(32)


@pytest.mark.parametrize(
    "frame",
    [
        f.SendPairing(1, PAIRING_MESSAGES, bytes(PAIRING_MESSAGE_BYTES)),
        f.OpenPairing(1, PAIRING, 1, PAIRING, 2**53 - 1),
        f.KeepBackup(1, KEY, KEY, bytes(BACKUP_RECORD_BYTES), KEY, KEY),
        f.GetBackup(1, "", KEY),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_is_at_its_limit_is_read(frame: f.ClientFrame) -> None:
    assert decode_client(encode(frame)) == frame
    assert len(encode(frame)) < FRAME_BYTES


@pytest.mark.parametrize(
    "frame",
    [
        f.OpenPairing(1, PAIRING[:15], 0, PAIRING, 0),
        f.OpenPairing(1, PAIRING, 2, PAIRING, 0),
        f.OpenPairing(1, PAIRING, 0, PAIRING + b"x", 0),
        f.SendPairing(1, 0, b"x"),
        f.SendPairing(1, PAIRING_MESSAGES + 1, b"x"),
        f.SendPairing(1, 1, b""),
        f.SendPairing(1, 1, bytes(PAIRING_MESSAGE_BYTES + 1)),
        f.KeepBackup(1, KEY[:31], KEY, b"x", KEY, KEY),
        f.KeepBackup(1, KEY, KEY[:31], b"x", KEY, KEY),
        f.KeepBackup(1, KEY, KEY, b"", KEY, KEY),
        f.KeepBackup(1, KEY, KEY, bytes(BACKUP_RECORD_BYTES + 1), KEY, KEY),
        f.KeepBackup(1, KEY, KEY, b"x", KEY[:31], KEY),
        f.KeepBackup(1, KEY, KEY, b"x", KEY, KEY + b"x"),
        f.GetBackup(1, "x" * 65, KEY),
        f.GetBackup(1, "anna", KEY + b"x"),
        f.AdoptDevice(1, "anna", b"list", b"certificate", bytes(63)),
    ],
    ids=repr,
)
def test_what_is_beyond_it_is_not(frame: f.ClientFrame) -> None:
    with pytest.raises(WireError, match="could not be read"):
        decode_client(encode(frame))


def test_a_server_cannot_pass_on_more_either() -> None:
    for frame in (
        f.PairingMessage(PAIRING_MESSAGES + 1, b"x"),
        f.PairingMessage(1, bytes(PAIRING_MESSAGE_BYTES + 1)),
        f.Backup(1, 0, bytes(BACKUP_RECORD_BYTES + 1), "person", b""),
    ):
        with pytest.raises(WireError):
            decode_server(encode(frame))
