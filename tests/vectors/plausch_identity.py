"""The cases of spec/vectors/identity.json, from fixed keys.

Run this file to write them anew after a change of the format; a test compares them.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.identity.login import login_payload, sign_login
from plausch.identity.safety_number import Party, qr_payload, safety_number

FILE = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "identity.json"

ANNA = AccountAddress("anna", "example.org")
BEN = AccountAddress("ben", "example.org")
NEUTRAL = bytes([1]) + bytes(31)
"""A point of small order."""


def key_of(seed: int) -> SigningKey:
    """A key that follows from one byte."""
    return SigningKey.from_bytes(bytes([seed]) * 32)


IDENTITY, BEN_IDENTITY, PHONE_KEY, LAPTOP_KEY = (key_of(seed) for seed in (1, 2, 3, 4))
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
    staff = [(LAPTOP.device, TO_S)]
    third = DeviceList.issue(IDENTITY, ANNA, [laptop, phone], FROM_S + 120, second, staff)
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
            {
                "account": ANNA.uri,
                "seq": 3,
                "issued_at_s": FROM_S + 120,
                "staff": [list(one) for one in staff],
                "signed": third.hex(),
            },
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
        "refused": {
            "certificates": refused_certificates(certificate),
            "device_lists": refused_device_lists(first),
            "qr": refused_codes(qr_payload(anna, ben)),
        },
        "successions": successions(first, second),
    }


def refused_certificates(good: bytes) -> list[dict[str, str]]:
    """Certificates that no client takes, and the code of the refusal."""
    fields: dict[str, Any] = {
        "version": 1,
        "device": PHONE.uri,
        "signature_key": PHONE_KEY.public,
        "identity_key": IDENTITY.public,
        "not_before_s": FROM_S,
        "expires_s": TO_S,
    }
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"version": 2}, "unknown_version"),
        ({"device": ANNA.uri}, "malformed"),
        ({"signature_key": bytes(31)}, "bad_key"),
        ({"identity_key": NEUTRAL}, "bad_key"),
        ({"signature_key": IDENTITY.public}, "key_reuse"),
        ({"expires_s": FROM_S}, "certificate_never_valid"),
        ({"expires_s": 2**53}, "malformed"),
        ({"not_before_s": -1}, "malformed"),
        ({"extra": 0}, "malformed"),
    ]
    signed = [(forged("device certificate", fields | one), code) for one, code in wrong]
    signed += [
        (forged("device list", fields), "bad_signature"),
        (forged("device certificate", fields, BEN_IDENTITY), "bad_signature"),
        (forged("device certificate", fields, payload_prefix=b"\xdc\x00\x06"), "malformed"),
        (good + b"\0", "malformed"),
        (good[:-1], "malformed"),
    ]
    return [{"signed": raw.hex(), "code": code} for raw, code in signed]


def refused_device_lists(good: bytes) -> list[dict[str, str]]:
    """Device lists that no client takes, and the code of the refusal."""
    phone, laptop = (PHONE.device, PHONE_KEY.public), (LAPTOP.device, LAPTOP_KEY.public)
    fields: dict[str, Any] = {
        "version": 1,
        "account": ANNA.uri,
        "identity_key": IDENTITY.public,
        "seq": 1,
        "previous": b"",
        "issued_at_s": FROM_S,
        "devices": [phone],
    }
    many = [(f"{place:016x}", key_of(100 + place).public) for place in range(51)]
    both = {"version": 2, "devices": [phone, laptop]}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"version": 3}, "unknown_version"),
        ({"version": 2}, "malformed"),
        ({"devices": [phone, laptop], "staff": [(LAPTOP.device, TO_S)]}, "malformed"),
        ({**both, "staff": []}, "malformed"),
        ({**both, "staff": [(LAPTOP.device, -1)]}, "malformed"),
        ({**both, "staff": [("0000000000000002", TO_S)]}, "malformed"),
        ({**both, "staff": [(LAPTOP.device, TO_S), (LAPTOP.device, TO_S)]}, "malformed"),
        ({**both, "staff": [(PHONE.device, TO_S), (LAPTOP.device, TO_S)]}, "malformed"),
        ({"account": "anna@example.org"}, "malformed"),
        ({"identity_key": NEUTRAL}, "bad_key"),
        ({"seq": 0}, "malformed"),
        ({"seq": 2}, "malformed"),
        ({"previous": bytes(32)}, "malformed"),
        ({"devices": []}, "malformed"),
        ({"devices": many}, "malformed"),
        ({"devices": [laptop, phone]}, "malformed"),
        ({"devices": [phone, phone]}, "malformed"),
        ({"devices": [("000000000000000A", PHONE_KEY.public)]}, "malformed"),
        ({"devices": [phone, (LAPTOP.device, PHONE_KEY.public)]}, "key_reuse"),
        ({"devices": [(PHONE.device, IDENTITY.public)]}, "key_reuse"),
        ({"devices": [(PHONE.device, NEUTRAL)]}, "bad_key"),
    ]
    signed = [(forged("device list", fields | one), code) for one, code in wrong]
    signed += [
        (forged("login", fields), "bad_signature"),
        (forged("device list", fields, BEN_IDENTITY), "bad_signature"),
        (good + b"\0", "malformed"),
        (b"\xc1", "malformed"),
    ]
    return [{"signed": raw.hex(), "code": code} for raw, code in signed]


def refused_codes(good: str) -> list[dict[str, str]]:
    """Texts that are no verification code, and the code of the refusal."""
    return [
        {"text": text, "code": code}
        for text, code in (
            ("https://example.org", "malformed"),
            ("plausch-verify:", "malformed"),
            (good + "=", "malformed"),
            (good + "AAAA", "malformed"),
            (good[:-1], "malformed"),
            (good.replace("plausch-verify:lQG5", "plausch-verify:lQK5"), "unknown_version"),
        )
    ]


def successions(first: bytes, second: bytes) -> list[dict[str, str]]:
    """What a client that has `known` says to `shown`: a code, empty when it takes the list."""
    phone, laptop = (PHONE.device, PHONE_KEY.public), (LAPTOP.device, LAPTOP_KEY.public)
    third = DeviceList.issue(IDENTITY, ANNA, [phone], FROM_S + 120, second)
    fork = DeviceList.issue(IDENTITY, ANNA, [laptop], FROM_S + 60, first)
    after_fork = DeviceList.issue(IDENTITY, ANNA, [phone], FROM_S + 120, fork)
    other_key = DeviceList.issue(BEN_IDENTITY, ANNA, [phone], FROM_S)
    other_account = DeviceList.issue(IDENTITY, BEN, [phone], FROM_S)
    return [
        {"known": known.hex(), "shown": shown.hex(), "code": code}
        for known, shown, code in (
            (first, second, ""),
            (first, third, ""),
            (second, second, ""),
            (second, first, "device_list_rollback"),
            (second, fork, "device_list_fork"),
            (second, after_fork, "device_list_fork"),
            (first, other_key, "identity_key_changed"),
            (first, other_account, "device_list_account"),
        )
    ]


def forged(
    label: str,
    fields: dict[str, Any],
    signer: SigningKey = IDENTITY,
    payload_prefix: bytes = b"",
) -> bytes:
    """A signed object with any fields; `payload_prefix` takes the place of the array's header."""
    payload = msgspec.msgpack.encode(list(fields.values()))
    payload = payload_prefix + payload[1:] if payload_prefix else payload
    return msgspec.msgpack.encode((payload, signer.sign(label, payload)))


if __name__ == "__main__":
    FILE.write_text(json.dumps(cases(), indent=2) + "\n", encoding="utf-8")
