"""Who may change a group: the roles in its GroupContext, seen with the accounts known here."""

from collections.abc import Collection, Sequence

from plausch.base.errors import RemoteError
from plausch.base.ids import AccountAddress, NameRefused
from plausch.mls.errors import ProtocolError, ValidationError
from plausch.mls.extension import Extensions
from plausch.mls.group import Group
from plausch.mls.proposal import Remove
from plausch.mls.roles import (
    NOT_ADMIN,
    Roles,
    Seats,
    check_roles,
    may_change,
    roles_of,
    with_roles,
)
from plausch.mls.validation import ListedProposal
from plausch.sdk.core import Core
from plausch.sdk.errors import NotAdmin, SdkError
from plausch.sdk.vault.conversations import KeptConversation

CLOCK_GRACE_S = 24 * 3600
"""A certificate that expires within a day counts as expired when somebody else removes its device:
clocks differ."""


def admins_in(extensions: Extensions) -> tuple[AccountAddress, ...] | None:
    """The accounts named as admins, None in a group without roles.

    Raises RemoteError when they cannot be read.
    """
    try:
        roles = roles_of(extensions)
        return None if roles is None else tuple(map(AccountAddress.parse_uri, roles.admins))
    except (ProtocolError, NameRefused) as error:
        raise RemoteError(
            f"The admins of a group cannot be read: {error}", code="bad_roles"
        ) from error


def may_administrate(kept: KeptConversation, account: AccountAddress) -> bool:
    """Whether an account may add and remove others and name admins, as far as is known here."""
    return not kept.present_admins or account in kept.present_admins


def demand_admin(core: Core, kept: KeptConversation) -> None:
    """Raises NotAdmin."""
    if not may_administrate(kept, core.address):
        raise NotAdmin(
            "Only an admin of this group may do this: ask "
            f"{', '.join(str(one) for one in kept.present_admins)}."
        )


def seats_of(core: Core, group: Group) -> Seats:
    """The leaves of a group with their accounts."""
    members = {member.leaf_index: member for member in group.members()}
    trust = core.trust

    def is_outdated(leaf_index: int) -> bool:
        one = members[leaf_index]
        return trust.verdict(one.credential, one.signature_key, CLOCK_GRACE_S) == "outdated"

    return Seats(
        {leaf: trust.device(one.credential).account.uri for leaf, one in members.items()},
        lambda credential: trust.device(credential).account.uri,
        is_outdated,
    )


async def demand_allowed(
    core: Core, group: Group, by: AccountAddress, listed: Sequence[ListedProposal]
) -> None:
    """What somebody else commits or proposes is theirs to do.

    A device that is taken out may have gone from a list that this device has not seen: it is
    looked up before the change is refused. Raises ValidationError, CodecError, Unreachable.
    """
    seats = seats_of(core, group)
    try:
        check_roles(group.extensions, seats, by.uri, listed)
    except ValidationError as error:
        removed = {one.proposal.removed for one in listed if isinstance(one.proposal, Remove)}
        owners = {seats.accounts[leaf] for leaf in removed if leaf in seats.accounts}
        if error.check != NOT_ADMIN or not owners:
            raise
        for uri in sorted(owners):
            await core.look_up(AccountAddress.parse_uri(uri))
        check_roles(group.extensions, seats, by.uri, listed)


def roles_after(
    core: Core,
    group: Group,
    promote: Collection[AccountAddress],
    demote: Collection[AccountAddress],
    staying: Collection[AccountAddress],
) -> Extensions | None:
    """The extensions with the admins as they shall be, None when they stay as they are.

    `staying`: accounts in the group before and after. Who is gone is an admin no more, so that
    nobody who comes again is one unawares. Raises NotAdmin, SdkError `no_roles`, `last_admin`.
    """
    roles = roles_of(group.extensions)
    present = [core.trust.device(one.credential).account.uri for one in group.members()]
    asked = bool(promote or demote)
    if roles is None:
        if asked:
            raise SdkError("This conversation has no admins: everybody may.", code="no_roles")
        return None
    if not may_change(roles, present, core.address.uri):
        if asked:
            raise NotAdmin("Only an admin of this group may name or dismiss admins.")
        return None
    named = set(roles.admins) | {one.uri for one in promote}
    named &= {one.uri for one in staying}
    named -= {one.uri for one in demote}
    if not named:
        if asked:
            raise SdkError(
                "A group has an admin at least: make somebody else one first.", code="last_admin"
            )
        return None
    after = Roles.of(sorted(named))
    return None if after == roles else with_roles(group.extensions, after)


def heir_of(core: Core, kept: KeptConversation, group: Group) -> AccountAddress | None:
    """Who becomes an admin when this account, the only one, leaves: who is in it the longest, that
    is whose leaf is the leftmost. None when nobody has to."""
    if kept.present_admins != (core.address,):
        return None
    accounts = (core.trust.device(one.credential).account for one in group.members())
    return next((account for account in accounts if account != core.address), None)
