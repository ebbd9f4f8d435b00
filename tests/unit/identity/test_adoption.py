"""Adoption: the recovery key's own signature, over this server, nonce, account and list."""

import pytest

from plausch.base.errors import LocalError
from plausch.base.ids import AccountAddress
from plausch.identity.adoption import adoption_payload, sign_adoption, verify_adoption
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey

NONCE = bytes(range(32))
ANNA = AccountAddress("anna", "localhost")
LIST = b"a signed list"


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.generate()


def test_the_right_key_is_believed(key: SigningKey) -> None:
    signature = sign_adoption(key, "localhost", NONCE, ANNA, LIST)
    verify_adoption(key.public, "localhost", NONCE, ANNA, LIST, signature)


def test_every_part_of_it_counts(key: SigningKey) -> None:
    signature = sign_adoption(key, "localhost", NONCE, ANNA, LIST)
    other = SigningKey.generate()
    for public, nonce, account, device_list in (
        (other.public, NONCE, ANNA, LIST),
        (key.public, bytes(32), ANNA, LIST),
        (key.public, NONCE, AccountAddress("cem", "localhost"), LIST),
        (key.public, NONCE, ANNA, b"another list"),
    ):
        with pytest.raises(IdentityRefused) as caught:
            verify_adoption(public, "localhost", nonce, account, device_list, signature)
        assert caught.value.code == "bad_signature"


def test_another_server_cannot_pass_it_on(key: SigningKey) -> None:
    with pytest.raises(LocalError, match="another domain"):
        sign_adoption(key, "evil.example", NONCE, ANNA, LIST)
    signature = sign_adoption(key, "localhost", NONCE, ANNA, LIST)
    with pytest.raises(IdentityRefused) as caught:
        verify_adoption(key.public, "evil.example", NONCE, ANNA, LIST, signature)
    assert caught.value.code == "wrong_domain"


def test_a_nonce_has_its_length(key: SigningKey) -> None:
    with pytest.raises(LocalError, match="32 bytes"):
        sign_adoption(key, "localhost", NONCE[:31], ANNA, LIST)


def test_it_is_no_login(key: SigningKey) -> None:
    login = key.sign("login", adoption_payload("localhost", NONCE, ANNA, LIST))
    with pytest.raises(IdentityRefused):
        verify_adoption(key.public, "localhost", NONCE, ANNA, LIST, login)
