"""A passive client: joins by a Welcome and follows commits, as the vectors prescribe."""

import json
from pathlib import Path
from typing import Any

from plausch.mls.credential import Credential
from plausch.mls.group import Group, join
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.key_package import parse_key_package
from plausch.mls.psk import KnownPsks
from plausch.mls.staged import StagedCommit, StagedProposal

SUITES = (1, 2, 3)
NOW_S = 1_800_000_000


def anyone(credential: Credential, signature_key: bytes, role: str) -> None:
    """The vectors' credentials are bare names; nobody to ask."""


def cases(vectors: Path, name: str) -> list[dict[str, Any]]:
    """The cases of supported suites."""
    everything = json.loads((vectors / "mls" / f"{name}.json").read_text())
    return [case for case in everything if case["cipher_suite"] in SUITES]


def follow(case: dict[str, Any]) -> int:
    """Join and process every epoch; the number of epochs after the first."""

    def raw(name: str) -> bytes:
        return bytes.fromhex(case[name])

    key_package = parse_key_package(raw("key_package"))
    bundle = KeyPackageBundle(
        key_package, raw("init_priv"), raw("encryption_priv"), raw("signature_priv")
    )
    psks = KnownPsks(
        {
            bytes.fromhex(item["psk_id"]): bytes.fromhex(item["psk"])
            for item in case["external_psks"]
        }
    )
    tree = case["ratchet_tree"]
    lifetime = key_package.leaf_node.lifetime
    assert lifetime is not None
    group = join(
        raw("welcome"),
        bundle,
        anyone,
        min(NOW_S, lifetime.not_after_s),
        ratchet_tree=None if tree is None else bytes.fromhex(tree),
        psks=psks,
    ).accept()
    assert group.epoch_authenticator == raw("initial_epoch_authenticator")
    for epoch in case["epochs"]:
        for proposal in epoch["proposals"]:
            staged = group.process(
                bytes.fromhex(proposal), anyone, NOW_S, psks=psks, max_lifetime_s=None
            )
            assert isinstance(staged, StagedProposal)
            staged.accept()
        commit = group.process(
            bytes.fromhex(epoch["commit"]),
            anyone,
            NOW_S,
            psks=psks,
            allow_external=lambda request: None,
            max_lifetime_s=None,
        )
        assert isinstance(commit, StagedCommit)
        commit.accept()
        assert group.epoch_authenticator.hex() == epoch["epoch_authenticator"]
        saved = group.save()
        group = Group.load(saved.epoch_state, saved.ratchet_state)
        assert group.save() == saved
    return len(case["epochs"])
