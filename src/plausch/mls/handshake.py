"""What a delivery service can check of a handshake message without any secret.

RFC 9750 section 5.2: a delivery service that sees handshake messages in the clear can refuse a
Commit that would break the group for everybody. This file judges epoch, sender, signature, what
is added, removed and updated, the public half of the path, and that the GroupInfo for later
joiners follows from the Commit, its extensions and ratchet tree included.
It imports nothing that could hold a secret; tests/tidy checks that.

What stays invisible: whether the encrypted path secrets are right, the membership tag and the
confirmation tag. Members check those.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from plausch.mls.errors import SignatureRefused, ValidationError, require
from plausch.mls.extension import RATCHET_TREE, Extensions
from plausch.mls.framing import (
    AuthenticatedContent,
    Sender,
    SenderType,
    WireFormat,
    parse_public_message,
)
from plausch.mls.group_context import GroupContext
from plausch.mls.group_info import GroupInfo, parse_group_info
from plausch.mls.key_package import KeyPackage
from plausch.mls.leaf_node import SOURCE_COMMIT, LeafBinding, LeafNode
from plausch.mls.leaf_validation import check_signature, check_source
from plausch.mls.proposal import Commit, Proposal, ProposalRef
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import Suite, suite
from plausch.mls.transcript import confirmed_transcript_hash, interim_transcript_hash
from plausch.mls.update_path import apply_path, check_ciphertexts
from plausch.mls.validation import (
    ListedProposal,
    ProposalList,
    apply_proposals,
    check_applied,
    check_proposal_sender,
    resolve,
    sort_proposals,
)


@dataclass(frozen=True, slots=True)
class PublicCommit:
    """A Commit as the delivery service sees it; nothing is verified yet.

    `sender.type` is MEMBER (`sender.index` is the leaf) or NEW_MEMBER_COMMIT (external commit).
    """

    group_id: bytes
    epoch: int
    sender: Sender
    proposals: tuple[Proposal, ...]
    """Proposals by value."""
    references: tuple[bytes, ...]
    """References of proposals that were sent before."""
    path_leaf: LeafNode | None
    """The committer's new leaf; None when the Commit has no path."""
    commit: Commit
    message: AuthenticatedContent

    @property
    def has_path(self) -> bool:
        """Whether the Commit re-keys its sender's path."""
        return self.path_leaf is not None

    @property
    def is_external(self) -> bool:
        """Whether the sender joins by this Commit."""
        return self.sender.type == SenderType.NEW_MEMBER_COMMIT


@dataclass(frozen=True, slots=True)
class PublicProposal:
    """A proposal as the delivery service sees it; nothing is verified yet."""

    group_id: bytes
    epoch: int
    sender: Sender
    proposal: Proposal
    message: AuthenticatedContent

    def reference(self, suite_id: int) -> bytes:
        """ProposalRef under the group's cipher suite. Raises UnsupportedSuite."""
        return self.message.reference(suite(suite_id))

    @property
    def listed(self) -> ListedProposal:
        """As `effect` wants stored proposals."""
        return ListedProposal(self.proposal, self.sender)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a Commit does to the members."""

    added: tuple[KeyPackage, ...]
    removed: tuple[int, ...]
    """Leaf indices."""
    updated: tuple[tuple[int, LeafNode], ...]
    """Leaf index and new leaf: committed Update proposals, not the committer's path."""
    joiner: LeafNode | None
    """The leaf of somebody who joins by an external commit."""
    extensions: Extensions | None
    """The new GroupContext extensions, None when they stay."""
    reinit: bool
    """Whether the group ends with this Commit."""
    proposals: ProposalList


@dataclass(frozen=True, slots=True)
class PublicMember:
    """A leaf of a public ratchet tree."""

    leaf_index: int
    leaf_node: LeafNode

    @property
    def signature_key(self) -> bytes:
        """The device's public signature key."""
        return self.leaf_node.signature_key


@dataclass(frozen=True, slots=True)
class ExpectedMembers:
    """Who must be where after a Commit: signature keys of all, new leaves where they changed."""

    signature_keys: Mapping[int, bytes]
    leaf_nodes: Mapping[int, LeafNode]
    committer: int
    """The committer's leaf index; a joiner's new one."""
    added: tuple[int, ...] = field(default=())
    """Leaf indices of the added key packages, in the order of `Effect.added`."""
    proposals: ProposalList = field(default_factory=ProposalList)
    """What leads there, for the new ratchet tree and extensions."""


@dataclass(frozen=True, slots=True)
class PublicEpoch:
    """An epoch as its GroupInfo shows it, checked."""

    group_info: GroupInfo
    members: tuple[PublicMember, ...]

    @property
    def context(self) -> GroupContext:
        """Group id, epoch, cipher suite and the rest."""
        return self.group_info.group_context


def parse_commit(raw: bytes) -> PublicCommit:
    """A Commit in a PublicMessage. Raises CodecError, ValidationError `commit-content`."""
    message = parse_public_message(raw).authenticated
    content = message.content
    commit = content.body
    if not isinstance(commit, Commit):
        raise ValidationError("commit-content", "The message is no Commit.")
    require(
        content.sender.type in (SenderType.MEMBER, SenderType.NEW_MEMBER_COMMIT),
        "commit-sender",
        f"A Commit comes from a sender of type {content.sender.type.name}.",
    )
    return PublicCommit(
        content.group_id,
        content.epoch,
        content.sender,
        tuple([item for item in commit.proposals if not isinstance(item, ProposalRef)]),
        tuple([item.reference for item in commit.proposals if isinstance(item, ProposalRef)]),
        None if commit.path is None else commit.path.leaf_node,
        commit,
        message,
    )


def parse_proposal(raw: bytes) -> PublicProposal:
    """A proposal in a PublicMessage. Raises CodecError, ValidationError `proposal-content`."""
    message = parse_public_message(raw).authenticated
    content = message.content
    proposal = content.body
    if isinstance(proposal, bytes | Commit):
        raise ValidationError("proposal-content", "The message is no proposal.")
    return PublicProposal(content.group_id, content.epoch, content.sender, proposal, message)


def check_proposal(proposal: PublicProposal, context: GroupContext, signature_key: bytes) -> None:
    """A proposal's epoch, sender and signature.

    `signature_key` belongs to the sender: the member at `sender.index`, the external sender of
    that index, or the key package's own key for NEW_MEMBER_PROPOSAL.
    Raises ValidationError `group-id`, `epoch`, `proposal-sender`, `message-signature`; KeyRefused.
    """
    _check_address(proposal.group_id, proposal.epoch, context)
    check_proposal_sender(proposal.proposal, proposal.sender)
    _verify(proposal.message, context, signature_key)


def verify_commit(commit: PublicCommit, context: GroupContext, signature_key: bytes) -> None:
    """A Commit's group, epoch and signature, and the signature of the leaf in a member's path;
    that of a joiner, whose place is not known yet, is up to `check_next_group_info`.

    `context` is the GroupContext of the current epoch, `signature_key` the committer's: of the
    member at `commit.sender.index`, or for an external commit `commit.path_leaf.signature_key`.
    Raises ValidationError `group-id`, `epoch`, `message-signature`, `leaf-source`,
    `leaf-signature`; KeyRefused.
    """
    _check_address(commit.group_id, commit.epoch, context)
    _verify(commit.message, context, signature_key)
    if commit.path_leaf is not None:
        check_source(commit.path_leaf, SOURCE_COMMIT)
        if not commit.is_external:
            binding = LeafBinding(context.group_id, commit.sender.index)
            check_signature(commit.path_leaf, suite(context.cipher_suite), binding)


def effect(commit: PublicCommit, stored: Mapping[bytes, ListedProposal]) -> Effect:
    """What a Commit does, and whether its proposals may stand together (RFC 9420, 12.2).

    `stored` holds the proposals of this epoch by reference. Key packages are not validated here:
    ask `KeyPackage.validate` with a judge. Raises ValidationError.
    """
    sorted_list = sort_proposals(resolve(commit.commit, commit.sender, stored), commit.sender)
    require(
        commit.has_path or not sorted_list.path_required,
        "path-required",
        "A Commit that removes, updates, joins or is empty has no update path.",
    )
    return Effect(
        sorted_list.adds,
        sorted_list.removes,
        sorted_list.updates,
        commit.path_leaf if commit.is_external else None,
        sorted_list.extensions,
        sorted_list.reinit is not None,
        sorted_list,
    )


def expected_members(
    before: Mapping[int, bytes], commit: PublicCommit, result: Effect
) -> ExpectedMembers:
    """The members after a Commit; `before` has the signature key of each leaf index.

    Newcomers take the leftmost free leaves (RFC 9420 section 7.7).
    Raises ValidationError `sender-leaf`, `remove-member`, `leaf-unique-signature-key`.
    """
    keys = dict(before)
    leaves: dict[int, LeafNode] = {}
    for leaf_index, leaf in result.updated:
        require(leaf_index in keys, "sender-leaf", f"An Update of leaf {leaf_index}, a blank one.")
        keys[leaf_index], leaves[leaf_index] = leaf.signature_key, leaf
    for leaf_index in result.removed:
        require(
            keys.pop(leaf_index, None) is not None,
            "remove-member",
            f"A Commit removes leaf {leaf_index}, where there is no member.",
        )
    newcomers = [item.leaf_node for item in result.added]
    if result.joiner is not None:
        newcomers.append(result.joiner)
    places = []
    free = 0
    for leaf in newcomers:
        while free in keys:
            free += 1
        keys[free], leaves[free] = leaf.signature_key, leaf
        places.append(free)
    committer = places[-1] if result.joiner is not None else commit.sender.index
    require(committer in keys, "sender-leaf", f"Leaf {committer} is blank and cannot commit.")
    if commit.path_leaf is not None:
        keys[committer], leaves[committer] = commit.path_leaf.signature_key, commit.path_leaf
    require(
        len(set(keys.values())) == len(keys),
        "leaf-unique-signature-key",
        "After this Commit two members would have the same signature key.",
    )
    return ExpectedMembers(
        keys, leaves, committer, tuple(places[: len(result.added)]), result.proposals
    )


def check_first_group_info(raw: bytes) -> PublicEpoch:
    """The GroupInfo of a new conversation at epoch 0, with its ratchet tree, by its creator.

    Raises CodecError, UnsupportedSuite, ValidationError.
    """
    group_info = parse_group_info(raw)
    require(
        group_info.group_context.epoch == 0,
        "epoch",
        f"A new group begins at epoch 0, not {group_info.group_context.epoch}.",
    )
    return _check_group_info(group_info)


def check_next_group_info(
    raw: bytes, current: GroupInfo, commit: PublicCommit, expected: ExpectedMembers
) -> PublicEpoch:
    """The GroupInfo that comes with a Commit: that it is the epoch this Commit leads to.

    `current` is the GroupInfo stored for the epoch before, with its ratchet tree.
    Raises CodecError, ValidationError `next-group`, `next-signer`, `next-transcript`,
    `next-confirmation`, `next-members`, `next-extensions`, `next-tree`, `group-info-signature`,
    `group-info-tree`, `tree-hash`, and what everybody refuses in a Commit's path or new tree.
    """
    group_info = parse_group_info(raw)
    context, before = group_info.group_context, current.group_context
    require(
        (context.group_id, context.cipher_suite, context.epoch)
        == (before.group_id, before.cipher_suite, before.epoch + 1),
        "next-group",
        "The new GroupInfo is not of the same group's next epoch.",
    )
    require(
        group_info.signer == expected.committer,
        "next-signer",
        "The new GroupInfo is not signed by the committer.",
    )
    crypto = suite(context.cipher_suite)
    require(
        context.confirmed_transcript_hash == _transcript_after(crypto, current, commit),
        "next-transcript",
        "The transcript hash of the new GroupInfo does not follow from the Commit.",
    )
    require(
        group_info.confirmation_tag == commit.message.confirmation_tag,
        "next-confirmation",
        "The confirmation tag of the new GroupInfo is not the Commit's.",
    )
    epoch = _check_group_info(group_info)
    actual = {item.leaf_index: item.signature_key for item in epoch.members}
    changed = {item.leaf_index: item.leaf_node for item in epoch.members}
    require(
        actual == dict(expected.signature_keys)
        and all(changed[index] == leaf for index, leaf in expected.leaf_nodes.items()),
        "next-members",
        "The ratchet tree of the new GroupInfo has other members than the Commit leads to.",
    )
    extensions = expected.proposals.extensions
    require(
        context.extensions == (before.extensions if extensions is None else extensions),
        "next-extensions",
        "The extensions of the new GroupInfo are not those that the Commit leads to.",
    )
    require(
        context.tree_hash == _tree_after(crypto, current, commit, expected).tree_hash(),
        "next-tree",
        "The ratchet tree of the new GroupInfo does not follow from the Commit.",
    )
    return epoch


def check_stored_group_info(raw: bytes) -> PublicEpoch:
    """Any GroupInfo with its ratchet tree: signature, tree hash, leaves.

    Raises CodecError, UnsupportedSuite, ValidationError.
    """
    return _check_group_info(parse_group_info(raw))


def _transcript_after(crypto: Suite, current: GroupInfo, commit: PublicCommit) -> bytes:
    interim = interim_transcript_hash(
        crypto, current.group_context.confirmed_transcript_hash, current.confirmation_tag
    )
    message = commit.message
    return confirmed_transcript_hash(
        crypto, interim, WireFormat.PUBLIC_MESSAGE, message.content.encoded, message.signature
    )


def _tree_after(
    crypto: Suite, current: GroupInfo, commit: PublicCommit, expected: ExpectedMembers
) -> RatchetTree:
    """The ratchet tree a Commit leads to, by the same steps and checks as at its members."""
    context, path = current.group_context, commit.commit.path
    before = _tree_of(crypto, current)
    applied = apply_proposals(before, context.extensions, expected.proposals)
    if path is not None:
        if commit.is_external:
            # Any leaf holds the place until the path brings the real one.
            applied.tree.add_leaf(next(before.leaves())[1])
        binding = LeafBinding(context.group_id, expected.committer)
        check_signature(path.leaf_node, crypto, binding)
        apply_path(applied.tree, expected.committer, path)
        check_ciphertexts(applied.tree, expected.committer, path, applied.unpathed)
    check_applied(crypto, applied, expected.proposals.extensions is not None)
    return applied.tree


def _tree_of(crypto: Suite, group_info: GroupInfo) -> RatchetTree:
    raw_tree = group_info.extension(RATCHET_TREE)
    if raw_tree is None:
        raise ValidationError("group-info-tree", "The GroupInfo carries no ratchet tree.")
    return RatchetTree.from_bytes(crypto, raw_tree)


def _check_group_info(group_info: GroupInfo) -> PublicEpoch:
    context = group_info.group_context
    crypto = suite(context.cipher_suite)
    tree = _tree_of(crypto, group_info)
    require(
        tree.tree_hash() == context.tree_hash,
        "tree-hash",
        "The ratchet tree is not the one that the GroupInfo names.",
    )
    signer = tree.leaf(group_info.signer)
    if signer is None:
        raise ValidationError("group-info-signer", "The signer of the GroupInfo is no member.")
    group_info.verify(crypto, signer.signature_key)
    return PublicEpoch(
        group_info, tuple([PublicMember(index, leaf) for index, leaf in tree.leaves()])
    )


def _check_address(group_id: bytes, epoch: int, context: GroupContext) -> None:
    require(group_id == context.group_id, "group-id", "The message is for another group.")
    require(
        epoch == context.epoch,
        "epoch",
        f"The message is for epoch {epoch}; the group is in epoch {context.epoch}.",
    )


def _verify(message: AuthenticatedContent, context: GroupContext, signature_key: bytes) -> None:
    crypto = suite(context.cipher_suite)
    try:
        crypto.verify_with_label(
            signature_key,
            "FramedContentTBS",
            message.to_be_signed(context.encoded),
            message.signature,
        )
    except SignatureRefused as error:
        raise ValidationError(
            "message-signature", "The signature of a message is not its sender's."
        ) from error
