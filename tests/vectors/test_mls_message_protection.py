"""message-protection.json: both framings, opened and made again (RFC 9420 section 6)."""

import json
from pathlib import Path
from typing import Any

import pytest

from plausch.mls.framing import (
    AuthenticatedContent,
    Body,
    FramedContent,
    WireFormat,
    body_bytes,
    member,
    parse_private_message,
    parse_public_message,
)
from plausch.mls.group_context import GroupContext
from plausch.mls.proposal import Commit, proposal_from_bytes
from plausch.mls.protection import (
    check_membership_tag,
    open_private,
    protect_private,
    protect_public,
    sign_content,
    verify_content,
)
from plausch.mls.secret_tree import SecretTree
from plausch.mls.suite import Suite, suite

SENDER = 1
LEAVES = 2


class Case:
    """One suite's case, its fields as bytes."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.suite: Suite = suite(raw["cipher_suite"])
        self.context = GroupContext(
            raw["cipher_suite"],
            self["group_id"],
            raw["epoch"],
            self["tree_hash"],
            self["confirmed_transcript_hash"],
            (),
        ).encoded

    def __getitem__(self, name: str) -> bytes:
        return bytes.fromhex(self.raw[name])

    def tree(self) -> SecretTree:
        return SecretTree.begin(self.suite, LEAVES, self["encryption_secret"])

    def body(self, kind: str) -> Body:
        if kind == "application":
            return self["application"]
        return (Commit.from_bytes if kind == "commit" else proposal_from_bytes)(self[kind])

    def make(self, kind: str, wire: WireFormat) -> AuthenticatedContent:
        content = FramedContent.of(
            self["group_id"], self.raw["epoch"], member(SENDER), b"", self.body(kind)
        )
        signature = sign_content(self.suite, self["signature_priv"], wire, content, self.context)
        tag = b"t" * self.suite.hash_length if kind == "commit" else b""
        return AuthenticatedContent(wire, content, signature, tag)


@pytest.fixture(params=(1, 2, 3))
def case(request: pytest.FixtureRequest, vectors: Path) -> Case:
    everything = json.loads((vectors / "mls" / "message-protection.json").read_text())
    (chosen,) = [item for item in everything if item["cipher_suite"] == request.param]
    return Case(chosen)


@pytest.mark.parametrize("kind", ["proposal", "commit"])
def test_opens_public(case: Case, kind: str) -> None:
    message = parse_public_message(case[f"{kind}_pub"])
    assert message.to_message() == case[f"{kind}_pub"]
    check_membership_tag(case.suite, case["membership_key"], message, case.context)
    verify_content(case.suite, case["signature_pub"], message.authenticated, case.context)
    assert body_bytes(message.authenticated.content.body) == case[kind]


@pytest.mark.parametrize("kind", ["proposal", "commit", "application"])
def test_opens_private(case: Case, kind: str) -> None:
    private = parse_private_message(case[f"{kind}_priv"])
    assert private.to_message() == case[f"{kind}_priv"]
    message, _ = open_private(case.suite, case["sender_data_secret"], case.tree(), private)
    verify_content(case.suite, case["signature_pub"], message, case.context)
    body = message.content.body
    assert (body if isinstance(body, bytes) else body_bytes(body)) == case[kind]


@pytest.mark.parametrize("kind", ["proposal", "commit"])
def test_makes_public(case: Case, kind: str) -> None:
    made = case.make(kind, WireFormat.PUBLIC_MESSAGE)
    raw = protect_public(case.suite, case["membership_key"], made, case.context).to_message()
    message = parse_public_message(raw)
    assert message.authenticated == made
    check_membership_tag(case.suite, case["membership_key"], message, case.context)
    verify_content(case.suite, case["signature_pub"], made, case.context)


@pytest.mark.parametrize("kind", ["proposal", "commit", "application"])
def test_makes_private(case: Case, kind: str) -> None:
    made = case.make(kind, WireFormat.PRIVATE_MESSAGE)
    private = protect_private(case.suite, case["sender_data_secret"], case.tree(), made)
    again = parse_private_message(private.to_message())
    message, _ = open_private(case.suite, case["sender_data_secret"], case.tree(), again)
    assert message == made
