from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.errors import LocalError
from plausch.base.ids import DeviceAddress
from plausch.identity.certificate import LABEL, DeviceCertificate, parse_certificate
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey

NOW_S = 1_800_000_000
IDENTITY = SigningKey.from_bytes(bytes([1]) * 32)
DEVICE_KEY = SigningKey.from_bytes(bytes([2]) * 32)
DEVICE = DeviceAddress.parse_uri("mimi://example.org/d/anna/0000000000000001")
FIELDS: dict[str, Any] = {
    "version": 1,
    "device": DEVICE.uri,
    "signature_key": DEVICE_KEY.public,
    "identity_key": IDENTITY.public,
    "not_before_s": NOW_S,
    "expires_s": NOW_S + 100,
}


def forged(*, signer: SigningKey = IDENTITY, label: str = LABEL, **changed: Any) -> bytes:
    payload = msgspec.msgpack.encode(list((FIELDS | changed).values()))
    return msgspec.msgpack.encode((payload, signer.sign(label, payload)))


def refused_code(raw: bytes) -> str:
    with pytest.raises(IdentityRefused) as caught:
        parse_certificate(raw)
    return caught.value.code


def test_an_issued_certificate_says_what_went_in() -> None:
    raw = DeviceCertificate.issue(IDENTITY, DEVICE, DEVICE_KEY.public, NOW_S, NOW_S + 100)
    assert raw == forged()
    assert parse_certificate(raw) == DeviceCertificate(
        DEVICE, DEVICE_KEY.public, IDENTITY.public, NOW_S, NOW_S + 100
    )
    assert str(parse_certificate(raw).account) == "anna@example.org"


def test_another_keys_signature_is_refused() -> None:
    assert refused_code(forged(signer=DEVICE_KEY)) == "bad_signature"


def test_a_signature_for_another_kind_of_object_is_refused() -> None:
    assert refused_code(forged(label="device list")) == "bad_signature"


def test_every_byte_counts() -> None:
    raw = forged()
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(IdentityRefused):
            parse_certificate(bytes(changed))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"version": 0}, "unknown_version"),
        ({"version": 2}, "unknown_version"),
        ({"device": "mimi://example.org/u/anna"}, "malformed"),
        ({"device": "mimi://example.org/d/Anna/0000000000000001"}, "malformed"),
        ({"device": "x" * 4000}, "malformed"),
        ({"signature_key": bytes(31)}, "bad_key"),
        ({"signature_key": bytes(32)}, "bad_key"),
        ({"identity_key": bytes(33)}, "bad_key"),
        ({"identity_key": bytes(32)}, "bad_key"),
        ({"signature_key": IDENTITY.public}, "key_reuse"),
        ({"not_before_s": -1}, "malformed"),
        ({"expires_s": 2**53}, "malformed"),
        ({"not_before_s": NOW_S + 100}, "certificate_never_valid"),
        ({"extra": 0}, "malformed"),
    ],
)
def test_each_wrong_field_is_refused(changed: dict[str, Any], code: str) -> None:
    assert refused_code(forged(**changed)) == code


def test_truncated_certificates_are_refused() -> None:
    raw = forged()
    for length in range(len(raw)):
        assert refused_code(raw[:length]) == "malformed"


@pytest.mark.parametrize(
    ("now_s", "code"),
    [
        (NOW_S - 1, "certificate_not_yet_valid"),
        (NOW_S, ""),
        (NOW_S + 99, ""),
        (NOW_S + 100, "certificate_expired"),
    ],
)
def test_the_time_is_checked_to_the_second(now_s: int, code: str) -> None:
    certificate = parse_certificate(forged())
    if not code:
        certificate.check(now_s)
        return
    with pytest.raises(IdentityRefused) as caught:
        certificate.check(now_s)
    assert caught.value.code == code
    assert str(DEVICE) in str(caught.value)


@pytest.mark.parametrize(("start_s", "end_s"), [(-1, 5), (5, 5), (6, 5), (0, 2**53)])
def test_impossible_times_are_the_issuers_fault(start_s: int, end_s: int) -> None:
    with pytest.raises(LocalError):
        DeviceCertificate.issue(IDENTITY, DEVICE, DEVICE_KEY.public, start_s, end_s)


@pytest.mark.parametrize("key", [b"", bytes(32), IDENTITY.public])
def test_impossible_keys_are_the_issuers_fault(key: bytes) -> None:
    with pytest.raises(LocalError):
        DeviceCertificate.issue(IDENTITY, DEVICE, key, 0, 5)


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_the_rooms_error(raw: bytes) -> None:
    with pytest.raises(IdentityRefused):
        parse_certificate(raw)
