"""What can be said of a handshake message without asking the database: cheap questions first.

An invalid Commit would desynchronise everybody (RFC 9750 section 5.2), so all that a server can
see is checked (mls.handshake). Whether the changed leaves are listed devices, and who may add
whom, is asked inside the transaction that writes (membership.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from plausch.base.ids import DeviceAddress, NameRefused
from plausch.identity.certificate import DeviceCertificate
from plausch.mls.errors import ProtocolError
from plausch.mls.framing import SenderType
from plausch.mls.group_info import parse_group_info
from plausch.mls.handshake import (
    Effect,
    PublicCommit,
    PublicProposal,
    check_next_group_info,
    check_proposal,
    effect,
    expected_members,
    parse_commit,
    parse_proposal,
    verify_commit,
)
from plausch.mls.leaf_node import LeafBinding
from plausch.mls.leaf_validation import GroupDemands, check_signature
from plausch.mls.proposal import Add, Update
from plausch.mls.suite import suite as suite_of
from plausch.mls.validation import resolve
from plausch.mls.welcome_header import check_welcome
from plausch.server.errors import Refusal
from plausch.server.leaves import LeafJudge, certificate_of
from plausch.server.limits import Limits
from plausch.server.membership import Claims
from plausch.server.records import Accepted, DeviceRecord, Member
from plausch.server.roles import demand_role
from plausch.server.store.conversation import Standing
from plausch.wire import frames as f


@dataclass(frozen=True, slots=True)
class Before:
    """A conversation as a handshake message finds it."""

    standing: Standing
    members: tuple[Member, ...]
    group_info: bytes
    proposals: Mapping[bytes, bytes]
    """Those of the epoch that a Commit names, by their refs."""
    invited: Mapping[str, DeviceRecord]
    """The listed devices that a Commit's Welcome is for, by URI."""
    earlier: Accepted | None
    """The answer, when this is a retry."""

    @property
    def keys_by_leaf(self) -> dict[int, bytes]:
        """The members' signature keys."""
        return {one.leaf_index: one.signature_key for one in self.members}

    @property
    def accounts(self) -> frozenset[int]:
        """Account keys of who takes part."""
        return frozenset([one.account_key for one in self.members])

    def leaf_of(self, device_key: int) -> int:
        """The device's leaf, -1 when it is no member."""
        return next((m.leaf_index for m in self.members if m.device_key == device_key), -1)


@dataclass(frozen=True, slots=True)
class JudgedProposal:
    """A proposal that may be filed."""

    ref: bytes
    added: DeviceCertificate | None
    """Of the device that it would add."""


def read_commit(request: f.AppendCommit, limits: Limits) -> PublicCommit:
    """The Commit of a request, unverified. Raises Refusal `bad_commit`."""
    try:
        commit = parse_commit(request.message)
        for uri in request.welcome_to:
            DeviceAddress.parse_uri(uri)
    except (ProtocolError, NameRefused) as error:
        raise Refusal("bad_commit", f"The Commit cannot be accepted: {error}") from error
    if len(commit.references) > limits.proposals_per_epoch:
        raise Refusal("bad_commit", "The Commit names more proposals than an epoch may have.")
    return commit


def judge_commit(
    committer: DeviceRecord,
    request: f.AppendCommit,
    commit: PublicCommit,
    before: Before,
    now_s: int,
) -> Claims:
    """What a well-formed Commit claims about the members after it.

    Raises Refusal `bad_commit`, `not_admin`.
    """
    try:
        current = parse_group_info(before.group_info)
        context = current.group_context
        stored = {ref: parse_proposal(raw).listed for ref, raw in before.proposals.items()}
        result = effect(commit, stored)
        _check_author(commit, result, before.leaf_of(committer.key))
        _check_invited(request, result, before)
        listed = resolve(commit.commit, commit.sender, stored)
        demand_role(committer, current, before.members, listed, now_s)
        crypto = suite_of(context.cipher_suite)
        refs = [package.ref(crypto) for package in result.added]
        check_welcome(request.welcome, context.cipher_suite, refs)
        verify_commit(commit, context, committer.signature_key)
        demands = GroupDemands.of_context(crypto, context.extensions)
        for package in result.added:
            package.validate(crypto, LeafJudge(now_s), now_s, demands)
        expected = expected_members(before.keys_by_leaf, commit, result)
        check_next_group_info(request.group_info, current, commit, expected)
        return Claims.of(expected, commit.is_external, request.welcome_to, now_s)
    except ProtocolError as error:
        raise Refusal("bad_commit", f"The Commit cannot be accepted: {error}") from error


def judge_proposal(
    sender: DeviceRecord, request: f.Append, before: Before, now_s: int
) -> JudgedProposal:
    """Raises Refusal `bad_proposal`, `not_admin`."""
    try:
        seen = parse_proposal(request.message)
        own_leaf = before.leaf_of(sender.key)
        if seen.sender.type != SenderType.MEMBER or seen.sender.index != own_leaf:
            raise Refusal("bad_proposal", "The proposal is not by the device that appends it.")
        current = parse_group_info(before.group_info)
        context = current.group_context
        check_proposal(seen, context, sender.signature_key)
        demand_role(sender, current, before.members, [seen.listed], now_s)
        if isinstance(seen.proposal, Update):
            binding = LeafBinding(request.conversation, own_leaf)
            check_signature(seen.proposal.leaf_node, suite_of(context.cipher_suite), binding)
        return JudgedProposal(seen.reference(context.cipher_suite), _added(seen, now_s))
    except ProtocolError as error:
        raise Refusal("bad_proposal", f"The proposal cannot be accepted: {error}") from error


def _added(seen: PublicProposal, now_s: int) -> DeviceCertificate | None:
    """Raises CredentialRefused."""
    if not isinstance(seen.proposal, Add):
        return None
    leaf = seen.proposal.key_package.leaf_node
    return certificate_of(leaf.credential, leaf.signature_key, now_s)


def _check_author(commit: PublicCommit, result: Effect, own_leaf: int) -> None:
    if not commit.is_external and commit.sender.index != own_leaf:
        raise Refusal("bad_commit", "The Commit is not by the device that appends it.")
    if commit.is_external and any(leaf != own_leaf for leaf in result.removed):
        raise Refusal("bad_commit", "A device that joins may remove only its own old leaf.")


def _check_invited(request: f.AppendCommit, result: Effect, before: Before) -> None:
    """Before any signature is looked at: the added keys are those of the devices that the Welcome
    is for. Leaves with invented devices cost the server nothing."""
    keys = sorted([one.signature_key for one in before.invited.values()])
    if (
        len(request.welcome_to) != len(result.added)
        or sorted([one.leaf_node.signature_key for one in result.added]) != keys
    ):
        raise Refusal(
            "bad_commit", "The Welcome is not for exactly the listed devices that are added."
        )
