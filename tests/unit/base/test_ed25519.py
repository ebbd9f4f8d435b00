"""Public keys under which anybody can sign are known by their encodings."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from plausch.base.ed25519 import has_small_order

NEUTRAL = bytes([1]) + bytes(31)
ORDER_TWO = bytes([0xEC]) + bytes([0xFF]) * 30 + bytes([0x7F])
ORDER_FOUR = bytes(32)
ORDER_EIGHT = [
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
]


@pytest.mark.parametrize("point", [NEUTRAL, ORDER_TWO, ORDER_FOUR, *ORDER_EIGHT])
def test_small_orders_are_found_whatever_the_sign_bit(point: bytes) -> None:
    assert has_small_order(point)
    assert has_small_order(point[:31] + bytes([point[31] ^ 0x80]))


@pytest.mark.parametrize("offset", [0, 1])
def test_encodings_beyond_the_field_are_found_too(offset: int) -> None:
    assert has_small_order((2**255 - 19 + offset).to_bytes(32, "little"))


def test_keys_of_people_are_not() -> None:
    for _ in range(50):
        public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        assert not has_small_order(public)


def test_what_the_check_is_for() -> None:
    """Under the neutral element one signature is right for every message, says the library."""
    forged = NEUTRAL + bytes(32)
    for message in (b"pay Anna", b"pay Mallory"):
        Ed25519PublicKey.from_public_bytes(NEUTRAL).verify(forged, message)
