"""VAPID: a token that a push service can verify, for its origin alone, that ends."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plausch.base.clock import ManualClock
from plausch.server.vapid import LIFE_S, ORIGINS, RENEWED_S, KeyDamaged, Signer, new_private_key
from push_stub import verified

ORIGIN = "https://push.example"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def signer(clock: ManualClock) -> Signer:
    return Signer(new_private_key(), clock, "https://example.org")


def test_the_header_is_signed_by_the_servers_key(signer: Signer, clock: ManualClock) -> None:
    claims, key = verified(signer.authorization(ORIGIN))
    assert key == signer.public
    assert claims == {
        "aud": ORIGIN,
        "exp": clock.now_ms() // 1000 + LIFE_S,
        "sub": "https://example.org",
    }
    assert LIFE_S <= 24 * 3600


def test_signatures_of_every_shape_are_64_bytes(signer: Signer) -> None:
    for number in range(300):  # r or s has a leading zero in some of them
        verified(signer.authorization(f"https://push{number}.example"))


def test_a_token_is_made_anew_in_good_time(signer: Signer, clock: ManualClock) -> None:
    first = signer.authorization(ORIGIN)
    clock.advance((RENEWED_S - 1) * 1000)
    assert signer.authorization(ORIGIN) == first
    clock.advance(1000)
    second = signer.authorization(ORIGIN)
    assert second != first
    clock.advance(-24 * 3600 * 1000)  # a clock that was ahead: its tokens would be too long
    assert verified(signer.authorization(ORIGIN))[0]["exp"] == clock.now_ms() // 1000 + LIFE_S


def test_each_origin_has_its_own_and_few_are_kept(signer: Signer) -> None:
    first = signer.authorization(ORIGIN)
    assert verified(signer.authorization("https://other.example"))[0]["aud"] != ORIGIN
    for number in range(ORIGINS):
        signer.authorization(f"https://push{number}.example")
    assert signer.authorization(ORIGIN) != first  # ES256 is random: it was made anew


def test_the_same_key_after_a_restart(clock: ManualClock) -> None:
    private = new_private_key()
    one, other = (Signer(private, clock, "https://example.org") for _ in range(2))
    assert one.public == other.public
    assert Signer(new_private_key(), clock, "https://example.org").public != one.public


def _pkcs8(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    "private",
    [
        b"",
        b"junk",
        new_private_key()[:-1],
        _pkcs8(ec.generate_private_key(ec.SECP384R1())),
        _pkcs8(ed25519.Ed25519PrivateKey.generate()),
    ],
    ids=["empty", "junk", "cut", "another curve", "another algorithm"],
)
def test_a_damaged_key_is_said_in_a_sentence(private: bytes, clock: ManualClock) -> None:
    with pytest.raises(KeyDamaged, match="delete that row") as caught:
        Signer(private, clock, "https://example.org")
    assert caught.value.code == "wake_up_key_damaged"
