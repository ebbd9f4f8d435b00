"""transcript-hashes.json (RFC 9420 section 8.2)."""

import json
from pathlib import Path

from plausch.mls.framing import AuthenticatedContent
from plausch.mls.suite import suite
from plausch.mls.transcript import confirmed_transcript_hash, interim_transcript_hash


def test_transcript_hashes(vectors: Path) -> None:
    checked = 0
    for case in json.loads((vectors / "mls" / "transcript-hashes.json").read_text()):
        if case["cipher_suite"] not in (1, 2, 3):
            continue
        crypto = suite(case["cipher_suite"])
        raw = bytes.fromhex(case["authenticated_content"])
        message = AuthenticatedContent.from_bytes(raw)
        assert message.to_bytes() == raw
        confirmed = confirmed_transcript_hash(
            crypto,
            bytes.fromhex(case["interim_transcript_hash_before"]),
            message.wire_format,
            message.content.encoded,
            message.signature,
        )
        assert confirmed.hex() == case["confirmed_transcript_hash_after"]
        tag = crypto.mac(bytes.fromhex(case["confirmation_key"]), confirmed)
        assert tag == message.confirmation_tag
        interim = interim_transcript_hash(crypto, confirmed, tag)
        assert interim.hex() == case["interim_transcript_hash_after"]
        checked += 1
    assert checked == 3
