"""What a leaf's credential proves."""

import dataclasses

import pytest

from plausch.identity.certificate import DeviceCertificate
from plausch.mls.credential import BASIC, PLAUSCH, Credential, CredentialRefused, Role
from plausch.server.leaves import LeafJudge, certificate_of, check_listed, device_of_leaf
from plausch.server.records import DeviceRecord
from wire_device import DAY_S, Person

NOW_S = 1_800_000_000


@pytest.fixture
def anna() -> Person:
    return Person.new("anna", "localhost", NOW_S)


def record(person: Person) -> DeviceRecord:
    return DeviceRecord(
        1, person.device.uri, 1, "anna", "person", person.key.public, person.identity.public
    )


def test_a_good_leaf_names_its_device(anna: Person) -> None:
    certificate = certificate_of(anna.credential, anna.key.public, NOW_S)
    assert certificate.device == anna.device
    LeafJudge(NOW_S)(anna.credential, anna.key.public, "member")
    leaf = anna.key_package().key_package.leaf_node
    assert device_of_leaf(leaf, NOW_S) == anna.device.uri


@pytest.mark.parametrize("kind", ["basic", "junk", "expired", "key"])
def test_a_bad_leaf_is_refused(anna: Person, kind: str) -> None:
    credential, key, now_s = anna.credential, anna.key.public, NOW_S
    if kind == "basic":
        credential = Credential(BASIC, b"anna")
    elif kind == "junk":
        credential = Credential(credential.type, b"\xff" * 30)
    elif kind == "expired":
        now_s += 91 * DAY_S
    else:
        key = Person.new("anna").key.public
    with pytest.raises(CredentialRefused):
        certificate_of(credential, key, now_s)
    with pytest.raises(CredentialRefused):
        LeafJudge(now_s)(credential, key, "key_package")


def test_only_listed_devices_with_the_accounts_identity_key_count(anna: Person) -> None:
    certificate = certificate_of(anna.credential, anna.key.public, NOW_S)
    known = record(anna)
    assert check_listed(certificate, known) is known
    with pytest.raises(CredentialRefused, match="not a listed device"):
        check_listed(certificate, None)
    other = Person.new("anna", "localhost", NOW_S)
    with pytest.raises(CredentialRefused, match="other keys"):
        check_listed(certificate, record(other))


def certified(anna: Person, not_before_s: int, expires_s: int) -> Credential:
    raw = DeviceCertificate.issue(
        anna.identity, anna.device, anna.key.public, not_before_s, expires_s
    )
    return Credential(PLAUSCH, raw)


@pytest.mark.parametrize(
    ("not_before_s", "expires_s", "good"),
    [
        (NOW_S, NOW_S + 1, True),
        (NOW_S + 1, NOW_S + 9, False),
        (NOW_S - 9, NOW_S, False),
        (NOW_S - 9, NOW_S + 1, True),
        (0, 2**53 - 1, True),
    ],
)
def test_a_leaf_is_good_from_its_first_second_to_before_its_last(
    anna: Person, not_before_s: int, expires_s: int, good: bool
) -> None:
    credential = certified(anna, not_before_s, expires_s)
    if good:
        certificate_of(credential, anna.key.public, NOW_S)
    else:
        with pytest.raises(CredentialRefused):
            certificate_of(credential, anna.key.public, NOW_S)


def test_every_byte_of_a_leafs_certificate_is_signed(anna: Person) -> None:
    raw = anna.certificate
    for place in range(len(raw)):
        damaged = raw[:place] + bytes([raw[place] ^ 0x10]) + raw[place + 1 :]
        with pytest.raises(CredentialRefused):
            certificate_of(Credential(PLAUSCH, damaged), anna.key.public, NOW_S)


@pytest.mark.parametrize("role", ["member", "key_package"])
def test_a_leaf_is_judged_alike_wherever_it_stands(anna: Person, role: Role) -> None:
    judge = LeafJudge(NOW_S)
    judge(anna.credential, anna.key.public, role)
    with pytest.raises(CredentialRefused):
        judge(anna.credential, anna.identity.public, role)


@pytest.mark.parametrize("changed", ["signature_key", "identity_key"])
def test_either_key_may_not_be_another_than_the_lists(anna: Person, changed: str) -> None:
    certificate = certificate_of(anna.credential, anna.key.public, NOW_S)
    listed = dataclasses.replace(record(anna), **{changed: bytes(32)})
    with pytest.raises(CredentialRefused, match="other keys") as caught:
        check_listed(certificate, listed)
    assert anna.device.uri in str(caught.value)


def test_a_type_that_is_none_of_ours_is_named(anna: Person) -> None:
    for kind in (0, 2, 0xF0A0, 0xFFFF):
        with pytest.raises(CredentialRefused, match=f"{kind:#06x}"):
            certificate_of(Credential(kind, anna.certificate), anna.key.public, NOW_S)
