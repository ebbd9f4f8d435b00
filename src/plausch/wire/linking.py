"""Frames for a device that has no account yet: pairing with one that has, and recovery
(spec/linking.md).

A pairing is a meeting of two devices by a number that one of them shows as a code. The server
passes a few messages from each side to the other, in memory, and cannot read what matters in them.
"""

from typing import Annotated

import msgspec

from plausch.wire.frame import (
    BlobBytes,
    Count,
    DigestBytes,
    Frame,
    RequestId,
    SignatureBytes,
    Word,
)

PAIRING_MESSAGE_BYTES = 16 * 1024
"""Largest message of a pairing."""

PAIRING_MESSAGES = 4
"""Messages of one side of a pairing."""

BACKUP_RECORD_BYTES = 8 * 1024
"""Largest record of a backup: its secrets and where the rest lies, sealed."""

NEW_SIDE, EXISTING_SIDE = 0, 1

PairingBytes = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Side = Annotated[int, msgspec.Meta(ge=NEW_SIDE, le=EXISTING_SIDE)]
Number = Annotated[int, msgspec.Meta(ge=1, le=PAIRING_MESSAGES)]
PairingContent = Annotated[bytes, msgspec.Meta(min_length=1, max_length=PAIRING_MESSAGE_BYTES)]
Record = Annotated[bytes, msgspec.Meta(min_length=1, max_length=BACKUP_RECORD_BYTES)]
LookupBytes = Annotated[bytes, msgspec.Meta(max_length=32)]
KeyBytes = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class OpenPairing(Frame, frozen=True, tag=80):
    """Take a side (0: the new device's, 1: the other's) of a pairing. Answer: `Done`.

    Whoever comes first begins the pairing. The side belongs to `token`, which its device chose:
    with it the device comes back after a lost connection. Messages of the other side after number
    `after` are pushed.
    """

    id: RequestId
    pairing: PairingBytes
    side: Side
    token: PairingBytes
    after: Count


class SendPairing(Frame, frozen=True, tag=81):
    """This side's message of that number, counted from 1. Answer: `Done`, also the second time."""

    id: RequestId
    number: Number
    message: PairingContent


class PairingMessage(Frame, frozen=True, tag=82):
    """A message of the other side."""

    number: Number
    message: PairingContent


class EndPairing(Frame, frozen=True, tag=83):
    """The server forgets the pairing, and the other side's connection ends. Answer: `Done`."""

    id: RequestId


class KeepBackup(Frame, frozen=True, tag=84):
    """The account's backup, in place of the one before. Answer: `Done`.

    `lookup` is the SHA-256 of the capability by which it is fetched, `adoption_key` the public key
    that a device has to prove before it is adopted, `blob` a whole blob of this account that stays
    for as long as the backup names it. `believed` is the lookup of the recovery key that counts, as
    far as the device knows: where that one is neither this nor `lookup`, the answer is
    `backup_moved`. Empty: a person has just made the recovery key of this backup.
    """

    id: RequestId
    lookup: DigestBytes
    adoption_key: KeyBytes
    record: Record
    blob: BlobBytes
    believed: LookupBytes


class DropBackup(Frame, frozen=True, tag=85):
    """The account has no backup any more, and no recovery key that counts. Answer: `Done`, also
    when there was none."""

    id: RequestId


class GetBackup(Frame, frozen=True, tag=86):
    """The account's backup, for whoever has its capability. Answer: `Backup`."""

    id: RequestId
    name: Word
    capability: KeyBytes


class Backup(Frame, frozen=True, tag=87):
    """A backup, when it was kept (server's clock), and the account as it is now."""

    id: RequestId
    kept_at_ms: Count
    record: Record
    kind: Word
    device_list: bytes


class AdoptDevice(Frame, frozen=True, tag=88):
    """The account's next device list with one new device, which has no other one to publish it.

    `signature`: by the backup's adoption key, over the server's nonce (identity.adoption).
    Answer: `Done`.
    """

    id: RequestId
    name: Word
    device_list: bytes
    certificate: bytes
    signature: SignatureBytes
