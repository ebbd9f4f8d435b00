"""Making a Commit, with its Welcome and GroupInfo (RFC 9420 sections 12.4.1, 12.4.3).

Nothing is changed here: the result holds the next epoch, which the group takes over once the
delivery service has accepted the Commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plausch.mls.credential import Credential
from plausch.mls.epoch import Change, Circumstances, Epoch, NextEpoch, begin_epoch
from plausch.mls.errors import GroupUsageError, ProtocolError
from plausch.mls.extension import Extensions
from plausch.mls.framing import (
    AuthenticatedContent,
    FramedContent,
    WireFormat,
    member,
)
from plausch.mls.key_package import KeyPackage, parse_key_package
from plausch.mls.key_schedule import EpochKeys, next_epoch_keys
from plausch.mls.leaf_node import LeafBinding, LeafContent
from plausch.mls.leaf_validation import GroupDemands, check_capabilities
from plausch.mls.process import Pending, describe_change, surroundings
from plausch.mls.proposal import (
    Add,
    Commit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalRef,
    ReInit,
    Remove,
    Update,
)
from plausch.mls.protection import sign_content
from plausch.mls.psk import PSK_COUNT_LIMIT, combine_psks
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.transcript import confirmed_transcript_hash
from plausch.mls.tree_kem import NewPath, TreePrivate, new_path
from plausch.mls.validation import (
    Applied,
    ListedProposal,
    ProposalList,
    apply_proposals,
    check_alone,
    check_applied,
    check_sorted,
    sort_proposals,
)
from plausch.mls.welcome import GroupSecrets, seal_welcome


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A new signature key and credential for this member's leaf."""

    signer_private: bytes
    credential: Credential


@dataclass(frozen=True, slots=True)
class CommitPlan:
    """What a Commit shall do beside the proposals it refers to."""

    adds: Sequence[KeyPackage] = ()
    removes: Sequence[int] = ()
    extensions: Extensions | None = None
    psks: Sequence[PreSharedKeyId] = ()
    reinit: ReInit | None = None
    by_reference: bool = True
    force_path: bool = True
    identity: Identity | None = None
    authenticated: bytes = b""
    wire_format: WireFormat = WireFormat.PUBLIC_MESSAGE
    tree_in_welcome: bool = True

    def proposals(self) -> list[Proposal]:
        """The proposals by value."""
        proposals: list[Proposal] = [Remove(leaf_index) for leaf_index in self.removes]
        proposals.extend(Add(key_package) for key_package in self.adds)
        proposals.extend(PreSharedKey(psk) for psk in self.psks)
        if self.extensions is not None:
            proposals.append(GroupContextExtensions(self.extensions))
        if self.reinit is not None:
            proposals.append(self.reinit)
        return proposals


@dataclass(frozen=True, slots=True)
class MadeCommit:
    """A Commit ready to be framed, and where it leads."""

    message: AuthenticatedContent
    welcome: bytes
    """An encoded MLSMessage; empty when nobody is added."""
    group_info: bytes
    following: NextEpoch = field(repr=False)


def committable(
    epoch: Epoch, pending: Pending, around: Circumstances, plan: CommitPlan
) -> dict[bytes, ListedProposal]:
    """Of the proposals seen, those that one Commit of ours may contain (RFC 9420, 12.2).

    Left out: our own Updates and anybody's wish to remove us (others must commit these), what
    is not valid any more, what the plan already does, and the lesser of two that contradict each
    other: an Update beside a Remove, an older Update beside a newer one, whatever else makes the
    rest invalid. A proposal that nobody could commit must not keep everybody from committing, nor
    make them slow: what can be told from the proposal alone never comes to `_standing`.
    """
    if not plan.by_reference or not pending.proposals:
        return {}
    chosen: dict[bytes, ListedProposal] = {}
    removed = set(plan.removes)
    removed.update(
        item.proposal.removed
        for item in pending.proposals.values()
        if isinstance(item.proposal, Remove)
    )
    taken: set[object] = set(plan.removes)
    taken.update(item.leaf_node.signature_key for item in plan.adds)
    taken.update(plan.psks)
    if plan.extensions is not None:
        taken.add("extensions")
    places = {leaf.signature_key: leaf_index for leaf_index, leaf in epoch.tree.leaves()}
    room = PSK_COUNT_LIMIT - len(plan.psks)
    for reference, item in reversed(list(pending.proposals.items())):
        subject = _subject(item)
        if subject in taken or subject == epoch.own_leaf or subject is None:
            continue
        proposal = item.proposal
        if isinstance(proposal, Update) and subject in removed:
            continue
        if isinstance(proposal, PreSharedKey) and (room <= 0 or not pending.psks.has(proposal.psk)):
            continue
        if isinstance(proposal, Add):
            stays = places.get(proposal.key_package.leaf_node.signature_key)
            if stays is not None and stays not in removed:
                continue
        try:
            check_alone(item.proposal, item.sender, surroundings(epoch, around))
        except ProtocolError:
            continue
        taken.add(subject)
        chosen[reference] = item
        if isinstance(proposal, PreSharedKey):
            room -= 1
    sole = dict(reversed(list(chosen.items())))
    reinits = [key for key, item in sole.items() if isinstance(item.proposal, ReInit)]
    if reinits and (len(sole) > 1 or plan.proposals()):
        for reference in reinits:
            del sole[reference]
    valid = _standing(epoch, pending, plan, {}, list(reversed(sole.items())))
    return {reference: item for reference, item in sole.items() if reference in valid}


def _standing(
    epoch: Epoch,
    pending: Pending,
    plan: CommitPlan,
    sure: dict[bytes, ListedProposal],
    more: Sequence[tuple[bytes, ListedProposal]],
) -> dict[bytes, ListedProposal]:
    """`sure` and as much of `more` as can stand with it, earlier items first; found by halving,
    because nearly always everything can."""
    everything = {**sure, **dict(more)}
    if not more or _stand_together(epoch, pending, plan, everything):
        return everything
    if len(more) == 1:
        return sure
    half = len(more) // 2
    sure = _standing(epoch, pending, plan, sure, more[:half])
    return _standing(epoch, pending, plan, sure, more[half:])


def _stand_together(
    epoch: Epoch, pending: Pending, plan: CommitPlan, referred: Mapping[bytes, ListedProposal]
) -> bool:
    """Whether a Commit of these proposals, each valid alone, and of the plan would be accepted."""
    sender = member(epoch.own_leaf)
    listed = [*referred.values(), *[ListedProposal(item, sender) for item in plan.proposals()]]
    try:
        proposals = sort_proposals(listed, sender)
        applied = apply_proposals(epoch.tree, epoch.context.extensions, proposals)
        check_applied(epoch.suite, applied, context_changed=True)
        combine_psks(epoch.suite, proposals.psks, pending.psks)
    except (ProtocolError, GroupUsageError):
        return False
    return True


def _subject(item: ListedProposal) -> object:
    """What a proposal is about; one Commit may contain only one proposal about each."""
    proposal = item.proposal
    if isinstance(proposal, Update):
        return item.sender.index
    if isinstance(proposal, Remove):
        return proposal.removed
    if isinstance(proposal, Add):
        return proposal.key_package.leaf_node.signature_key
    if isinstance(proposal, PreSharedKey):
        return proposal.psk
    if isinstance(proposal, GroupContextExtensions):
        return "extensions"
    return "reinit" if isinstance(proposal, ReInit) else None


def make_commit(
    epoch: Epoch, pending: Pending, around: Circumstances, plan: CommitPlan
) -> MadeCommit:
    """A Commit of this member. Raises ValidationError, CredentialRefused, CodecError."""
    referred = committable(epoch, pending, around, plan)
    sender = member(epoch.own_leaf)
    by_value = plan.proposals()
    listed = list(referred.values()) + [ListedProposal(item, sender) for item in by_value]
    proposals = sort_proposals(listed, sender)
    check_sorted(proposals, surroundings(epoch, around))
    applied = apply_proposals(epoch.tree, epoch.context.extensions, proposals)
    made: NewPath | None = None
    if proposals.path_required or plan.force_path or plan.identity is not None:
        made = _make_path(epoch, applied, plan.identity, around)
    check_applied(epoch.suite, applied, proposals.extensions is not None)
    path = None
    if made is not None:
        provisional = epoch.context.next(
            applied.tree.tree_hash(), epoch.context.confirmed_transcript_hash, applied.extensions
        )
        path = made.encrypt(applied.tree, provisional.encoded, applied.unpathed)
    entries = [*[ProposalRef(reference) for reference in referred], *by_value]
    content = FramedContent.of(
        epoch.context.group_id,
        epoch.number,
        sender,
        plan.authenticated,
        Commit(tuple(entries), path),
    )
    signature = sign_content(
        epoch.suite, epoch.signer_private, plan.wire_format, content, epoch.context.encoded
    )
    unconfirmed = AuthenticatedContent(plan.wire_format, content, signature)
    psk_secret = combine_psks(epoch.suite, proposals.psks, pending.psks)
    following, keys = follow(epoch, unconfirmed, proposals, applied, made, psk_secret, plan)
    return MadeCommit(
        replace(unconfirmed, confirmation_tag=following.epoch.confirmation_tag),
        _welcome(following.epoch, keys, applied, made, proposals, plan.tree_in_welcome),
        following.epoch.group_info(with_tree=True, with_external_pub=True).to_message(),
        following,
    )


def _make_path(
    epoch: Epoch, applied: Applied, identity: Identity | None, around: Circumstances
) -> NewPath:
    """Our new path, whose leaf passes the checks that the others will make of it."""
    leaf = epoch.leaf(epoch.own_leaf).content()
    signer = epoch.signer_private
    if identity is not None:
        signer = identity.signer_private
        leaf = _with_identity(epoch, leaf, identity)
    made = new_path(applied.tree, epoch.own_leaf, leaf, signer, epoch.context.group_id)
    check_capabilities(made.leaf_node, GroupDemands.of_context(epoch.suite, applied.extensions))
    around.judge(made.leaf_node.credential, made.leaf_node.signature_key, "member")
    return made


def _with_identity(epoch: Epoch, leaf: LeafContent, identity: Identity) -> LeafContent:
    """The leaf under a new identity; what the device can do, which the group may require, stays."""
    credentials = (*leaf.capabilities.credentials, identity.credential.type)
    return replace(
        leaf,
        credential=identity.credential,
        signature_key=epoch.suite.signature_public_of(identity.signer_private),
        capabilities=replace(leaf.capabilities, credentials=tuple(dict.fromkeys(credentials))),
    )


def follow(
    epoch: Epoch,
    message: AuthenticatedContent,
    proposals: ProposalList,
    applied: Applied,
    made: NewPath | None,
    psk_secret: bytes,
    plan: CommitPlan,
) -> tuple[NextEpoch, EpochKeys]:
    """The epoch that our own Commit leads to, and the secrets that its Welcome needs."""
    suite, tree = epoch.suite, applied.tree
    confirmed = confirmed_transcript_hash(
        suite,
        epoch.interim_transcript_hash,
        message.wire_format,
        message.content.encoded,
        message.signature,
    )
    context = epoch.context.next(tree.tree_hash(), confirmed, applied.extensions)
    private: TreePrivate = epoch.private.pruned(tree) if made is None else made.private
    commit_secret = bytes(suite.hash_length) if made is None else made.commit_secret
    keys = next_epoch_keys(suite, epoch.secrets.init, commit_secret, psk_secret, context.encoded)
    signer = epoch.signer_private if plan.identity is None else plan.identity.signer_private
    change: Change = describe_change(epoch, applied, epoch.own_leaf, False, made is not None)
    ended = proposals.reinit is not None
    return begin_epoch(suite, context, tree, private, signer, keys, change, ended), keys


def _welcome(
    epoch: Epoch,
    keys: EpochKeys,
    applied: Applied,
    made: NewPath | None,
    proposals: ProposalList,
    with_tree: bool,
) -> bytes:
    if not applied.added:
        return b""
    newcomers = []
    for leaf_index, key_package in applied.added:
        path_secret = None if made is None else made.secret_for(leaf_index)
        secrets = GroupSecrets(keys.joiner, path_secret, proposals.psks)
        newcomers.append((key_package, secrets))
    group_info = epoch.group_info(with_tree=with_tree, with_external_pub=False)
    return seal_welcome(epoch.suite, group_info, keys.welcome, newcomers).to_message()


def make_update(epoch: Epoch, identity: Identity | None) -> tuple[Update, bytes, bytes]:
    """An Update proposal with fresh keys: the proposal, its leaf's private key, its signer."""
    private, public = epoch.suite.kem_generate()
    leaf = replace(
        epoch.leaf(epoch.own_leaf).content(),
        encryption_key=public,
        lifetime=None,
        parent_hash=None,
    )
    signer = epoch.signer_private
    if identity is not None:
        signer, leaf = identity.signer_private, _with_identity(epoch, leaf, identity)
    binding = LeafBinding(epoch.context.group_id, epoch.own_leaf)
    return Update(leaf.sign(epoch.suite, signer, binding)), private, signer


def parse_key_packages(messages: Iterable[bytes | KeyPackage]) -> tuple[KeyPackage, ...]:
    """Key packages from MLSMessages; parsed ones pass. Raises CodecError."""
    return tuple(
        [item if isinstance(item, KeyPackage) else parse_key_package(item) for item in messages]
    )
