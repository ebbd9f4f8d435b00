"""Processing a Commit from somebody else (RFC 9420 section 12.4.2).

Nothing is changed here: the result is the next epoch, which the group takes over or forgets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from plausch.mls.credential import Role
from plausch.mls.epoch import (
    Change,
    Circumstances,
    Epoch,
    Member,
    NextEpoch,
    begin_epoch,
    check_confirmation_tag,
)
from plausch.mls.errors import ValidationError, require
from plausch.mls.framing import AuthenticatedContent, SenderType
from plausch.mls.key_schedule import next_epoch_keys
from plausch.mls.leaf_node import SOURCE_COMMIT, LeafBinding, LeafNode
from plausch.mls.leaf_validation import GroupDemands, validate_leaf
from plausch.mls.proposal import Commit
from plausch.mls.psk import KnownPsks, combine_psks
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.transcript import confirmed_transcript_hash
from plausch.mls.tree_kem import TreePrivate
from plausch.mls.update_path import UpdatePath, apply_path
from plausch.mls.validation import (
    Applied,
    ListedProposal,
    ProposalList,
    Surroundings,
    apply_proposals,
    check_applied,
    check_sorted,
    resolve,
    sort_proposals,
)


@dataclass(frozen=True, slots=True)
class ExternalJoin:
    """Somebody who wants in by an external commit, and whom they would replace (resync)."""

    newcomer: Member
    replaces: Member | None


AllowExternal = Callable[[ExternalJoin], None]
"""The application's word on external commits; raises CredentialRefused to refuse."""


@dataclass(frozen=True, slots=True, repr=False)
class OwnUpdate:
    """The private keys of an Update this member has proposed."""

    encryption_private: bytes
    signer_private: bytes


@dataclass(frozen=True, slots=True)
class Pending:
    """What this member keeps for a Commit to refer to: proposals seen, keys of own Updates."""

    proposals: Mapping[bytes, ListedProposal]
    own_updates: Mapping[bytes, OwnUpdate]
    """By the public encryption key of the proposed leaf."""
    psks: KnownPsks
    """All pre-shared keys at hand, own resumption secrets included."""


def surroundings(epoch: Epoch, around: Circumstances, adding: Role = "key_package") -> Surroundings:
    """What `validation` judges against; `adding` is "added" for what others have sent."""
    return Surroundings(
        epoch.suite,
        epoch.context,
        epoch.tree,
        around.judge,
        around.now_s,
        around.max_lifetime_s,
        adding,
    )


def process_commit(
    epoch: Epoch,
    message: AuthenticatedContent,
    pending: Pending,
    around: Circumstances,
    allow_external: AllowExternal | None,
) -> NextEpoch | None:
    """The epoch after a Commit whose signature is already verified; None when it removes us.

    Raises ValidationError, CredentialRefused, DecryptionFailed, CodecError.
    """
    commit, sender = message.content.body, message.content.sender
    if not isinstance(commit, Commit):
        raise ValidationError("commit-content", "The message is no Commit.")
    listed = resolve(commit, sender, pending.proposals)
    proposals = sort_proposals(listed, sender)
    check_sorted(proposals, surroundings(epoch, around, "added"))
    require(
        commit.path is not None or not proposals.path_required,
        "path-required",
        "A Commit that removes, updates, joins or is empty has no update path.",
    )
    external = sender.type == SenderType.NEW_MEMBER_COMMIT
    if external and commit.path is not None:
        _check_external_policy(epoch, proposals, commit.path.leaf_node, allow_external)
    applied = apply_proposals(epoch.tree, epoch.context.extensions, proposals)
    committer = sender.index
    if external:
        committer = applied.tree.add_leaf(epoch.leaf(epoch.own_leaf))
    if commit.path is not None:
        role: Role = "joiner" if external else "member"
        _apply_commit_path(epoch, applied, committer, commit.path, around, role)
    check_applied(epoch.suite, applied, proposals.extensions is not None)
    if epoch.own_leaf in proposals.removes:
        return None
    change = describe_change(epoch, applied, committer, external, commit.path is not None)
    following = _derive(epoch, message, commit.path, pending, proposals, applied, change)
    check_confirmation_tag(following.epoch, message.confirmation_tag)
    return following


def _check_external_policy(
    epoch: Epoch, proposals: ProposalList, leaf: LeafNode, allow: AllowExternal | None
) -> None:
    if allow is None:
        raise ValidationError(
            "external-refused", "External commits are not accepted in this group."
        )
    replaces = None
    if proposals.removes:
        replaces = Member.of(proposals.removes[0], epoch.leaf(proposals.removes[0]))
    allow(ExternalJoin(Member(-1, leaf.credential, leaf.signature_key), replaces))


def _apply_commit_path(
    epoch: Epoch,
    applied: Applied,
    committer: int,
    path: UpdatePath,
    around: Circumstances,
    role: Role,
) -> None:
    validate_leaf(
        path.leaf_node,
        GroupDemands.of_context(epoch.suite, applied.extensions),
        around.judge,
        source=SOURCE_COMMIT,
        binding=LeafBinding(epoch.context.group_id, committer),
        role=role,
    )
    apply_path(applied.tree, committer, path)


def describe_change(
    epoch: Epoch, applied: Applied, committer: int, external: bool, has_path: bool
) -> Change:
    """Who came, went and changed, for the application."""
    added = [leaf_index for leaf_index, _ in applied.added]
    updated = list(applied.updated)
    if external:
        added.append(committer)
    elif has_path:
        updated.append(committer)
    before = epoch.leaf
    return Change(
        committer,
        tuple(added),
        tuple([Member.of(leaf_index, before(leaf_index)) for leaf_index in applied.removed]),
        tuple([Member.of(leaf_index, before(leaf_index)) for leaf_index in updated]),
    )


def _derive(
    epoch: Epoch,
    message: AuthenticatedContent,
    path: UpdatePath | None,
    pending: Pending,
    proposals: ProposalList,
    applied: Applied,
    change: Change,
) -> NextEpoch:
    suite, tree = epoch.suite, applied.tree
    private, signer_private = _own_keys(epoch, proposals, pending)
    provisional = epoch.context.next(
        tree.tree_hash(), epoch.context.confirmed_transcript_hash, applied.extensions
    )
    if path is None:
        private, commit_secret = private.pruned(tree), bytes(suite.hash_length)
    else:
        private, commit_secret = private.open_path(
            tree, change.committer, path, provisional.encoded, applied.unpathed
        )
    confirmed = confirmed_transcript_hash(
        suite,
        epoch.interim_transcript_hash,
        message.wire_format,
        message.content.encoded,
        message.signature,
    )
    context = epoch.context.next(provisional.tree_hash, confirmed, applied.extensions)
    keys = next_epoch_keys(
        suite,
        _init_secret(epoch, proposals),
        commit_secret,
        combine_psks(suite, proposals.psks, pending.psks),
        context.encoded,
    )
    return begin_epoch(
        suite, context, tree, private, signer_private, keys, change, proposals.reinit is not None
    )


def _own_keys(epoch: Epoch, proposals: ProposalList, pending: Pending) -> tuple[TreePrivate, bytes]:
    """Our private keys once our own Update, if one is committed, has taken effect."""
    for leaf_index, leaf in proposals.updates:
        if leaf_index == epoch.own_leaf:
            own = pending.own_updates.get(leaf.encryption_key)
            if own is None:
                raise ValidationError(
                    "own-update-known",
                    "A Commit contains an Update of this device whose keys it does not have.",
                )
            return epoch.private.with_leaf_key(own.encryption_private), own.signer_private
    return epoch.private, epoch.signer_private


def _init_secret(epoch: Epoch, proposals: ProposalList) -> bytes:
    if proposals.external_init is None:
        return epoch.secrets.init
    private, _ = epoch.suite.kem_derive_key_pair(epoch.secrets.external)
    return epoch.suite.export_receive(private, proposals.external_init.kem_output)


def members_touched(before: RatchetTree, change: Change) -> dict[int, Member | None]:
    """The members at leaves that a change replaced, as they were before (None: blank)."""
    touched = [change.committer, *change.added]
    touched.extend(item.leaf_index for item in (*change.removed, *change.updated))
    members: dict[int, Member | None] = {}
    for leaf_index in touched:
        leaf = before.leaf(leaf_index)
        members[leaf_index] = None if leaf is None else Member.of(leaf_index, leaf)
    return members
