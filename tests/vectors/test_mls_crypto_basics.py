"""RFC 9420's official vectors: the crypto functions of each supported cipher suite."""

import json
from pathlib import Path
from typing import Any

import pytest

from plausch.mls.suite import SUITES, Suite, suite

SUPPORTED = (1, 2, 3)


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.fixture(params=SUPPORTED)
def case(request: pytest.FixtureRequest, vectors: Path) -> tuple[Suite, dict[str, Any]]:
    cases = json.loads((vectors / "mls" / "crypto-basics.json").read_text())
    chosen = [entry for entry in cases if entry["cipher_suite"] == request.param]
    assert len(chosen) == 1
    return suite(request.param), chosen[0]


def test_ref_hash(case: tuple[Suite, dict[str, Any]]) -> None:
    crypto, vector = case[0], case[1]["ref_hash"]
    assert crypto.ref_hash(vector["label"], unhex(vector["value"])) == unhex(vector["out"])


def test_expand_with_label(case: tuple[Suite, dict[str, Any]]) -> None:
    crypto, vector = case[0], case[1]["expand_with_label"]
    out = crypto.expand_with_label(
        unhex(vector["secret"]), vector["label"], unhex(vector["context"]), vector["length"]
    )
    assert out == unhex(vector["out"])


def test_derive_secret(case: tuple[Suite, dict[str, Any]]) -> None:
    crypto, vector = case[0], case[1]["derive_secret"]
    assert crypto.derive_secret(unhex(vector["secret"]), vector["label"]) == unhex(vector["out"])


def test_derive_tree_secret(case: tuple[Suite, dict[str, Any]]) -> None:
    crypto, vector = case[0], case[1]["derive_tree_secret"]
    out = crypto.derive_tree_secret(
        unhex(vector["secret"]), vector["label"], vector["generation"], vector["length"]
    )
    assert out == unhex(vector["out"])


def test_sign_with_label(case: tuple[Suite, dict[str, Any]]) -> None:
    crypto, vector = case[0], case[1]["sign_with_label"]
    private, public, content = (unhex(vector[name]) for name in ("priv", "pub", "content"))
    crypto.verify_with_label(public, vector["label"], content, unhex(vector["signature"]))
    assert crypto.signature_public_of(private) == public
    ours = crypto.sign_with_label(private, vector["label"], content)
    crypto.verify_with_label(public, vector["label"], content, ours)


def test_encrypt_with_label(case: tuple[Suite, dict[str, Any]]) -> None:
    crypto, vector = case[0], case[1]["encrypt_with_label"]
    private, public, context, plaintext = (
        unhex(vector[name]) for name in ("priv", "pub", "context", "plaintext")
    )
    label = vector["label"]
    opened = crypto.decrypt_with_label(
        private, label, context, unhex(vector["kem_output"]), unhex(vector["ciphertext"])
    )
    assert opened == plaintext
    sealed = crypto.encrypt_with_label(public, label, context, plaintext)
    assert crypto.decrypt_with_label(private, label, context, *sealed) == plaintext


def test_suites_of_the_registry_are_covered() -> None:
    assert set(SUPPORTED) == {number for number in SUITES if number < 0xF000}
