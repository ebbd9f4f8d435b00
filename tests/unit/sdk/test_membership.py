"""What a Commit has to change: the right devices, and only those, each with a key of its own."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import Town, settled
from crooked import Crooked, willing
from plausch.base.clock import ManualClock
from plausch.base.ids import AccountAddress, DeviceAddress
from plausch.identity.keys import SigningKey
from plausch.mls.credential import PLAUSCH, Credential
from plausch.mls.epoch import Member
from plausch.mls.group import Group
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.suite import MLS_128_X25519_AES128, MLS_256_XWING
from plausch.sdk import Client, IdentityChanged, ServerRefused, TrustRefused
from plausch.sdk.account import make_own
from plausch.sdk.contacts import ContactState
from plausch.sdk.conversation import Conversation
from plausch.sdk.membership import (
    XWING_MEMBERS,
    CommitBundle,
    Intent,
    Plan,
    make_plan,
    members_of,
    missing_devices,
    outdated_leaves,
    suite_for,
    untried,
)
from plausch.wire import frames as f
from unit.sdk.talks import anna_and_cem, copy_of, core_of, live_of, publish, second_device, withheld

TABLET = "e" * 16
ADDRESSES = st.lists(st.text(max_size=40), max_size=5).map(tuple)


async def group_of(client: Client, conversation: Conversation) -> Group:
    """A copy of the group, so that a plan may be made while the real one goes on."""
    live = live_of(client, conversation)
    async with core_of(client).changing(live):
        return copy_of(await core_of(client).group(live))


async def planned(client: Client, conversation: Conversation, intent: Intent) -> Plan:
    live = live_of(client, conversation)
    return await make_plan(core_of(client), live, await group_of(client, conversation), intent)


async def relist(watcher: Client, whose: Client, devices: dict[str, SigningKey]) -> None:
    """The account lists these further devices, and the watcher has seen it; nobody commits."""
    await publish(whose, devices)
    await core_of(watcher).trust.refresh(whose.address)


def package_of(client: Client) -> bytes:
    """A key package of this device as the server would hand it out."""
    core = core_of(client)
    return KeyPackageBundle.create(
        MLS_256_XWING, core.credential, core.own.device_key.to_bytes(), core.now_s(), 3600
    ).message


def handing_out(wire: Crooked, *packages: bytes) -> None:
    """Whatever is claimed, the server hands out these."""
    wire.to_device = lambda frame: (
        [f.KeyPackages(frame.id, [("", raw) for raw in packages])]
        if isinstance(frame, f.KeyPackages)
        else [frame]
    )


def refusing_claims(wire: Crooked, code: str) -> None:
    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.ClaimKeyPackages):
            wire.push(f.Refused(frame.id, code, "No.", "remote"))
            return []
        return [frame]

    wire.to_server = refuse


# --- what is kept in the outbox --------------------------------------------------------------


@given(ADDRESSES, ADDRESSES, st.booleans())
def test_an_intent_survives_the_outbox(
    add: tuple[str, ...], remove: tuple[str, ...], opening: bool
) -> None:
    intent = Intent(add, remove, opening)
    assert Intent.from_bytes(intent.to_bytes()) == intent


@given(st.binary(), st.binary(), st.lists(st.text(max_size=20), max_size=4), st.binary())
def test_a_bundle_survives_the_outbox(
    commit: bytes, welcome: bytes, to: list[str], group_info: bytes
) -> None:
    bundle = CommitBundle(commit, welcome, to, group_info)
    assert CommitBundle.from_bytes(bundle.to_bytes()) == bundle


def test_a_conversation_of_very_many_devices_has_smaller_welcomes() -> None:
    assert suite_for(2) == suite_for(XWING_MEMBERS) == MLS_256_XWING
    assert suite_for(XWING_MEMBERS + 1) == MLS_128_X25519_AES128


# --- plans -----------------------------------------------------------------------------------


async def test_a_plan_without_intent_changes_nothing_when_all_is_well(
    town: Town, wire: Crooked
) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    assert await planned(anna, conversation, Intent()) == Plan()
    assert not any(isinstance(frame, f.ClaimKeyPackages) for frame in wire.sent[-3:])


async def test_who_is_added_comes_with_all_devices_that_have_a_key_package(
    town: Town, wire: Crooked
) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    ben = await town.person("ben")
    tablet = await town.connect(await second_device(town, ben, "tablet"))
    await core_of(tablet).greeted.wait()
    await publish_again(ben, {"f" * 16: SigningKey.generate()}, tablet)
    plan = await planned(anna, conversation, Intent(add=(ben.address.uri,)))
    assert set(plan.adds) == {ben.device, tablet.device}
    assert plan.removes == []
    claims = [frame for frame in wire.sent if isinstance(frame, f.ClaimKeyPackages)]
    assert len(claims[-1].devices) == 3


async def publish_again(client: Client, further: dict[str, SigningKey], tablet: Client) -> None:
    """List a third device beside the tablet."""
    await publish(client, {tablet.device.device: core_of(tablet).own.device_key, **further})


async def test_who_is_removed_goes_with_all_leaves_and_never_oneself(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    group = await group_of(anna, conversation)
    leaves = members_of(core_of(anna), group)
    plan = await planned(anna, conversation, Intent(remove=(cem.address.uri, anna.address.uri)))
    assert plan == Plan(removes=[leaves[cem.device]])
    assert group.own_leaf not in plan.removes


async def test_a_new_device_without_a_key_package_is_tried_once_on_each_connection(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    wire.to_device = lambda frame: withheld(frame, f.DeviceListMoved)
    core, group = core_of(anna), await group_of(anna, conversation)
    tablet = await second_device(town, cem, "tablet")
    await tablet.close()
    await core.trust.refresh(cem.address)
    live = live_of(anna, conversation)
    assert missing_devices(core, group, {cem.address, anna.address}) == {tablet.device}
    assert untried(core, live, group) == {tablet.device}
    plan = await planned(anna, conversation, Intent())
    assert plan == Plan(), "it has left no key package, so it comes later"
    assert untried(core, live, group) == set()
    core.transport.generation += 1
    assert untried(core, live, group) == {tablet.device}, "tried again on another connection"


async def test_invited_accounts_are_not_missed_before_the_first_commit(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    live, group = live_of(anna, conversation), await group_of(anna, conversation)
    ben = await town.person("ben")
    await core_of(anna).trust.refresh(ben.address)
    live.kept.set_members(live.kept.members, (ben.address,))
    assert untried(core_of(anna), live, group) == set()
    live.kept.set_members(live.kept.members)
    assert cem.address in live.kept.participants


async def test_an_unknown_account_cannot_be_missed(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    group = await group_of(anna, conversation)
    with pytest.raises(TrustRefused, match="not known"):
        missing_devices(core_of(anna), group, {AccountAddress("olga", "localhost")})


# --- claims ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["no_key_package", "unknown_device"])
async def test_who_has_left_no_key_package_is_asked_to_come_online(
    town: Town, wire: Crooked, code: str
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    ben = await town.person("ben")
    refusing_claims(wire, code)
    with pytest.raises(TrustRefused, match="come online once"):
        await planned(anna, conversation, Intent(add=(ben.address.uri,)))
    await relist(anna, cem, {TABLET: SigningKey.generate()})
    assert await planned(anna, conversation, Intent()) == Plan(), "nobody asked for the tablet"


async def test_any_other_refusal_is_passed_on(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    ben = await town.person("ben")
    refusing_claims(wire, "rate_limited")
    with pytest.raises(ServerRefused) as refused:
        await planned(anna, conversation, Intent(add=(ben.address.uri,)))
    assert refused.value.code == "rate_limited"
    wire.to_server = willing
    assert set((await planned(anna, conversation, Intent(add=(ben.address.uri,)))).adds) == {
        ben.device
    }


async def test_two_packages_of_one_device_make_one_member(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    ben = await town.person("ben")
    first, second = package_of(ben), package_of(ben)
    handing_out(wire, first, second)
    plan = await planned(anna, conversation, Intent(add=(ben.address.uri,)))
    assert plan.adds == {ben.device: second}


@pytest.mark.parametrize("junk", [b"", b"\x00\x01\x00\x05", b"a key package"])
async def test_junk_for_a_key_package_is_not_believed(
    town: Town, wire: Crooked, junk: bytes
) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    ben = await town.person("ben")
    handing_out(wire, junk)
    with pytest.raises(TrustRefused, match="cannot be believed") as refused:
        await planned(anna, conversation, Intent(add=(ben.address.uri,)))
    assert refused.value.code == "key_package_refused"


async def test_a_package_of_a_device_that_is_in_already_is_not_taken(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    ben = await town.person("ben")
    handing_out(wire, package_of(cem))
    with pytest.raises(TrustRefused, match="was not asked for"):
        await planned(anna, conversation, Intent(add=(ben.address.uri,)))


async def test_a_package_without_a_certificate_names_nobody(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    ben = await town.person("ben")
    core = core_of(ben)
    for credential in (Credential.basic(b"ben"), Credential(PLAUSCH, b"no certificate")):
        raw = KeyPackageBundle.create(
            MLS_256_XWING, credential, core.own.device_key.to_bytes(), core.now_s(), 3600
        ).message
        handing_out(wire, raw)
        with pytest.raises(TrustRefused, match="cannot be believed"):
            await planned(anna, conversation, Intent(add=(ben.address.uri,)))


# --- leaves ----------------------------------------------------------------------------------


async def test_every_leaf_of_a_healthy_group_may_be_encrypted_to(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    group = await group_of(anna, conversation)
    assert outdated_leaves(core_of(anna), live_of(anna, conversation), group) == []
    assert set(members_of(core_of(anna), group)) == {anna.device, cem.device}


async def test_an_expired_certificate_makes_a_leaf_outdated(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    core, group = core_of(anna), await group_of(anna, conversation)
    leaves = members_of(core, group)
    core.trust._clock = ManualClock(core.clock.now_ms() + 3 * 366 * 24 * 3_600_000)
    assert outdated_leaves(core, live_of(anna, conversation), group) == [leaves[cem.device]], (
        "the own one is not judged"
    )


async def test_a_changed_identity_is_a_decision_and_anything_else_a_refusal(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    core, group = core_of(anna), await group_of(anna, conversation)
    kept = core.trust.account(cem.address)
    assert kept is not None
    stranger = make_own("", cem.device.account, "person", core.now_s())
    assert stranger.identity is not None
    other_key = replace(
        kept, identity_key=stranger.identity.public, device_list=stranger.device_list
    )
    core.trust._keep(other_key)
    with pytest.raises(TrustRefused, match="does not prove to be a device"):
        outdated_leaves(core, live_of(anna, conversation), group)
    core.trust._keep(replace(other_key, state=ContactState.CHANGED))
    with pytest.raises(IdentityChanged):
        outdated_leaves(core, live_of(anna, conversation), group)
    core.trust._keep(kept)
    assert outdated_leaves(core, live_of(anna, conversation), group) == []


async def test_the_leaf_of_a_delisted_device_is_removed_by_any_plan(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await settled(anna, cem)
    core, group = core_of(anna), await group_of(anna, conversation)
    leaves = members_of(core, group)
    key = core_of(cem).own.device_key
    kept = core.trust.account(cem.address)
    assert kept is not None
    listed = core.trust.device_list(cem.address)
    assert listed.devices[0][1] == key.public
    identity = core_of(cem).own.identity
    assert identity is not None
    raw = type(listed).issue(
        identity, cem.address, [("a" * 16, SigningKey.generate().public)], core.now_s(), listed.raw
    )
    core.trust._keep(replace(kept, device_list=raw))
    assert outdated_leaves(core, live_of(anna, conversation), group) == [leaves[cem.device]]
    missing = missing_devices(core, group, {cem.address})
    assert missing == {DeviceAddress(cem.address, "a" * 16)}
    assert all(isinstance(one, Member) for one in group.members())
