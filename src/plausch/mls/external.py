"""Joining by an external commit, anew or in place of one's own old leaf (RFC 9420, 12.4.3.2)."""

from dataclasses import dataclass, replace

from plausch.mls.codec import Reader, parse_whole
from plausch.mls.commit import Identity, MadeCommit
from plausch.mls.epoch import Change, Circumstances, Member, NextEpoch, begin_epoch
from plausch.mls.errors import ValidationError
from plausch.mls.extension import EXTERNAL_PUB
from plausch.mls.framing import (
    AuthenticatedContent,
    FramedContent,
    Sender,
    SenderType,
    WireFormat,
)
from plausch.mls.group_info import GroupInfo, parse_group_info
from plausch.mls.join import checked_tree
from plausch.mls.joiner import own_capabilities
from plausch.mls.key_schedule import next_epoch_keys
from plausch.mls.leaf_node import Capabilities, LeafContent
from plausch.mls.proposal import Commit, ExternalInit, PreSharedKey, Proposal, Remove
from plausch.mls.protection import sign_content
from plausch.mls.psk import combine_psks
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import Suite, suite
from plausch.mls.transcript import confirmed_transcript_hash, interim_transcript_hash
from plausch.mls.tree_kem import NewPath, new_path
from plausch.mls.validation import (
    Applied,
    ListedProposal,
    Surroundings,
    apply_proposals,
    check_applied,
    check_sorted,
    sort_proposals,
)

_SENDER = Sender(SenderType.NEW_MEMBER_COMMIT)


@dataclass(frozen=True, slots=True)
class ExternalPlan:
    """How to join: as whom, in place of which old leaf, with which pre-shared keys."""

    identity: Identity
    resync_leaf: int | None = None
    psks: tuple[PreSharedKeyId, ...] = ()
    capabilities: Capabilities | None = None


def make_external_commit(
    group_info_raw: bytes,
    plan: ExternalPlan,
    around: Circumstances,
    ratchet_tree: bytes | None = None,
) -> MadeCommit:
    """A Commit by which a device that is no member joins the group of a GroupInfo.

    Raises CodecError, ValidationError, CredentialRefused, UnsupportedSuite, KeyRefused.
    """
    group_info = parse_group_info(group_info_raw)
    context = group_info.group_context
    crypto = suite(context.cipher_suite)
    tree = checked_tree(crypto, group_info, around, ratchet_tree)
    kem_output, init_secret = crypto.export_send(_external_pub(group_info))
    by_value: list[Proposal] = [ExternalInit(kem_output)]
    if plan.resync_leaf is not None:
        by_value.append(Remove(plan.resync_leaf))
    by_value.extend(PreSharedKey(psk) for psk in plan.psks)
    proposals = sort_proposals([ListedProposal(item, _SENDER) for item in by_value], _SENDER)
    check_sorted(proposals, Surroundings(crypto, context, tree, around.judge, around.now_s))
    applied = apply_proposals(tree, context.extensions, proposals)
    made = _make_path(crypto, group_info, tree, applied, plan)
    around.judge(plan.identity.credential, made.leaf_node.signature_key, "joiner")
    check_applied(crypto, applied, context_changed=True)
    provisional = context.next(
        applied.tree.tree_hash(), context.confirmed_transcript_hash, context.extensions
    )
    path = made.encrypt(applied.tree, provisional.encoded)
    content = FramedContent.of(
        context.group_id, context.epoch, _SENDER, b"", Commit(tuple(by_value), path)
    )
    signer = plan.identity.signer_private
    signature = sign_content(crypto, signer, WireFormat.PUBLIC_MESSAGE, content, context.encoded)
    message = AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content, signature)
    psk_secret = combine_psks(crypto, proposals.psks, around.psks)
    begun = _begin(group_info, message, applied, made, (init_secret, psk_secret), plan, tree)
    return MadeCommit(
        replace(message, confirmation_tag=begun.epoch.confirmation_tag),
        b"",
        begun.epoch.group_info(with_tree=True, with_external_pub=True).to_message(),
        begun,
    )


def _make_path(
    crypto: Suite, group_info: GroupInfo, tree: RatchetTree, applied: Applied, plan: ExternalPlan
) -> NewPath:
    # Any leaf holds the place until the path brings the real one.
    _, any_leaf = next(tree.leaves())
    own_leaf = applied.tree.add_leaf(any_leaf)
    identity = plan.identity
    leaf = LeafContent(
        b"",
        crypto.signature_public_of(identity.signer_private),
        identity.credential,
        plan.capabilities or own_capabilities(identity.credential),
    )
    group_id = group_info.group_context.group_id
    return new_path(applied.tree, own_leaf, leaf, identity.signer_private, group_id)


def _begin(
    group_info: GroupInfo,
    message: AuthenticatedContent,
    applied: Applied,
    made: NewPath,
    secrets: tuple[bytes, bytes],
    plan: ExternalPlan,
    tree: RatchetTree,
) -> NextEpoch:
    """The epoch after the external commit; `secrets` are the init secret and the PSK secret."""
    crypto, context = applied.tree.suite, group_info.group_context
    interim = interim_transcript_hash(
        crypto, context.confirmed_transcript_hash, group_info.confirmation_tag
    )
    confirmed = confirmed_transcript_hash(
        crypto, interim, message.wire_format, message.content.encoded, message.signature
    )
    following = context.next(applied.tree.tree_hash(), confirmed, context.extensions)
    init_secret, psk_secret = secrets
    keys = next_epoch_keys(crypto, init_secret, made.commit_secret, psk_secret, following.encoded)
    gone = []
    for leaf_index in applied.removed:
        leaf = tree.leaf(leaf_index)
        if leaf is not None:
            gone.append(Member.of(leaf_index, leaf))
    change = Change(made.leaf_index, (made.leaf_index,), tuple(gone))
    signer = plan.identity.signer_private
    return begin_epoch(crypto, following, applied.tree, made.private, signer, keys, change)


def _external_pub(group_info: GroupInfo) -> bytes:
    body = group_info.extension(EXTERNAL_PUB)
    if body is None:
        raise ValidationError(
            "group-info-external-pub", "The GroupInfo does not allow external commits."
        )
    return parse_whole(Reader.opaque, body)
