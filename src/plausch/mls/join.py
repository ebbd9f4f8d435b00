"""Joining a group by a Welcome (RFC 9420 section 12.4.3.1)."""

from plausch.mls.epoch import (
    Change,
    Circumstances,
    NextEpoch,
    begin_epoch,
    check_confirmation_tag,
)
from plausch.mls.errors import ValidationError, require
from plausch.mls.extension import RATCHET_TREE
from plausch.mls.group_info import GroupInfo
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.key_schedule import epoch_keys, welcome_secret
from plausch.mls.leaf_validation import LATE_GRACE_S, GroupDemands
from plausch.mls.psk import combine_psks
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.suite import Suite, suite
from plausch.mls.tree_kem import TreePrivate
from plausch.mls.tree_validation import validate_tree
from plausch.mls.welcome import GroupSecrets, parse_welcome


def join_by_welcome(
    welcome_raw: bytes,
    bundle: KeyPackageBundle,
    around: Circumstances,
    ratchet_tree: bytes | None,
) -> NextEpoch:
    """The first epoch of a new member.

    Raises CodecError, ValidationError, CredentialRefused, DecryptionFailed, UnsupportedSuite.
    """
    welcome = parse_welcome(welcome_raw)
    crypto = suite(bundle.suite_id)
    require(
        welcome.cipher_suite == bundle.suite_id,
        "welcome-suite",
        "The Welcome is for another cipher suite than the key package it names.",
    )
    secrets = welcome.open_secrets(crypto, bundle.ref, bundle.init_private)
    _check_lifetime(bundle, around)
    psk_secret = combine_psks(crypto, secrets.psks, around.psks)
    group_info = welcome.open_group_info(
        crypto, welcome_secret(crypto, secrets.joiner_secret, psk_secret)
    )
    _check_resumption(secrets.psks, group_info)
    tree = checked_tree(crypto, group_info, around, ratchet_tree)
    own_leaf = _find_own_leaf(tree, bundle)
    private = TreePrivate.of_leaf(own_leaf, bundle.encryption_private)
    if secrets.path_secret is not None:
        private = private.with_path_secret(tree, group_info.signer, secrets.path_secret)
    require(
        private.is_complete(tree),
        "welcome-path-secret",
        "The Welcome lacks the path secret without which later Commits could not be followed.",
    )
    return _begin(crypto, group_info, tree, private, bundle, secrets, psk_secret)


def _begin(
    crypto: Suite,
    group_info: GroupInfo,
    tree: RatchetTree,
    private: TreePrivate,
    bundle: KeyPackageBundle,
    secrets: GroupSecrets,
    psk_secret: bytes,
) -> NextEpoch:
    context = group_info.group_context
    keys = epoch_keys(crypto, secrets.joiner_secret, psk_secret, context.encoded)
    change = Change(group_info.signer, (private.leaf_index,))
    joined = begin_epoch(crypto, context, tree, private, bundle.signer_private, keys, change)
    check_confirmation_tag(joined.epoch, group_info.confirmation_tag)
    return joined


def checked_tree(
    crypto: Suite, group_info: GroupInfo, around: Circumstances, ratchet_tree: bytes | None
) -> RatchetTree:
    """The group's tree from the GroupInfo or beside it, fully validated, and the GroupInfo's
    signature. Raises CodecError, ValidationError, CredentialRefused.
    """
    context = group_info.group_context
    require(
        context.cipher_suite == crypto.id,
        "group-info-suite",
        "The GroupInfo is for another cipher suite than the message it came in.",
    )
    raw_tree = group_info.extension(RATCHET_TREE) or ratchet_tree
    if raw_tree is None:
        raise ValidationError(
            "group-info-tree", "The ratchet tree is missing: it is neither inside nor beside."
        )
    tree = RatchetTree.from_bytes(crypto, raw_tree)
    signer = tree.leaf(group_info.signer)
    if signer is None:
        raise ValidationError("group-info-signer", "The signer of the GroupInfo is no member.")
    group_info.verify(crypto, signer.signature_key)
    demands = GroupDemands.of_context(crypto, context.extensions)
    validate_tree(tree, demands, context.group_id, context.tree_hash, around.judge)
    return tree


def _check_lifetime(bundle: KeyPackageBundle, around: Circumstances) -> None:
    """Later than this, a Welcome can only be a replay to an init key that should be gone."""
    lifetime = bundle.key_package.leaf_node.lifetime
    require(
        lifetime is not None and around.now_s <= lifetime.not_after_s + LATE_GRACE_S,
        "welcome-lifetime",
        "The key package that this Welcome uses expired too long ago.",
    )


def _check_resumption(psks: tuple[PreSharedKeyId, ...], group_info: GroupInfo) -> None:
    """At most one PSK for reinit or branch, and then only in epoch 1 (RFC 9420, 12.4.3.1)."""
    continued = [psk for psk in psks if psk.continues_group]
    require(
        not continued or (len(continued) == 1 and group_info.group_context.epoch == 1),
        "welcome-resumption",
        "A Welcome continues another group although it does not begin a new one.",
    )


def _find_own_leaf(tree: RatchetTree, bundle: KeyPackageBundle) -> int:
    own = bundle.key_package.leaf_node
    for leaf_index, leaf in tree.leaves():
        if leaf == own:
            return leaf_index
    raise ValidationError(
        "welcome-own-leaf", "The group's tree does not contain the leaf that was to be added."
    )
