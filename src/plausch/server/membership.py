"""Who is a member after a Commit, and whether the server's rules allow it.

The Commit says which leaves change (mls.handshake); here each changed leaf becomes a listed
device, and the rules about accounts are asked: who may add whom, and how many.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Self

from plausch.identity.certificate import DeviceCertificate
from plausch.mls.errors import CredentialRefused
from plausch.mls.handshake import ExpectedMembers
from plausch.server.errors import Refusal
from plausch.server.leaves import certificate_of, check_listed
from plausch.server.limits import Limits
from plausch.server.records import BUSINESS, PERSON, DeviceRecord, Member


@dataclass(frozen=True, slots=True)
class ClaimedLeaf:
    """A leaf that changes, and the certificate in it."""

    leaf_index: int
    certificate: DeviceCertificate

    @property
    def device(self) -> str:
        """The URI of the device that it claims to be."""
        return self.certificate.device.uri


@dataclass(frozen=True, slots=True)
class Claims:
    """What a well-formed Commit claims about the members after it."""

    leaf_indices: frozenset[int]
    """All leaves that are not blank."""
    leaves: tuple[ClaimedLeaf, ...]
    """Those that change."""
    committer: int
    added: frozenset[int]
    """Leaves of the added key packages."""
    is_external: bool
    welcome_to: tuple[str, ...]

    @classmethod
    def of(
        cls, expected: ExpectedMembers, is_external: bool, welcome_to: Sequence[str], now_s: int
    ) -> Self:
        """Raises CredentialRefused."""
        leaves = tuple(
            [
                ClaimedLeaf(index, certificate_of(leaf.credential, leaf.signature_key, now_s))
                for index, leaf in sorted(expected.leaf_nodes.items())
            ]
        )
        return cls(
            frozenset(expected.signature_keys),
            leaves,
            expected.committer,
            frozenset(expected.added),
            is_external,
            tuple(welcome_to),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """How the member table changes."""

    after: tuple[Member, ...]
    come: tuple[Member, ...]
    """Devices that were no members before."""
    moved: tuple[Member, ...]
    """Devices that stay with another leaf or key."""
    gone: tuple[Member, ...]
    welcomed: tuple[Member, ...]
    """Devices that join by the Welcome."""


def judge_change(
    claims: Claims,
    before: Sequence[Member],
    listed: Mapping[str, DeviceRecord],
    committer: DeviceRecord,
    limits: Limits,
) -> Change:
    """The change, if it is allowed.

    Raises Refusal `bad_commit`, `not_allowed`, `too_many_participants`.
    """
    try:
        devices = {
            one.leaf_index: check_listed(one.certificate, listed.get(one.device))
            for one in claims.leaves
        }
    except CredentialRefused as error:
        raise Refusal("bad_commit", f"The Commit cannot be accepted: {error}") from error
    _check_owners(claims, before, devices, committer)
    after = _after(claims, before, devices)
    change = _difference(claims, before, after)
    _check_welcome(claims, change)
    _check_rules(change, before, devices, committer, limits)
    return change


def _check_owners(
    claims: Claims,
    before: Sequence[Member],
    devices: Mapping[int, DeviceRecord],
    committer: DeviceRecord,
) -> None:
    """A leaf that changes in place stays with its device; a new one is no second leaf."""
    owners = {one.leaf_index: one.device_key for one in before}
    for index, one in devices.items():
        if index == claims.committer:
            if one.key != committer.key:
                raise Refusal("bad_commit", "The committer's leaf is not the appending device's.")
        elif index not in claims.added and owners.get(index) != one.key:
            raise Refusal("bad_commit", f"Leaf {index} would change its owner.")


def _after(
    claims: Claims, before: Sequence[Member], devices: Mapping[int, DeviceRecord]
) -> tuple[Member, ...]:
    members = {one.leaf_index: one for one in before if one.leaf_index in claims.leaf_indices}
    for index, one in devices.items():
        members[index] = Member(one.key, one.uri, one.account_key, index, one.signature_key)
    keys = [one.device_key for one in members.values()]
    if len(set(keys)) != len(keys):
        raise Refusal("bad_commit", "A device would be a member twice.")
    return tuple([members[index] for index in sorted(members)])


def _difference(claims: Claims, before: Sequence[Member], after: Sequence[Member]) -> Change:
    was = {one.device_key: one for one in before}
    now = {one.device_key: one for one in after}
    return Change(
        tuple(after),
        tuple([one for one in after if one.device_key not in was]),
        tuple([one for one in after if was.get(one.device_key, one) != one]),
        tuple([one for one in before if one.device_key not in now]),
        tuple([one for one in after if one.leaf_index in claims.added]),
    )


def _check_welcome(claims: Claims, change: Change) -> None:
    if sorted(claims.welcome_to) != sorted([one.uri for one in change.welcomed]):
        raise Refusal("bad_commit", "The Welcome is not for exactly the devices that are added.")


def _check_rules(
    change: Change,
    before: Sequence[Member],
    devices: Mapping[int, DeviceRecord],
    committer: DeviceRecord,
    limits: Limits,
) -> None:
    participants = frozenset([one.account_key for one in before])
    records = {one.key: one for one in devices.values()}
    for one in change.come:
        _check_asked(records[one.device_key], participants, committer)
    count = len({one.account_key for one in change.after})
    if count > limits.participants_per_conversation:
        raise Refusal(
            "too_many_participants",
            f"A conversation may have {limits.participants_per_conversation} participants, "
            f"not {count}.",
        )


def judge_addition(
    certificate: DeviceCertificate,
    known: DeviceRecord | None,
    participants: Set[int],
    sender: DeviceRecord,
) -> None:
    """Whether the sender may propose to add the device. Its epoch's Commit, which may be another
    one's, asks only about the committer; the participants stay the same until then.

    Raises Refusal `bad_proposal`, `not_allowed`.
    """
    try:
        record = check_listed(certificate, known)
    except CredentialRefused as error:
        raise Refusal("bad_proposal", f"The proposal cannot be accepted: {error}") from error
    _check_asked(record, participants, sender)


def _check_asked(record: DeviceRecord, participants: Set[int], by: DeviceRecord) -> None:
    if by.kind == BUSINESS and record.kind == PERSON and record.account_key not in participants:
        raise Refusal(
            "not_allowed",
            f"A business cannot add {record.name}: a person writes to a business first.",
        )
