"""Transcript hashes beyond the vectors: everything counts."""

from plausch.mls.suite import suite
from plausch.mls.transcript import confirmed_transcript_hash, interim_transcript_hash

CRYPTO = suite(1)


def test_everything_counts() -> None:
    base = (b"interim", 1, b"content", b"signature")
    variants = [
        base,
        (b"other", *base[1:]),
        (b"interim", 2, *base[2:]),
        (*base[:2], b"else", base[3]),
        (*base[:3], b"signaturE"),
    ]
    assert len({confirmed_transcript_hash(CRYPTO, *item) for item in variants}) == 5


def test_by_hand() -> None:
    confirmed = confirmed_transcript_hash(CRYPTO, b"i", 1, b"c", b"s")
    assert confirmed == CRYPTO.hash(b"i" + b"\0\1" + b"c" + b"\1s")
    assert interim_transcript_hash(CRYPTO, confirmed, b"tag") == CRYPTO.hash(confirmed + b"\3tag")
    assert interim_transcript_hash(CRYPTO, b"", b"") == CRYPTO.hash(b"\0")
