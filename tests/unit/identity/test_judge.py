from typing import Protocol

import pytest

from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.certificate import DeviceCertificate, parse_certificate
from plausch.identity.device_list import DeviceList, parse_device_list
from plausch.identity.errors import IdentityRefused
from plausch.identity.judge import judge_leaf
from plausch.identity.keys import SigningKey

NOW_S = 1_800_000_000


class Person(Protocol):
    account: AccountAddress
    identity: SigningKey
    device: DeviceAddress
    device_key: SigningKey
    certificate_raw: bytes
    list_raw: bytes


def judged(
    person: Person,
    *,
    certificate: bytes | None = None,
    leaf_key: bytes | None = None,
    pinned: bytes | None = None,
    devices: bytes | None = None,
    now_s: int = NOW_S,
) -> str:
    """The refusal's code, empty when the leaf is good; everything not given is right."""
    try:
        judge_leaf(
            parse_certificate(certificate or person.certificate_raw),
            leaf_key or person.device_key.public,
            pinned or person.identity.public,
            parse_device_list(devices or person.list_raw),
            now_s,
        )
    except IdentityRefused as refused:
        return refused.code
    return ""


def test_a_listed_device_in_time_under_the_pinned_key_is_good(anna: Person) -> None:
    assert judged(anna) == ""


def test_somebody_elses_certificate_on_a_leaf_is_refused(anna: Person, ben: Person) -> None:
    assert judged(anna, leaf_key=ben.device_key.public) == "leaf_key_mismatch"


def test_a_certificate_under_an_unpinned_key_is_refused(anna: Person, ben: Person) -> None:
    by_server = DeviceCertificate.issue(
        ben.identity, anna.device, anna.device_key.public, NOW_S, NOW_S + 10
    )
    assert judged(anna, certificate=by_server) == "identity_key_changed"
    assert judged(anna, pinned=ben.identity.public) == "identity_key_changed"


def test_a_list_under_an_unpinned_key_is_refused(anna: Person, ben: Person) -> None:
    by_server = DeviceList.issue(
        ben.identity, anna.account, [(anna.device.device, anna.device_key.public)], NOW_S
    )
    assert judged(anna, devices=by_server) == "identity_key_changed"


def test_the_list_must_be_the_accounts_own(anna: Person, ben: Person) -> None:
    assert judged(anna, devices=ben.list_raw) == "device_list_account"


def test_an_unlisted_device_is_refused(anna: Person, ben: Person) -> None:
    other = DeviceList.issue(
        anna.identity, anna.account, [("00000000000000ff", ben.device_key.public)], NOW_S
    )
    assert judged(anna, devices=other) == "device_not_listed"


def test_a_device_listed_with_another_key_is_refused(anna: Person, ben: Person) -> None:
    other = DeviceList.issue(
        anna.identity, anna.account, [(anna.device.device, ben.device_key.public)], NOW_S
    )
    assert judged(anna, devices=other) == "device_not_listed"


@pytest.mark.parametrize(
    ("now_s", "code"),
    [
        (NOW_S - 1, "certificate_not_yet_valid"),
        (NOW_S + 365 * 86_400, "certificate_expired"),
    ],
)
def test_a_certificate_out_of_time_is_refused(anna: Person, now_s: int, code: str) -> None:
    assert judged(anna, now_s=now_s) == code


def test_staff_whose_time_on_the_list_is_over_is_refused(anna: Person, ben: Person) -> None:
    def listed(until_s: int) -> bytes:
        devices = [
            (anna.device.device, anna.device_key.public),
            ("00000000000000ff", ben.device_key.public),
        ]
        staff = [(anna.device.device, until_s)]
        return DeviceList.issue(anna.identity, anna.account, devices, NOW_S, staff=staff)

    assert judged(anna, devices=listed(NOW_S + 1)) == ""
    assert judged(anna, devices=listed(NOW_S)) == "staff_expired"
