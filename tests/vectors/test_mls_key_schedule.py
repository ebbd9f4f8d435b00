"""key-schedule.json: every secret of a run of epochs (RFC 9420 section 8)."""

import json
from pathlib import Path

import pytest

from plausch.mls.group_context import GroupContext
from plausch.mls.key_schedule import epoch_keys, joiner_secret, welcome_secret
from plausch.mls.suite import Suite, suite


@pytest.fixture(params=(1, 2, 3))
def case(request: pytest.FixtureRequest, vectors: Path) -> dict:
    """One supported suite's run of epochs."""
    everything = json.loads((vectors / "mls" / "key-schedule.json").read_text())
    (chosen,) = [item for item in everything if item["cipher_suite"] == request.param]
    return chosen


def check_epoch(crypto: Suite, group_id: bytes, number: int, init: bytes, epoch: dict) -> bytes:
    """All secrets of one epoch; returns the next init secret."""

    def raw(name: str) -> bytes:
        return bytes.fromhex(epoch[name])

    context = GroupContext(
        crypto.id, group_id, number, raw("tree_hash"), raw("confirmed_transcript_hash"), ()
    )
    assert context.encoded == raw("group_context")
    assert GroupContext.from_bytes(raw("group_context")) == context
    joiner = joiner_secret(crypto, init, raw("commit_secret"), context.encoded)
    assert joiner == raw("joiner_secret")
    assert welcome_secret(crypto, joiner, raw("psk_secret")) == raw("welcome_secret")
    keys = epoch_keys(crypto, joiner, raw("psk_secret"), context.encoded)
    secrets = keys.secrets
    assert keys.welcome == raw("welcome_secret")
    assert keys.encryption == raw("encryption_secret")
    assert secrets.sender_data == raw("sender_data_secret")
    assert secrets.exporter == raw("exporter_secret")
    assert secrets.external == raw("external_secret")
    assert secrets.confirmation_key == raw("confirmation_key")
    assert secrets.membership_key == raw("membership_key")
    assert secrets.resumption == raw("resumption_psk")
    assert secrets.authenticator == raw("epoch_authenticator")
    assert secrets.init == raw("init_secret")
    assert crypto.kem_derive_key_pair(secrets.external)[1] == raw("external_pub")
    exporter = epoch["exporter"]
    exported = secrets.export(
        crypto, exporter["label"], bytes.fromhex(exporter["context"]), exporter["length"]
    )
    assert exported.hex() == exporter["secret"]
    return secrets.init


def test_every_epoch(case: dict) -> None:
    init = bytes.fromhex(case["initial_init_secret"])
    group_id = bytes.fromhex(case["group_id"])
    for number, epoch in enumerate(case["epochs"]):
        init = check_epoch(suite(case["cipher_suite"]), group_id, number, init, epoch)
    assert len(case["epochs"]) > 3
