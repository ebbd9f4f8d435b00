"""secret-tree.json: sender data keys and every leaf's message keys (RFC 9420 section 9)."""

import json
from pathlib import Path

import pytest

from plausch.mls.protection import _sender_key
from plausch.mls.secret_tree import RatchetKind, SecretTree
from plausch.mls.suite import suite

SUITES = (1, 2, 3)


def cases(vectors: Path) -> list[dict]:
    """The cases of suites that are supported."""
    everything = json.loads((vectors / "mls" / "secret-tree.json").read_text())
    return [case for case in everything if case["cipher_suite"] in SUITES]


def test_sender_data_keys(vectors: Path) -> None:
    for case in cases(vectors):
        sender = case["sender_data"]
        key, nonce = _sender_key(
            suite(case["cipher_suite"]),
            bytes.fromhex(sender["sender_data_secret"]),
            bytes.fromhex(sender["ciphertext"]),
        )
        assert (key.hex(), nonce.hex()) == (sender["key"], sender["nonce"])


@pytest.mark.parametrize("kind", list(RatchetKind))
def test_message_keys(vectors: Path, kind: RatchetKind) -> None:
    checked = 0
    name = kind.name.lower()
    for case in cases(vectors):
        tree = SecretTree.begin(
            suite(case["cipher_suite"]),
            len(case["leaves"]),
            bytes.fromhex(case["encryption_secret"]),
        )
        for leaf_index, generations in enumerate(case["leaves"]):
            for expected in generations:
                opening = tree.peek(leaf_index, kind, expected["generation"])
                assert opening.key.key.hex() == expected[f"{name}_key"]
                assert opening.key.nonce.hex() == expected[f"{name}_nonce"]
                tree.consume(opening)
                checked += 1
    assert checked > 60
