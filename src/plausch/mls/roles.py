"""Roles: who may change a group's members (spec/mls.md, "Roles").

A GroupContext extension of private use names the accounts that are admins. The rule is about
accounts, of which MLS knows nothing: who asks says whose leaf is whose. It holds only public
values, so that a delivery service asks the same question with the same code.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from plausch.mls.codec import Reader, opaque, parse_whole, vector
from plausch.mls.credential import Credential
from plausch.mls.errors import CodecError, ValidationError, require
from plausch.mls.extension import Extension, Extensions, find_extension
from plausch.mls.framing import SenderType, member
from plausch.mls.proposal import Add, GroupContextExtensions, ReInit, Remove
from plausch.mls.validation import ListedProposal

ROLES = 0xF0A4
"""Private use: the extension that names the admins."""

ADMINS_LIMIT = 100
ACCOUNT_LIMIT = 255
"""Bytes of an account's URI."""

NOT_ADMIN = "not_admin"
"""The check that fails when somebody changes a group who may not."""

BAD_ROLES = "roles"
"""The check that fails when a change of the roles leaves no sensible ones."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The admins' account URIs: 1 to ADMINS_LIMIT, in ascending order of their bytes."""

    admins: tuple[str, ...]

    @classmethod
    def of(cls, admins: Sequence[str]) -> Self:
        """In their order, each once. Raises ValidationError `roles`."""
        ordered = sorted(set(admins), key=lambda uri: uri.encode())
        require(
            1 <= len(ordered) <= ADMINS_LIMIT,
            BAD_ROLES,
            f"A group has 1 to {ADMINS_LIMIT} admins, not {len(ordered)}.",
        )
        return cls(tuple(ordered))

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        raw = reader.vector(lambda item: item.opaque(ACCOUNT_LIMIT))
        if not 1 <= len(raw) <= ADMINS_LIMIT:
            raise CodecError(f"A group has 1 to {ADMINS_LIMIT} admins, not {len(raw)}.")
        if any(one >= other for one, other in pairwise(raw)):
            raise CodecError("The admins of a group are not in order, each once.")
        try:
            return cls(tuple([item.decode() for item in raw]))
        except UnicodeDecodeError as error:
            raise CodecError("An admin of a group is not named in UTF-8.") from error

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """`opaque admins<V><V>`."""
        return vector([opaque(uri.encode()) for uri in self.admins])

    def to_extension(self) -> Extension:
        """As a GroupContext extension."""
        return Extension(ROLES, self.to_bytes())


def roles_of(extensions: Extensions) -> Roles | None:
    """The roles of a group, None when it has none: then everybody may. Raises CodecError."""
    body = find_extension(extensions, ROLES)
    return None if body is None else Roles.from_bytes(body)


def with_roles(extensions: Extensions, roles: Roles) -> Extensions:
    """The extensions with these roles in the place of those before."""
    others = [item for item in extensions if item.type != ROLES]
    return (*others, roles.to_extension())


@dataclass(frozen=True, slots=True)
class Seats:
    """Whose leaf is whose before a Commit, and what else is known of them.

    `accounts`: the account's URI for each leaf that is not blank; `account_of`: of a newcomer's
    credential, raises CredentialRefused; `is_outdated`: whether the device at a leaf is not (or no
    longer) a listed one of its account, so that anybody may remove it.
    """

    accounts: Mapping[int, str]
    account_of: Callable[[Credential], str]
    is_outdated: Callable[[int], bool]


def may_change(roles: Roles | None, present: Sequence[str], account: str) -> bool:
    """Whether an account may change members and roles in a group of `present` accounts: an admin,
    or everybody when there are no roles or no admin is left."""
    return roles is None or account in roles.admins or not set(roles.admins) & set(present)


def check_roles(
    extensions: Extensions, seats: Seats, committer: str, listed: Sequence[ListedProposal]
) -> None:
    """Whether this account may make a Commit of these proposals in a group of these extensions.

    Everybody may update, add and remove devices of the own account, carry out what somebody
    proposed about the own device, remove devices that are not listed any more, and add listed ones
    of accounts that are in it. All else is the admins'; both who proposed and who commits it must
    be allowed to. Raises ValidationError `not_admin`, `roles`; CodecError, CredentialRefused.
    """
    roles = roles_of(extensions)
    _check_successors(extensions, roles, seats, listed)
    present = sorted(set(seats.accounts.values()))
    leaving = {
        seats.accounts[item.proposal.removed]
        for item in listed
        if isinstance(item.proposal, Remove)
        and item.proposal.removed in seats.accounts
        and item.sender == member(item.proposal.removed)
    }
    for item in listed:
        for actor in (committer, _proposer(item, seats, committer)):
            if not (may_change(roles, present, actor) or _is_free(item, seats, actor, leaving)):
                raise ValidationError(
                    NOT_ADMIN,
                    f"{actor or 'Somebody outside'} is not an admin of this group and may not "
                    f"change it ({item.proposal.type.name.lower()}); ask an admin.",
                )


def _proposer(item: ListedProposal, seats: Seats, committer: str) -> str:
    """The account that answers for a proposal, "" for somebody who is not in the group."""
    if item.sender.type == SenderType.MEMBER:
        return seats.accounts.get(item.sender.index, "")
    return committer if item.sender.type == SenderType.NEW_MEMBER_COMMIT else ""


def _is_free(item: ListedProposal, seats: Seats, actor: str, leaving: set[str]) -> bool:
    """Whether everybody may do it."""
    proposal = item.proposal
    if isinstance(proposal, Remove):
        owner = seats.accounts.get(proposal.removed)
        return owner in leaving or owner == actor or seats.is_outdated(proposal.removed)
    if isinstance(proposal, Add):
        owner = seats.account_of(proposal.key_package.leaf_node.credential)
        return owner in seats.accounts.values() and owner not in leaving
    return not isinstance(proposal, GroupContextExtensions | ReInit)


def _check_successors(
    extensions: Extensions, roles: Roles | None, seats: Seats, listed: Sequence[ListedProposal]
) -> None:
    """New extensions keep the roles, if there were any, and name members only."""
    for following in _successors(listed):
        after = roles_of(following)
        require(
            (roles is None) == (after is None),
            BAD_ROLES,
            "A group begins with roles or without; a Commit can neither bring nor end them.",
        )
        if after is None or find_extension(extensions, ROLES) == find_extension(following, ROLES):
            continue
        here = set(_accounts_after(seats, listed))
        strangers = [uri for uri in after.admins if uri not in here]
        require(
            not strangers,
            BAD_ROLES,
            f"A Commit would make somebody an admin who is not in the group: {strangers[:1]}.",
        )


def _successors(listed: Sequence[ListedProposal]) -> Iterator[Extensions]:
    for item in listed:
        if isinstance(item.proposal, GroupContextExtensions):
            yield item.proposal.extensions


def _accounts_after(seats: Seats, listed: Sequence[ListedProposal]) -> Iterator[str]:
    gone = {item.proposal.removed for item in listed if isinstance(item.proposal, Remove)}
    for leaf_index, account in seats.accounts.items():
        if leaf_index not in gone:
            yield account
    for item in listed:
        if isinstance(item.proposal, Add):
            yield seats.account_of(item.proposal.key_package.leaf_node.credential)
