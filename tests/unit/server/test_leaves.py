"""What a leaf's credential proves."""

import pytest

from plausch.mls.credential import BASIC, Credential, CredentialRefused
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
