"""X-Wing with HPKE against another implementation (TypeScript, hpke-js 1.9.0 with its X-Wing
module 0.7.0): derived keys, a sealed message and an exported secret that it made."""

import json
from pathlib import Path

import pytest

from plausch.mls.suite import MLS_256_XWING, suite

CRYPTO = suite(MLS_256_XWING)


@pytest.fixture(scope="module")
def case() -> dict[str, str]:
    loaded = json.loads((Path(__file__).parent / "xwing_hpke.json").read_text())
    external = loaded.pop("external_init")
    return loaded | {"external_" + name: value for name, value in external.items()}


def test_keys_derive_alike(case: dict[str, str]) -> None:
    private, public = CRYPTO.kem_derive_key_pair(bytes.fromhex(case["ikm"]))
    assert private.hex() == case["private"]
    assert public.hex() == case["public"]


def test_their_ciphertext_opens(case: dict[str, str]) -> None:
    opened = CRYPTO.decrypt_with_label(
        bytes.fromhex(case["private"]),
        case["label"],
        bytes.fromhex(case["context"]),
        bytes.fromhex(case["kem_output"]),
        bytes.fromhex(case["ciphertext"]),
    )
    assert opened == b"from another implementation"


def test_their_external_init_gives_the_same_secret(case: dict[str, str]) -> None:
    secret = CRYPTO.export_receive(
        bytes.fromhex(case["private"]), bytes.fromhex(case["external_kem_output"])
    )
    assert secret.hex() == case["external_init_secret"]
