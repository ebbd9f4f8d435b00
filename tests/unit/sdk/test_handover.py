"""What is handed over fits together, or is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.mls.codec import opaque, optional
from plausch.sdk.handover import Handover, read_handover
from plausch.sdk.pairing import PairingRefused

NOW_S = 1_800_000_000
LINDE = AccountAddress("linde", "localhost")
IDENTITY, DEVICE_KEY, FIRST_KEY, OTHER = (SigningKey.generate() for _ in range(4))
DEVICE = DeviceAddress(LINDE, "0" * 15 + "2")
ENTRIES = [("0" * 15 + "1", FIRST_KEY.public), (DEVICE.device, DEVICE_KEY.public)]


def certificate(
    identity: SigningKey = IDENTITY, key: SigningKey = DEVICE_KEY, device: DeviceAddress = DEVICE
) -> bytes:
    return DeviceCertificate.issue(identity, device, key.public, NOW_S - 10, NOW_S + 1_000)


def listed(*, is_staff: bool = False, until_s: int = NOW_S + 1_000) -> bytes:
    staff = [(DEVICE.device, until_s)] if is_staff else []
    return DeviceList.issue(IDENTITY, LINDE, ENTRIES, NOW_S, staff=staff)


OWNERS = Handover("business", IDENTITY, DEVICE, certificate(), listed())
STAFFS = Handover("business", None, DEVICE, certificate(), listed(is_staff=True))


def read(handover: Handover | bytes, domain: str = "localhost", now_s: int = NOW_S) -> Handover:
    raw = handover if isinstance(handover, bytes) else handover.to_bytes()
    return read_handover(raw, DEVICE_KEY, domain, now_s)


def unfit(handover: Handover | bytes, domain: str = "localhost", now_s: int = NOW_S) -> str:
    with pytest.raises(PairingRefused) as caught:
        read(handover, domain, now_s)
    assert caught.value.code == "link_unfit"
    return str(caught.value)


@pytest.mark.parametrize("handover", [OWNERS, STAFFS])
def test_what_is_handed_over_is_read(handover: Handover) -> None:
    came = read(handover)
    assert replace(came, identity=handover.identity) == handover
    assert (came.identity is None) == (handover.identity is None)
    if came.identity is not None:
        assert came.identity.public == IDENTITY.public


def test_staff_is_handed_no_identity_key() -> None:
    assert IDENTITY.to_bytes() not in STAFFS.to_bytes()
    assert IDENTITY.to_bytes() in OWNERS.to_bytes()


def test_what_a_browser_says_of_history_and_backups_is_passed_over() -> None:
    head = OWNERS.to_bytes()[:-2]
    note = opaque(bytes(32)) + opaque(bytes(32)) + opaque(bytes(7))
    recovery = opaque(bytes(32)) + opaque(bytes(32)) + opaque(bytes(1216))
    assert read(head + optional(note) + optional(recovery)).device == DEVICE
    unfit(head + optional(opaque(bytes(16)) + note[33:]) + optional(None))
    unfit(head + optional(note) + optional(recovery[:-1]))


@pytest.mark.parametrize(
    ("handover", "why"),
    [
        (replace(OWNERS, identity=OTHER), "do not belong together"),
        (replace(OWNERS, identity=None), "do not belong together"),
        (replace(STAFFS, identity=IDENTITY), "do not belong together"),
        (replace(OWNERS, certificate=certificate(OTHER)), "do not belong together"),
        (replace(OWNERS, certificate=certificate(key=OTHER)), "do not belong together"),
        (
            replace(OWNERS, certificate=certificate(device=replace(DEVICE, device="f" * 16))),
            "do not belong together",
        ),
        (
            replace(OWNERS, device_list=DeviceList.issue(IDENTITY, LINDE, ENTRIES[:1], NOW_S)),
            "do not belong together",
        ),
        (
            replace(STAFFS, device_list=listed(is_staff=True, until_s=NOW_S)),
            "A device of an owner must renew it",
        ),
        (replace(OWNERS, certificate=b"none"), "malformed"),
        (replace(OWNERS, device_list=b"none"), "malformed"),
    ],
)
def test_what_does_not_fit_together_is_refused(handover: Handover, why: str) -> None:
    assert why in unfit(handover)


def test_another_server_and_another_time_are_refused() -> None:
    assert "the account lives at localhost, and this is evil.example" in unfit(
        OWNERS, "evil.example"
    )
    assert "expired" in unfit(OWNERS, now_s=NOW_S + 1_000)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_other_versions_kinds_and_roles_are_refused(place: int) -> None:
    raw = bytearray(OWNERS.to_bytes())
    raw[place] = 9
    unfit(bytes(raw))


@given(length=st.integers(0, len(OWNERS.to_bytes()) - 1))
def test_half_of_it_is_refused(length: int) -> None:
    unfit(OWNERS.to_bytes()[:length])


@given(raw=st.binary(max_size=200))
def test_anything_else_is_refused(raw: bytes) -> None:
    unfit(raw)
