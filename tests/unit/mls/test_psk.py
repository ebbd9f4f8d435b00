"""Pre-shared keys combined."""

import pytest

from plausch.mls.errors import ValidationError
from plausch.mls.psk import NO_PSKS, PSK_COUNT_LIMIT, KnownPsks, combine_psks
from plausch.mls.psk_id import PreSharedKeyId, ResumptionUsage
from plausch.mls.suite import suite

CRYPTO = suite(1)
ONE = PreSharedKeyId.external(b"one", b"n" * 32)
TWO = PreSharedKeyId.resumption(ResumptionUsage.APPLICATION, b"group", 3, b"n" * 32)
KNOWN = KnownPsks({b"one": b"first"}, {(b"group", 3): b"second"})


def test_none_is_zeros() -> None:
    assert combine_psks(CRYPTO, [], NO_PSKS) == bytes(32)


def test_each_key_name_and_the_order_count() -> None:
    results = {
        combine_psks(CRYPTO, [ONE], KNOWN),
        combine_psks(CRYPTO, [ONE, TWO], KNOWN),
        combine_psks(CRYPTO, [TWO, ONE], KNOWN),
        combine_psks(CRYPTO, [ONE, TWO], KnownPsks({b"one": b"other"}, KNOWN.resumption)),
        combine_psks(CRYPTO, [PreSharedKeyId.external(b"one", b"m" * 32), TWO], KNOWN),
    }
    assert len(results) == 5


def test_one_key_by_hand() -> None:
    """RFC 9420 section 8.4, written out."""
    extracted = CRYPTO.extract(bytes(32), b"first")
    label = ONE.to_bytes() + b"\0\0" + b"\0\1"
    derived = CRYPTO.expand_with_label(extracted, "derived psk", label, 32)
    assert combine_psks(CRYPTO, [ONE], KNOWN) == CRYPTO.extract(derived, bytes(32))


def test_unknown_keys() -> None:
    for psk in (
        PreSharedKeyId.external(b"three", b"n" * 32),
        PreSharedKeyId.resumption(ResumptionUsage.APPLICATION, b"group", 4, b"n" * 32),
    ):
        with pytest.raises(ValidationError) as caught:
            combine_psks(CRYPTO, [psk], KNOWN)
        assert caught.value.check == "psk-known"


def test_what_is_at_hand_can_be_asked() -> None:
    assert [KNOWN.has(psk) for psk in (ONE, TWO)] == [True, True]
    assert [NO_PSKS.has(psk) for psk in (ONE, TWO)] == [False, False]
    other = PreSharedKeyId.resumption(ResumptionUsage.APPLICATION, b"group", 4, b"n" * 32)
    assert not KNOWN.has(other)


def test_too_many() -> None:
    with pytest.raises(ValidationError) as caught:
        combine_psks(CRYPTO, [ONE] * (PSK_COUNT_LIMIT + 1), KNOWN)
    assert caught.value.check == "psk-count"


def test_resumption_keys_are_added() -> None:
    more = KNOWN.with_resumption({(b"group", 4): b"third"})
    assert more.find(TWO) == b"second"
    assert more.external == KNOWN.external
    assert len(KNOWN.resumption) == 1
