"""The list of proposals in a Commit: what may stand together (RFC 9420 sections 12.1 to 12.3).

Public values only, so the delivery service asks the same questions with the same code. Each
check has a name, listed in spec/mls.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plausch.mls.credential import CredentialJudge, Role
from plausch.mls.errors import ValidationError, require
from plausch.mls.extension import (
    EXTERNAL_SENDERS,
    Extensions,
    external_senders,
    find_extension,
)
from plausch.mls.framing import Sender, SenderType
from plausch.mls.group_context import GroupContext
from plausch.mls.key_package import KeyPackage
from plausch.mls.leaf_node import MLS10, SOURCE_UPDATE, LeafBinding, LeafNode
from plausch.mls.leaf_validation import (
    MAX_LIFETIME_S,
    GroupDemands,
    check_among_members,
    check_capabilities,
    validate_leaf,
)
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
    ReInit,
    Remove,
    Update,
)
from plausch.mls.psk_id import PreSharedKeyId, check_psk_proposals
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import Suite
from plausch.mls.tree_validation import check_unique_keys


@dataclass(frozen=True, slots=True)
class ListedProposal:
    """A proposal with the sender who is responsible for it."""

    proposal: Proposal
    sender: Sender


@dataclass(frozen=True, slots=True)
class ProposalList:
    """The proposals of one Commit, sorted by kind in the order of the Commit."""

    adds: tuple[KeyPackage, ...] = ()
    updates: tuple[tuple[int, LeafNode], ...] = ()
    removes: tuple[int, ...] = ()
    psks: tuple[PreSharedKeyId, ...] = ()
    reinit: ReInit | None = None
    external_init: ExternalInit | None = None
    extensions: Extensions | None = None
    path_required: bool = True


def resolve(
    commit: Commit, committer: Sender, stored: Mapping[bytes, ListedProposal]
) -> list[ListedProposal]:
    """The Commit's proposals, references replaced by what they name.

    Raises ValidationError `proposal-known`, `external-by-value`, `proposal-once`.
    """
    listed = []
    seen: set[bytes] = set()
    for item in commit.proposals:
        if not isinstance(item, ProposalRef):
            listed.append(ListedProposal(item, committer))
            continue
        require(
            committer.type == SenderType.MEMBER,
            "external-by-value",
            "An external commit refers to a proposal; it may only contain its own.",
        )
        require(
            item.reference not in seen,
            "proposal-once",
            "A Commit refers to the same proposal twice.",
        )
        seen.add(item.reference)
        known = stored.get(item.reference)
        if known is None:
            raise ValidationError(
                "proposal-known",
                f"A Commit refers to proposal {item.reference.hex()[:16]}, which never arrived.",
            )
        listed.append(known)
    return listed


def sort_proposals(listed: Sequence[ListedProposal], committer: Sender) -> ProposalList:
    """Check what may stand together in one Commit (RFC 9420 section 12.2), and sort it.

    Raises ValidationError; the checks are named in spec/mls.md.
    """
    proposals = [item.proposal for item in listed]
    updates = []
    for item in listed:
        if isinstance(item.proposal, Update):
            require(
                item.sender.type == SenderType.MEMBER,
                "update-sender",
                "Somebody who is no member proposes an Update.",
            )
            updates.append((item.sender.index, item.proposal.leaf_node))
    contexts = [item for item in proposals if isinstance(item, GroupContextExtensions)]
    reinits = [item for item in proposals if isinstance(item, ReInit)]
    inits = [item for item in proposals if isinstance(item, ExternalInit)]
    result = ProposalList(
        adds=tuple([item.key_package for item in proposals if isinstance(item, Add)]),
        updates=tuple(updates),
        removes=tuple([item.removed for item in proposals if isinstance(item, Remove)]),
        psks=tuple([item.psk for item in proposals if isinstance(item, PreSharedKey)]),
        reinit=reinits[0] if reinits else None,
        external_init=inits[0] if inits else None,
        extensions=contexts[0].extensions if contexts else None,
        path_required=not proposals or any(item.type in PATH_REQUIRED for item in proposals),
    )
    require(
        len(contexts) <= 1,
        "context-extensions-once",
        "One Commit replaces the group's extensions twice.",
    )
    require(
        not reinits or len(proposals) == 1,
        "reinit-alone",
        "A ReInit stands beside other proposals; it must be the only one.",
    )
    if committer.type == SenderType.MEMBER:
        _check_regular(result, committer)
    else:
        _check_external(result, len(inits))
    return result


def _check_regular(result: ProposalList, committer: Sender) -> None:
    require(
        result.external_init is None,
        "external-init-by-member",
        "A member's Commit contains an ExternalInit.",
    )
    touched = [leaf_index for leaf_index, _ in result.updates]
    require(
        committer.index not in touched,
        "update-by-committer",
        "A Commit contains an Update of its own sender; its path already is one.",
    )
    require(
        committer.index not in result.removes,
        "remove-of-committer",
        "A Commit removes its own sender; somebody else must commit that.",
    )
    touched.extend(result.removes)
    require(
        len(set(touched)) == len(touched),
        "leaf-touched-once",
        "A Commit updates or removes the same member twice.",
    )
    keys = [key_package.leaf_node.signature_key for key_package in result.adds]
    require(len(set(keys)) == len(keys), "add-once", "A Commit adds the same device twice.")


def _check_external(result: ProposalList, external_inits: int) -> None:
    require(
        external_inits == 1,
        "external-init-once",
        f"An external commit contains {external_inits} ExternalInit proposals, not one.",
    )
    require(
        len(result.removes) <= 1,
        "external-remove-once",
        "An external commit removes more than its sender's own old leaf.",
    )
    require(
        not (result.adds or result.updates or result.reinit) and result.extensions is None,
        "external-types",
        "An external commit contains other proposals than ExternalInit, Remove and PSK.",
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What proposals are judged against: the group as it is, the judge, and the time."""

    suite: Suite
    context: GroupContext
    tree: RatchetTree
    judge: CredentialJudge
    now_s: int
    max_lifetime_s: int | None = MAX_LIFETIME_S
    adding: Role = "key_package"
    """As what key packages are judged: "added" in what others have sent."""


def check_proposal_sender(proposal: Proposal, sender: Sender) -> None:
    """`proposal-sender`: who may propose what on its own. Raises ValidationError."""
    if sender.type == SenderType.MEMBER:
        allowed = not isinstance(proposal, ExternalInit)
    elif sender.type == SenderType.EXTERNAL:
        allowed = proposal.type in BY_EXTERNAL_SENDER
    else:
        allowed = sender.type == SenderType.NEW_MEMBER_PROPOSAL and isinstance(proposal, Add)
    require(
        allowed,
        "proposal-sender",
        f"A sender of type {sender.type.name} may not propose {proposal.type.name}.",
    )


def check_sorted(result: ProposalList, around: Surroundings) -> None:
    """Check each proposal of a Commit by itself (RFC 9420 section 12.1). Raises ValidationError,
    CredentialRefused.
    """
    extensions = around.context.extensions if result.extensions is None else result.extensions
    demands = GroupDemands.of_context(around.suite, extensions)
    for key_package in result.adds:
        key_package.validate(
            around.suite,
            around.judge,
            around.now_s,
            demands,
            around.max_lifetime_s,
            around.adding,
        )
    for leaf_index, leaf in result.updates:
        _check_update(leaf_index, leaf, demands, around)
    for leaf_index in result.removes:
        require(
            around.tree.leaf(leaf_index) is not None,
            "remove-member",
            f"A proposal removes leaf {leaf_index}, where there is no member.",
        )
    check_psk_proposals(around.suite, result.psks, is_first=around.context.epoch == 0)
    if result.reinit is not None:
        require(
            result.reinit.version >= MLS10,
            "reinit-version",
            "A ReInit goes back to an older protocol version.",
        )
    if result.extensions is not None:
        _check_context_extensions(result.extensions, around.judge)


def check_alone(proposal: Proposal, sender: Sender, around: Surroundings) -> None:
    """Check a proposal that arrived on its own. Raises ValidationError, CredentialRefused."""
    check_proposal_sender(proposal, sender)
    sole = ProposalList(
        adds=(proposal.key_package,) if isinstance(proposal, Add) else (),
        updates=((sender.index, proposal.leaf_node),) if isinstance(proposal, Update) else (),
        removes=(proposal.removed,) if isinstance(proposal, Remove) else (),
        psks=(proposal.psk,) if isinstance(proposal, PreSharedKey) else (),
        reinit=proposal if isinstance(proposal, ReInit) else None,
        extensions=proposal.extensions if isinstance(proposal, GroupContextExtensions) else None,
    )
    check_sorted(sole, around)
    if sole.extensions is not None:
        check_members_support(around.suite, around.tree, sole.extensions)


def _check_update(
    leaf_index: int, leaf: LeafNode, demands: GroupDemands, around: Surroundings
) -> None:
    current = around.tree.leaf(leaf_index)
    require(
        current is not None and current.encryption_key != leaf.encryption_key,
        "update-fresh-key",
        f"The Update of leaf {leaf_index} does not bring a new encryption key.",
    )
    validate_leaf(
        leaf,
        demands,
        around.judge,
        source=SOURCE_UPDATE,
        binding=LeafBinding(around.context.group_id, leaf_index),
        role="member",
    )


def _check_context_extensions(extensions: Extensions, judge: CredentialJudge) -> None:
    if find_extension(extensions, EXTERNAL_SENDERS) is not None:
        for sender in external_senders(extensions):
            judge(sender.credential, sender.signature_key, "external_sender")


def check_members_support(suite: Suite, tree: RatchetTree, extensions: Extensions) -> None:
    """Every member supports the group's extensions and required capabilities.

    Raises ValidationError of `leaf_validation.check_capabilities`, CodecError.
    """
    demands = GroupDemands.of_context(suite, extensions)
    for _, leaf in tree.leaves():
        check_capabilities(leaf, demands)


@dataclass(frozen=True, slots=True)
class Applied:
    """The tree and extensions once the proposals have taken effect, before the path."""

    tree: RatchetTree
    extensions: Extensions
    added: tuple[tuple[int, KeyPackage], ...] = ()
    removed: tuple[int, ...] = ()
    updated: tuple[int, ...] = ()
    unpathed: frozenset[int] = field(default_factory=frozenset)
    """Leaves to which no path secret is encrypted: they learn theirs from the Welcome."""


def apply_proposals(tree: RatchetTree, extensions: Extensions, result: ProposalList) -> Applied:
    """Put sorted, checked proposals into effect on a copy (RFC 9420 section 12.3)."""
    tree = tree.copy()
    for leaf_index, leaf in result.updates:
        tree.update_leaf(leaf_index, leaf)
    for leaf_index in result.removes:
        tree.remove_leaf(leaf_index)
    added = tuple([(tree.add_leaf(item.leaf_node), item) for item in result.adds])
    return Applied(
        tree,
        extensions if result.extensions is None else result.extensions,
        added,
        result.removes,
        tuple([leaf_index for leaf_index, _ in result.updates]),
        frozenset([leaf_index for leaf_index, _ in added]),
    )


def check_applied(suite: Suite, applied: Applied, context_changed: bool) -> None:
    """The checks of the whole tree, once all leaves are in place. Raises ValidationError."""
    require(
        applied.tree.is_readable,
        "tree-limit",
        "After this Commit the ratchet tree would be larger than anybody reads.",
    )
    check_among_members([leaf for _, leaf in applied.tree.leaves()])
    check_unique_keys(applied.tree)
    if context_changed:
        check_members_support(suite, applied.tree, applied.extensions)
