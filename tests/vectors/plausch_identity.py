"""The cases of spec/vectors/identity.json, from fixed keys.

Run this file to write them anew after a change of the format; a test compares them.
"""

import json
from pathlib import Path

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.identity.login import login_payload, sign_login
from plausch.identity.safety_number import Party, qr_payload, safety_number

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "identity.json"

ANNA = AccountAddress("anna", "example.org")
BEN = AccountAddress("ben", "example.org")
IDENTITY = SigningKey.from_bytes(bytes([1]) * 32)
BEN_IDENTITY = SigningKey.from_bytes(bytes([2]) * 32)
PHONE_KEY = SigningKey.from_bytes(bytes([3]) * 32)
LAPTOP_KEY = SigningKey.from_bytes(bytes([4]) * 32)
PHONE = DeviceAddress(ANNA, "0000000000000001")
LAPTOP = DeviceAddress(ANNA, "00000000000000ff")
FROM_S = 1_800_000_000
TO_S = 1_831_536_000
NONCE = bytes(range(32))


def cases() -> dict[str, object]:
    """All cases; bytes as hex."""
    phone = (PHONE.device, PHONE_KEY.public)
    laptop = (LAPTOP.device, LAPTOP_KEY.public)
    first = DeviceList.issue(IDENTITY, ANNA, [phone], FROM_S)
    second = DeviceList.issue(IDENTITY, ANNA, [laptop, phone], FROM_S + 60, first)
    anna, ben = Party(ANNA, IDENTITY.public), Party(BEN, BEN_IDENTITY.public)
    certificate = DeviceCertificate.issue(IDENTITY, PHONE, PHONE_KEY.public, FROM_S, TO_S)
    return {
        "keys": {
            "identity_private": IDENTITY.to_bytes().hex(),
            "identity_public": IDENTITY.public.hex(),
            "phone_private": PHONE_KEY.to_bytes().hex(),
            "phone_public": PHONE_KEY.public.hex(),
            "laptop_public": LAPTOP_KEY.public.hex(),
            "other_identity_public": BEN_IDENTITY.public.hex(),
        },
        "certificate": {
            "device": PHONE.uri,
            "not_before_s": FROM_S,
            "expires_s": TO_S,
            "signed": certificate.hex(),
        },
        "device_lists": [
            {"account": ANNA.uri, "seq": 1, "issued_at_s": FROM_S, "signed": first.hex()},
            {"account": ANNA.uri, "seq": 2, "issued_at_s": FROM_S + 60, "signed": second.hex()},
        ],
        "login": {
            "domain": "example.org",
            "nonce": NONCE.hex(),
            "device": PHONE.uri,
            "payload": login_payload("example.org", NONCE, PHONE).hex(),
            "signature": sign_login(PHONE_KEY, "example.org", NONCE, PHONE).hex(),
        },
        "safety_number": {
            "one": ANNA.uri,
            "other": BEN.uri,
            "digits": safety_number(anna, ben),
            "qr_shown_by_one": qr_payload(anna, ben),
        },
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(cases(), indent=2) + "\n", encoding="utf-8")
