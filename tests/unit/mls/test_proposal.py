"""Proposals and commits as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.errors import CodecError, ProtocolError
from plausch.mls.extension import Extension
from plausch.mls.proposal import (
    BY_EXTERNAL_SENDER,
    PATH_REQUIRED,
    Add,
    Commit,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalRef,
    ProposalType,
    ReInit,
    Remove,
    Update,
    proposal_bytes,
    proposal_from_bytes,
)
from plausch.mls.psk_id import PreSharedKeyId
from unit.mls.group_players import Judge, Player

PACKAGE = Player.make("anna", 1, Judge()).bundle().key_package
EXTENSIONS = (Extension(0xF0F0, b"x"), Extension(0x0A0A, b""))
ALL: list[Proposal] = [
    Add(PACKAGE),
    Update(PACKAGE.leaf_node),
    Remove(77),
    PreSharedKey(PreSharedKeyId.external(b"id", b"n" * 32)),
    ReInit(b"next", 1, 3, EXTENSIONS),
    ExternalInit(b"k" * 32),
    GroupContextExtensions(EXTENSIONS),
]


@pytest.mark.parametrize("proposal", ALL, ids=lambda item: item.type.name)
def test_each_comes_back(proposal: Proposal) -> None:
    raw = proposal_bytes(proposal)
    assert proposal_from_bytes(raw) == proposal
    assert raw[:2] == proposal.type.to_bytes(2, "big")
    with pytest.raises(CodecError):
        proposal_from_bytes(raw + b"\0")
    with pytest.raises(CodecError):
        proposal_from_bytes(raw[:-1])


def test_all_types_are_covered() -> None:
    assert {item.type for item in ALL} == set(ProposalType)


@pytest.mark.parametrize("kind", [0, 8, 0x0A0A, 0xF001])
def test_unknown_types(kind: int) -> None:
    with pytest.raises(CodecError, match="unknown"):
        proposal_from_bytes(kind.to_bytes(2, "big") + b"\0\0\0\1")


def test_a_commit_comes_back() -> None:
    commit = Commit((*ALL, ProposalRef(b"r" * 32)), None)
    assert Commit.from_bytes(commit.to_bytes()) == commit
    with pytest.raises(CodecError):
        Commit.from_bytes(b"\1\3\0")


def test_what_needs_a_path_and_what_outsiders_may_propose() -> None:
    """RFC 9420 table 7."""
    assert {item.name for item in PATH_REQUIRED} == {
        "UPDATE",
        "REMOVE",
        "EXTERNAL_INIT",
        "GROUP_CONTEXT_EXTENSIONS",
    }
    assert {item.name for item in BY_EXTERNAL_SENDER} == {
        "ADD",
        "REMOVE",
        "PSK",
        "REINIT",
        "GROUP_CONTEXT_EXTENSIONS",
    }


@given(st.binary(max_size=300))
def test_random_bytes(raw: bytes) -> None:
    for parse in (proposal_from_bytes, Commit.from_bytes):
        try:
            parse(raw)
        except ProtocolError:
            continue
