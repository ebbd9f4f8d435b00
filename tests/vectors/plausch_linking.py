"""The cases of spec/vectors/linking.json, from fixed keys.

Run this file to write them anew after a change of the format; a test compares them. What is sealed
is sealed with random bytes: it is another one each time, and opens all the same.
"""

import json
from pathlib import Path

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.mls.codec import opaque, optional
from plausch.mls.suite import MLS_256_XWING, suite
from plausch.sdk.handover import Handover
from plausch.sdk.pairing import (
    NO_NONCE,
    Cancelled,
    Challenge,
    Commitment,
    Finished,
    LinkCode,
    Offered,
    PairingMessage,
    Reveal,
    Sealed,
    ShownBy,
    commitment_to,
    keys_hash,
    link_text,
    make_offer,
    message_bytes,
    seal_for,
    short_code,
)

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "linking.json"

SERVER_URL = "https://example.org"
PAIRING = bytes(range(16))
NONCE, CHALLENGE = bytes([5]) * 32, bytes([6]) * 32
NAME = "Küche 🥘"
FROM_S, NOW_S, TO_S = 1_800_000_000, 1_800_000_060, 1_831_536_000
LINDE = AccountAddress("linde", "example.org")
FIRST = DeviceAddress(LINDE, "0000000000000001")
DEVICE = DeviceAddress(LINDE, "00000000000000ff")


def key_of(seed: int) -> SigningKey:
    """A key that follows from one byte."""
    return SigningKey.from_bytes(bytes([seed]) * 32)


IDENTITY, FIRST_KEY, DEVICE_KEY = (key_of(seed) for seed in (1, 3, 4))
HPKE_PRIVATE, HPKE_PUBLIC = suite(MLS_256_XWING).kem_derive_key_pair(bytes([7]) * 32)
OFFER = make_offer(PAIRING, DEVICE_KEY, HPKE_PUBLIC, NAME)


def handover(*, is_staff: bool) -> Handover:
    """What the device is handed."""
    devices = [(FIRST.device, FIRST_KEY.public), (DEVICE.device, DEVICE_KEY.public)]
    staff = [(DEVICE.device, TO_S)] if is_staff else []
    return Handover(
        "business",
        None if is_staff else IDENTITY,
        DEVICE,
        DeviceCertificate.issue(IDENTITY, DEVICE, DEVICE_KEY.public, FROM_S, TO_S),
        DeviceList.issue(IDENTITY, LINDE, devices, FROM_S, staff=staff),
    )


def with_history() -> bytes:
    """An owner's, as a browser makes it: with the place of a note and what makes backups."""
    note = opaque(bytes([8]) * 32) + opaque(bytes([9]) * 32) + opaque(bytes([10]) * 7)
    recovery = opaque(bytes([11]) * 32) + opaque(bytes([12]) * 32) + opaque(bytes([13]) * 1216)
    bare = handover(is_staff=False).to_bytes()
    return bare[:-2] + optional(note) + optional(recovery)


def cases(sealed: bytes) -> dict[str, object]:
    """All cases; bytes as hex. `sealed`: the staff's handover in a message."""
    messages: list[PairingMessage] = [
        Offered(OFFER),
        Commitment(commitment_to(NONCE, OFFER)),
        Challenge(CHALLENGE),
        Reveal(NONCE, OFFER),
        Sealed(b"output", b"text"),
        Finished(),
        Cancelled(),
    ]
    return {
        "pairing": PAIRING.hex(),
        "device_private": DEVICE_KEY.to_bytes().hex(),
        "hpke_private": HPKE_PRIVATE.hex(),
        "hpke_public": HPKE_PUBLIC.hex(),
        "name": NAME,
        "nonce": NONCE.hex(),
        "challenge": CHALLENGE.hex(),
        "links": {
            "server_url": SERVER_URL,
            "new": link_text(SERVER_URL, LinkCode(ShownBy.NEW, PAIRING, keys_hash(OFFER))),
            "existing": link_text(SERVER_URL, LinkCode(ShownBy.EXISTING, PAIRING)),
        },
        "digits": {
            "by_the_new_ones_code": short_code(PAIRING, CHALLENGE, NO_NONCE, OFFER),
            "by_the_existing_ones_code": short_code(PAIRING, CHALLENGE, NONCE, OFFER),
        },
        "messages": [message_bytes(message).hex() for message in messages],
        "now_s": NOW_S,
        "identity_private": IDENTITY.to_bytes().hex(),
        "handovers": {
            "owner": handover(is_staff=False).to_bytes().hex(),
            "staff": handover(is_staff=True).to_bytes().hex(),
            "owner_with_history": with_history().hex(),
        },
        "sealed": sealed.hex(),
    }


def seal() -> bytes:
    """The staff's handover, sealed anew."""
    return message_bytes(seal_for(HPKE_PUBLIC, PAIRING, handover(is_staff=True).to_bytes()))


if __name__ == "__main__":
    FILE.write_text(json.dumps(cases(seal()), indent=2) + "\n", encoding="utf-8")
