"""Who may change a group: the same rule as the members' (mls.roles), asked of what the server sees.

A server that let a forbidden Commit pass would leave every honest member behind in an epoch that is
over. A dishonest one gains nothing: the members judge for themselves.
"""

from collections.abc import Sequence
from functools import cache

from plausch.base.ids import DeviceAddress
from plausch.identity.certificate import parse_certificate
from plausch.identity.errors import IdentityRefused
from plausch.mls.credential import Credential, CredentialRefused
from plausch.mls.errors import ValidationError
from plausch.mls.extension import RATCHET_TREE
from plausch.mls.group_info import GroupInfo
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.roles import NOT_ADMIN, Seats, check_roles
from plausch.mls.suite import suite
from plausch.mls.validation import ListedProposal
from plausch.server.errors import Refusal
from plausch.server.leaves import certificate_of
from plausch.server.records import DeviceRecord, Member

CLOCK_GRACE_S = 24 * 3600
"""As at the members: a certificate that expires within a day counts as expired here."""


def demand_role(
    sender: DeviceRecord,
    current: GroupInfo,
    members: Sequence[Member],
    listed: Sequence[ListedProposal],
    now_s: int,
) -> None:
    """The sender may commit or propose this. Raises Refusal `not_admin`; ProtocolError."""
    accounts = {one.leaf_index: _account_of(one.uri) for one in members}
    unlisted = {one.leaf_index for one in members if not one.listed}

    # Once for a Commit: it may remove a thousand devices, and the tree has as many leaves.
    tree = cache(lambda: _tree_of(current))

    @cache
    def is_outdated(leaf_index: int) -> bool:
        return leaf_index in unlisted or _is_expired(tree(), leaf_index, now_s)

    seats = Seats(accounts, _account_in, is_outdated)
    try:
        check_roles(current.group_context.extensions, seats, _account_of(sender.uri), listed)
    except ValidationError as error:
        if error.check != NOT_ADMIN:
            raise
        raise Refusal(NOT_ADMIN, str(error)) from error


def _account_of(uri: str) -> str:
    return DeviceAddress.parse_uri(uri).account.uri


def _account_in(credential: Credential) -> str:
    """Raises CredentialRefused."""
    try:
        return parse_certificate(credential.body).account.uri
    except IdentityRefused as error:
        raise CredentialRefused(str(error)) from error


def _tree_of(current: GroupInfo) -> RatchetTree | None:
    raw = current.extension(RATCHET_TREE)
    if raw is None:
        return None
    return RatchetTree.from_bytes(suite(current.group_context.cipher_suite), raw)


def _is_expired(tree: RatchetTree | None, leaf_index: int, now_s: int) -> bool:
    leaf = None if tree is None else tree.leaf(leaf_index)
    if leaf is None:
        return False
    try:
        certificate_of(leaf.credential, leaf.signature_key, now_s + CLOCK_GRACE_S)
    except CredentialRefused:
        return True
    return False
