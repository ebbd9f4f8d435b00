"""messages.json: every structure is read and written back byte for byte (RFC 9420 section 6)."""

import json
from collections.abc import Callable
from pathlib import Path

from plausch.mls.framing import parse_private_message, parse_public_message
from plausch.mls.group_info import parse_group_info
from plausch.mls.key_package import parse_key_package
from plausch.mls.proposal import Commit, proposal_bytes, proposal_from_bytes
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import suite
from plausch.mls.welcome import GroupSecrets, parse_welcome

PROPOSALS = {
    "add_proposal": 1,
    "update_proposal": 2,
    "remove_proposal": 3,
    "pre_shared_key_proposal": 4,
    "re_init_proposal": 5,
    "external_init_proposal": 6,
    "group_context_extensions_proposal": 7,
}


def proposal_again(kind: int) -> Callable[[bytes], bytes]:
    """The vectors hold proposals without their type."""

    def again(raw: bytes) -> bytes:
        return proposal_bytes(proposal_from_bytes(kind.to_bytes(2, "big") + raw))[2:]

    return again


AGAIN: dict[str, Callable[[bytes], bytes]] = {
    "mls_welcome": lambda raw: parse_welcome(raw).to_message(),
    "mls_group_info": lambda raw: parse_group_info(raw).to_message(),
    "mls_key_package": lambda raw: parse_key_package(raw).to_message(),
    "ratchet_tree": lambda raw: RatchetTree.from_bytes(suite(1), raw).to_bytes(),
    "group_secrets": lambda raw: GroupSecrets.from_bytes(raw).to_bytes(),
    "commit": lambda raw: Commit.from_bytes(raw).to_bytes(),
    "public_message_application": lambda raw: parse_public_message(raw).to_message(),
    "public_message_proposal": lambda raw: parse_public_message(raw).to_message(),
    "public_message_commit": lambda raw: parse_public_message(raw).to_message(),
    "private_message": lambda raw: parse_private_message(raw).to_message(),
    **{name: proposal_again(kind) for name, kind in PROPOSALS.items()},
}


def test_every_message(vectors: Path) -> None:
    cases = json.loads((vectors / "mls" / "messages.json").read_text())
    assert len(cases) == 300
    for case in cases:
        assert set(case) == set(AGAIN)
        for name, text in case.items():
            raw = bytes.fromhex(text)
            assert AGAIN[name](raw) == raw, name
