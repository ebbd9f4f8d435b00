"""psk_secret.json: several pre-shared keys become one secret (RFC 9420 section 8.4)."""

import json
from pathlib import Path

from plausch.mls.psk import KnownPsks, combine_psks
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.suite import suite


def test_psk_secrets(vectors: Path) -> None:
    checked = 0
    for case in json.loads((vectors / "mls" / "psk_secret.json").read_text()):
        if case["cipher_suite"] not in (1, 2, 3):
            continue
        known = KnownPsks(
            {bytes.fromhex(psk["psk_id"]): bytes.fromhex(psk["psk"]) for psk in case["psks"]}
        )
        ids = [
            PreSharedKeyId.external(bytes.fromhex(psk["psk_id"]), bytes.fromhex(psk["psk_nonce"]))
            for psk in case["psks"]
        ]
        secret = combine_psks(suite(case["cipher_suite"]), ids, known)
        assert secret.hex() == case["psk_secret"]
        checked += 1
    assert checked == 33
