"""What a Commit has to change so that the right devices, and only those, are members."""

from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec

from plausch.base.errors import Fault
from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.mls.commit import Identity
from plausch.mls.errors import ProtocolError
from plausch.mls.extension import Extensions
from plausch.mls.framing import member
from plausch.mls.group import Group
from plausch.mls.key_package import parse_key_package
from plausch.mls.proposal import Remove
from plausch.mls.suite import MLS_128_X25519_AES128, MLS_256_XWING
from plausch.sdk.certificates import renewed_identity
from plausch.sdk.core import Core, Live
from plausch.sdk.errors import NotParticipant, ServerRefused, TrustRefused
from plausch.sdk.roles import demand_admin, may_administrate, roles_after
from plausch.wire import frames as f

_NONE_TO_CLAIM = frozenset({"no_key_package", "unknown_device"})
"""No key package is left, or the list has moved meanwhile: such a device is added later."""

XWING_MEMBERS = 256
"""Conversations of more devices use suite 1: X-Wing's Welcomes grow to megabytes there."""


class Intent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person or a rule wants changed; account URIs. Kept in the outbox until done.

    `promote` become admins, `demote` are admins no longer. `opening`: the first Commit of a
    conversation; when it cannot be done, nothing in it can. Every intent also tidies: delisted
    devices go, newly listed ones of participants come, and proposals that wait are committed.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    opening: bool = False
    promote: tuple[str, ...] = ()
    demote: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """For the outbox."""
        return msgspec.json.encode(self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Intent":
        """From the outbox."""
        return msgspec.json.decode(raw, type=cls)


class CommitBundle(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A Commit with what travels beside it, kept until it is in the log. No secrets."""

    commit: bytes
    welcome: bytes
    welcome_to: list[str]
    group_info: bytes

    def to_bytes(self) -> bytes:
        """For the outbox."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "CommitBundle":
        """From the outbox."""
        return msgspec.msgpack.decode(raw, type=cls)


@dataclass
class Plan:
    """Devices to add with a key package each, leaves to remove, and the group's extensions when
    they change."""

    adds: dict[DeviceAddress, bytes] = field(default_factory=dict)
    removes: list[int] = field(default_factory=list)
    extensions: Extensions | None = None
    identity: Identity | None = None
    """A new certificate for this device's own leaf, in place of one that runs short."""
    is_asked: bool = False
    """Whether somebody wants the roles changed: a Commit is made for nothing else."""

    @property
    def is_needed(self) -> bool:
        """Whether there is something to commit."""
        changes = bool(self.adds or self.removes or self.identity)
        return changes or (self.is_asked and self.extensions is not None)


_OVER = {
    "left": "This account has left the conversation (or was removed from it): a participant has to "
    "add it again.",
    "failed": "The server refused to open this conversation; begin a new one.",
    "ended": "This conversation was ended by one of its participants; begin a new one.",
}


def demand_participant(live: Live) -> None:
    """Raises NotParticipant when nothing can be sent in this conversation any more."""
    sentence = _OVER.get(live.kept.state)
    if sentence is not None:
        raise NotParticipant(sentence)


def suite_for(devices: int) -> int:
    """The cipher suite of a new conversation of so many devices."""
    return MLS_256_XWING if devices <= XWING_MEMBERS else MLS_128_X25519_AES128


def leavers(core: Core, group: Group) -> set[DeviceAddress]:
    """The devices of accounts of which a device proposes its own removal: who leaves, leaves with
    all devices."""
    asking = _asking(group)
    members = members_of(core, group)
    accounts = {device.account for device, leaf in members.items() if leaf in asking}
    return {device for device in members if device.account in accounts}


def _asking(group: Group) -> set[int]:
    """The leaves that propose their own removal."""
    return {
        listed.proposal.removed
        for listed in group.proposals.values()
        if isinstance(listed.proposal, Remove) and listed.sender == member(listed.proposal.removed)
    }


def remembered_leavers(core: Core, live: Live) -> set[DeviceAddress]:
    """Devices that asked to go in an epoch that is over, which this device may take out: of others
    an admin only, since not everybody has seen them ask."""
    return live.leaving if may_administrate(live.kept, core.address) else set()


def outdated_leaves(
    core: Core, live: Live, group: Group, besides: Collection[AccountAddress] = ()
) -> list[int]:
    """Leaves that must not be encrypted to and can be removed, `besides` those of some accounts.

    Raises TrustRefused for those that a person has to decide about.
    """
    found: list[int] = []
    leaving = remembered_leavers(core, live)
    for one in group.members():
        device = core.trust.device(one.credential)
        if one.leaf_index == group.own_leaf or device.account in besides:
            continue
        verdict = core.trust.verdict(one.credential, one.signature_key)
        if verdict == "outdated" or device in leaving:
            found.append(one.leaf_index)
        elif verdict == "bad":
            core.trust.demand_unchanged([device.account])
            raise TrustRefused(
                f"{device} in this conversation does not prove to be a device of "
                f"{device.account}: nothing is sent to it."
            )
    return found


def members_of(core: Core, group: Group) -> dict[DeviceAddress, int]:
    """The devices in a group and their leaves."""
    return {core.trust.device(member.credential): member.leaf_index for member in group.members()}


def missing_devices(core: Core, group: Group, accounts: set[AccountAddress]) -> set[DeviceAddress]:
    """Listed devices of these accounts that are not in the group."""
    present = members_of(core, group)
    now_s = core.now_s()
    listed = {
        device for address in accounts for device in core.trust.device_list(address).in_time(now_s)
    }
    return listed - set(present)


def untried(core: Core, live: Live, group: Group) -> set[DeviceAddress]:
    """Listed devices of participants of which it is not known that they cannot be added."""
    accounts = set(live.kept.participants) - set(live.kept.invited)
    return _untried(core, live, missing_devices(core, group, accounts))


def _untried(core: Core, live: Live, devices: set[DeviceAddress]) -> set[DeviceAddress]:
    return {one for one in devices if (one, core.transport.generation) not in live.tried}


def tried_in_vain(core: Core, live: Live, devices: set[DeviceAddress]) -> None:
    """They cannot be added (no key package, none that can be believed, or the server refuses
    them): nothing waits for them, and they are tried again on the next connection."""
    now = core.transport.generation
    live.tried = {one for one in live.tried if one[1] == now} | {(one, now) for one in devices}


async def make_plan(core: Core, live: Live, group: Group, intent: Intent) -> Plan:
    """Look up everybody, and claim key packages for who is missing.

    Who is to be added comes with a device at least. Another device of a participant that cannot
    be added is left out. Raises NotAdmin, TrustRefused, IdentityChanged, ServerRefused,
    Unreachable.
    """
    if {*intent.add, *intent.remove} - {core.address.uri}:
        demand_admin(core, live.kept)
    removed, added = _accounts(intent.remove), _accounts(intent.add)
    present = members_of(core, group)
    accounts = ({device.account for device in present} | added) - removed
    await core.trust.freshen(sorted(accounts), core.transport.generation)
    core.trust.demand_unchanged(sorted(accounts))
    plan = Plan(identity=renewed_identity(core, group))
    going = (leavers(core, group) | remembered_leavers(core, live)) & set(present)
    leaving = {
        leaf for device, leaf in present.items() if device.account in removed or device in going
    }
    leaving.update(outdated_leaves(core, live, group, besides=removed))
    # What a device proposed of itself goes by reference, so that everybody sees whose wish it was.
    plan.removes = sorted(leaving - {group.own_leaf} - _asking(group))
    staying = accounts - {device.account for device in going}
    promote, demote = _accounts(intent.promote), _accounts(intent.demote)
    both = staying & {device.account for device in present}
    plan.extensions = roles_after(core, group, promote, demote, both)
    plan.is_asked = bool(promote or demote)
    missing = missing_devices(core, group, added - removed)
    missing |= _untried(core, live, missing_devices(core, group, staying))
    for address in sorted({device.account for device in missing}):
        wanted = {device for device in missing if device.account == address}
        try:
            claimed = await _claim(core, address, wanted, group.suite_id)
        except (ServerRefused, TrustRefused) as error:
            if address in added or error.fault is Fault.OPERATOR:
                raise
            await core.report(live.id, None, error)
            claimed = {}
        if not claimed and address in added:
            raise TrustRefused(
                f"{address} has no device that can be added right now: ask them to come online "
                "once."
            )
        tried_in_vain(core, live, wanted - set(claimed))
        plan.adds.update(claimed)
    return plan


def _accounts(uris: Collection[str]) -> set[AccountAddress]:
    return {AccountAddress.parse_uri(uri) for uri in uris}


async def _claim(
    core: Core, address: AccountAddress, wanted: set[DeviceAddress], suite_id: int
) -> dict[DeviceAddress, bytes]:
    """A good key package for each of these devices that has one.

    Raises TrustRefused when the server hands out what is not theirs, ServerRefused, Unreachable.
    """
    try:
        answer = await core.transport.ask(
            lambda request_id: f.ClaimKeyPackages(
                request_id, address.name, suite_id, sorted(device.uri for device in wanted)
            ),
            f.KeyPackages,
        )
    except ServerRefused as error:
        if error.code in _NONE_TO_CLAIM:
            return {}
        raise
    claimed: dict[DeviceAddress, bytes] = {}
    for _, raw in answer.key_packages:
        try:
            leaf = parse_key_package(raw).leaf_node
            await core.judged(
                lambda judge, leaf=leaf: judge(  # type: ignore[misc]
                    leaf.credential, leaf.signature_key, "key_package"
                )
            )
            device = core.trust.device(leaf.credential)
        except ProtocolError as error:
            raise TrustRefused(
                f"The server handed out a key package for {address} that cannot be believed: "
                f"{error}",
                code="key_package_refused",
            ) from error
        if device not in wanted:
            raise TrustRefused(
                f"The server handed out a key package of {device}, which was not asked for.",
                code="key_package_refused",
            )
        claimed[device] = raw
    return claimed
