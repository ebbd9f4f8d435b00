"""RFC 9420's official vectors: update paths opened by every member, and ours opened by ours."""

import json
from pathlib import Path
from typing import Any

import pytest

from plausch.mls.codec import opaque, u16, u64
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import Suite, suite
from plausch.mls.tree_kem import TreePrivate, new_path
from plausch.mls.update_path import UpdatePath, apply_path


@pytest.fixture(params=(1, 2, 3))
def cases(request: pytest.FixtureRequest, vectors: Path) -> list[dict[str, Any]]:
    every = json.loads((vectors / "mls" / "treekem.json").read_text())
    chosen = [case for case in every if case["cipher_suite"] == request.param]
    assert len(chosen) == 11
    return chosen


def context(crypto: Suite, case: dict[str, Any], tree_hash: bytes) -> bytes:
    return (
        u16(1)
        + u16(crypto.id)
        + opaque(bytes.fromhex(case["group_id"]))
        + u64(case["epoch"])
        + opaque(tree_hash)
        + opaque(bytes.fromhex(case["confirmed_transcript_hash"]))
        + b"\0"
    )


def private_of(crypto: Suite, known: dict[str, Any]) -> TreePrivate:
    keys = {2 * known["index"]: bytes.fromhex(known["encryption_priv"])}
    for entry in known["path_secrets"]:
        node_secret = crypto.derive_secret(bytes.fromhex(entry["path_secret"]), "node")
        keys[entry["node"]] = crypto.kem_derive_key_pair(node_secret)[0]
    return TreePrivate(known["index"], keys)


def test_private_keys_fit_the_tree(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        crypto = suite(case["cipher_suite"])
        tree = RatchetTree.from_bytes(crypto, bytes.fromhex(case["ratchet_tree"]))
        for known in case["leaves_private"]:
            for index, private in private_of(crypto, known).keys.items():
                node = tree.node(index)
                assert node is not None
                assert crypto.kem.public_of(private) == node.encryption_key


def test_official_paths_open(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        crypto = suite(case["cipher_suite"])
        before = RatchetTree.from_bytes(crypto, bytes.fromhex(case["ratchet_tree"]))
        for update in case["update_paths"]:
            raw = bytes.fromhex(update["update_path"])
            path = UpdatePath.from_bytes(raw)
            assert path.to_bytes() == raw
            after = before.copy()
            apply_path(after, update["sender"], path)
            assert after.tree_hash().hex() == update["tree_hash_after"]
            provisional = context(crypto, case, after.tree_hash())
            for known in case["leaves_private"]:
                if known["index"] == update["sender"]:
                    continue
                mine, commit_secret = private_of(crypto, known).open_path(
                    after, update["sender"], path, provisional
                )
                assert commit_secret.hex() == update["commit_secret"]
                for index, private in mine.keys.items():
                    node = after.node(index)
                    assert node is not None
                    assert crypto.kem.public_of(private) == node.encryption_key


def test_path_secrets_climb_to_the_root(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        crypto = suite(case["cipher_suite"])
        before = RatchetTree.from_bytes(crypto, bytes.fromhex(case["ratchet_tree"]))
        for update in case["update_paths"]:
            after = before.copy()
            apply_path(
                after, update["sender"], UpdatePath.from_bytes(bytes.fromhex(update["update_path"]))
            )
            for known in case["leaves_private"]:
                secret = update["path_secrets"][known["index"]]
                if secret is not None:
                    private = private_of(crypto, known).pruned(after)
                    private.with_path_secret(after, update["sender"], bytes.fromhex(secret))


def test_our_paths_open(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        crypto = suite(case["cipher_suite"])
        before = RatchetTree.from_bytes(crypto, bytes.fromhex(case["ratchet_tree"]))
        group_id = bytes.fromhex(case["group_id"])
        for sender in case["leaves_private"]:
            leaf = before.leaf(sender["index"])
            assert leaf is not None
            mine = before.copy()
            signer = bytes.fromhex(sender["signature_priv"])
            made = new_path(mine, sender["index"], leaf.content(), signer, group_id)
            provisional = context(crypto, case, mine.tree_hash())
            path = UpdatePath.from_bytes(made.encrypt(mine, provisional).to_bytes())
            for known in case["leaves_private"]:
                if known is sender:
                    continue
                theirs = before.copy()
                apply_path(theirs, sender["index"], path)
                assert theirs.tree_hash() == mine.tree_hash()
                _, commit_secret = private_of(crypto, known).open_path(
                    theirs, sender["index"], path, provisional
                )
                assert commit_secret == made.commit_secret
