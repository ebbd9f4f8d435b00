"""welcome.json: a Welcome opened down to the confirmation tag (RFC 9420 section 12.4.3.1)."""

import json
from pathlib import Path

from plausch.mls.key_package import parse_key_package
from plausch.mls.key_schedule import epoch_keys, welcome_secret
from plausch.mls.suite import suite
from plausch.mls.welcome import parse_welcome
from plausch.mls.welcome_header import welcome_references


def test_welcome(vectors: Path) -> None:
    checked = 0
    for case in json.loads((vectors / "mls" / "welcome.json").read_text()):
        if case["cipher_suite"] not in (1, 2, 3):
            continue
        crypto = suite(case["cipher_suite"])
        raw = bytes.fromhex(case["welcome"])
        welcome = parse_welcome(raw)
        assert welcome.to_message() == raw
        reference = parse_key_package(bytes.fromhex(case["key_package"])).ref(crypto)
        assert reference in welcome_references(raw)
        secrets = welcome.open_secrets(crypto, reference, bytes.fromhex(case["init_priv"]))
        zeros = bytes(crypto.hash_length)
        group_info = welcome.open_group_info(
            crypto, welcome_secret(crypto, secrets.joiner_secret, zeros)
        )
        group_info.verify(crypto, bytes.fromhex(case["signer_pub"]))
        context = group_info.group_context
        keys = epoch_keys(crypto, secrets.joiner_secret, zeros, context.encoded)
        tag = crypto.mac(keys.secrets.confirmation_key, context.confirmed_transcript_hash)
        assert tag == group_info.confirmation_tag
        checked += 1
    assert checked == 3
