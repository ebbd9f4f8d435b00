"""Sealed values open only in their own place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.sdk.errors import VaultDamaged
from plausch.sdk.vault.seal import NONCE_BYTES, Seal

SEAL = Seal(b"k" * 32)


@given(plaintext=st.binary(max_size=300), row=st.binary(max_size=40))
def test_what_was_sealed_opens(plaintext: bytes, row: bytes) -> None:
    sealed = SEAL.close("message.content", row, plaintext)
    assert SEAL.open("message.content", row, sealed) == plaintext
    assert len(sealed) == NONCE_BYTES + len(plaintext) + 16


def test_the_plaintext_is_not_in_it() -> None:
    assert b"Tisch" not in SEAL.close("message.content", b"row", b"Tisch fuer vier")


def test_sealing_twice_gives_two_values() -> None:
    assert SEAL.close("a.b", b"", b"same") != SEAL.close("a.b", b"", b"same")


@pytest.mark.parametrize(
    ("place", "row"), [("message.text", b"row"), ("message.content", b"other"), ("", b"")]
)
def test_a_value_moved_elsewhere_does_not_open(place: str, row: bytes) -> None:
    sealed = SEAL.close("message.content", b"row", b"words")
    with pytest.raises(VaultDamaged, match="altered or is damaged"):
        SEAL.open(place, row, sealed)


@given(flipped=st.integers(min_value=0, max_value=32 * 8 - 1))
def test_every_flipped_bit_is_noticed(flipped: int) -> None:
    sealed = bytearray(SEAL.close("a.b", b"", b"word"))
    sealed[flipped // 8 % len(sealed)] ^= 1 << (flipped % 8)
    with pytest.raises(VaultDamaged):
        SEAL.open("a.b", b"", bytes(sealed))


@given(junk=st.binary(max_size=40))
def test_junk_raises_nothing_else(junk: bytes) -> None:
    with pytest.raises(VaultDamaged):
        SEAL.open("a.b", b"", junk)


def test_another_key_does_not_open() -> None:
    with pytest.raises(VaultDamaged):
        Seal(b"K" * 32).open("a.b", b"", SEAL.close("a.b", b"", b"word"))
