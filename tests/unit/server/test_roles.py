"""Who may change a group, asked of what the server sees."""

import secrets

import pytest

from delivery_world import Player, World
from plausch.identity.certificate import parse_certificate
from plausch.identity.device_list import DeviceList
from plausch.mls.framing import member
from plausch.mls.group import Group, join
from plausch.mls.group_info import parse_group_info
from plausch.mls.proposal import Remove
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.roles import Roles, with_roles
from plausch.mls.suite import Suite
from plausch.mls.validation import ListedProposal
from plausch.server.errors import Refusal
from plausch.server.records import Member
from plausch.server.roles import CLOCK_GRACE_S, demand_role
from plausch.wire import frames as f
from wire_device import accept_anyone


@pytest.fixture
async def anna(world: World) -> Player:
    return await world.player("anna")


@pytest.fixture
async def cem(world: World) -> Player:
    return await world.player("cem")


@pytest.fixture
async def ben(world: World) -> Player:
    return await world.player("ben")


async def club(world: World, anna: Player, *others: Player) -> tuple[Group, list[Group]]:
    """Anna's group, of which she is the admin, and what the others have of it."""
    group = Group.create(
        1,
        secrets.token_bytes(16),
        anna.person.credential,
        anna.person.key.to_bytes(),
        accept_anyone,
        now_s=world.now_s,
        extensions=(Roles.of([anna.person.address.uri]).to_extension(),),
    )
    await world.conversations.create(anna.record, group.group_id, group.group_info())
    bundles = [one.bundle() for one in others]
    pending = group.commit(accept_anyone, world.now_s, adds=[one.message for one in bundles])
    uris = [one.record.uri for one in others]
    await world.delivery.append_commit(anna.record, anna.commit_request(group, pending, uris))
    welcome = pending.welcome
    pending.accept()
    return group, [join(welcome, one, accept_anyone, world.now_s).accept() for one in bundles]


async def refused(world: World, player: Player, request: f.Append | f.AppendCommit) -> str:
    with pytest.raises(Refusal) as caught:
        if isinstance(request, f.Append):
            await world.delivery.append(player.record, request)
        else:
            await world.delivery.append_commit(player.record, request)
    return caught.value.code


def proposal(group: Group, raw: bytes) -> f.Append:
    return f.Append(1, group.group_id, group.epoch, f.PROPOSAL, raw, secrets.token_bytes(16))


async def test_a_member_neither_removes_nor_adds_nor_becomes_an_admin(
    world: World, anna: Player, cem: Player, ben: Player
) -> None:
    group, (theirs, _) = await club(world, anna, cem, ben)
    olga = await world.player("olga")
    everybody = with_roles(group.extensions, Roles.of([cem.person.address.uri]))
    added = olga.bundle()
    for commit, uris in (
        ({"removes": [2]}, []),
        ({"adds": [added.message]}, [olga.record.uri]),
        ({"extensions": everybody}, []),
    ):
        pending = theirs.commit(accept_anyone, world.now_s, **commit)  # type: ignore[arg-type]
        request = cem.commit_request(theirs, pending, uris)
        assert await refused(world, cem, request) == "not_admin"
        pending.drop()
    for raw in (
        theirs.propose_remove(2),
        theirs.propose_add(added.message),
        theirs.propose_context_extensions(everybody),
    ):
        assert await refused(world, cem, proposal(theirs, raw)) == "not_admin"
    assert len(await world.members(group.group_id)) == 3


async def test_an_admin_may(world: World, anna: Player, cem: Player, ben: Player) -> None:
    group, _ = await club(world, anna, cem, ben)
    uris = [anna.person.address.uri, cem.person.address.uri]
    both = with_roles(group.extensions, Roles.of(uris))
    pending = group.commit(accept_anyone, world.now_s, removes=[2], extensions=both)
    await world.delivery.append_commit(anna.record, anna.commit_request(group, pending))
    assert await world.members(group.group_id) == (anna.record.uri, cem.record.uri)


async def test_who_leaves_is_taken_out_by_anybody(
    world: World, anna: Player, cem: Player, ben: Player
) -> None:
    group, (theirs, bens) = await club(world, anna, cem, ben)
    raw = bens.propose_remove(bens.own_leaf)
    await world.delivery.append(ben.record, proposal(bens, raw))
    theirs.process(raw, accept_anyone, world.now_s).accept()
    pending = theirs.commit(accept_anyone, world.now_s)
    await world.delivery.append_commit(cem.record, cem.commit_request(theirs, pending))
    assert await world.members(group.group_id) == (anna.record.uri, cem.record.uri)


async def test_a_device_that_is_not_listed_is_taken_out_by_anybody(
    world: World, anna: Player, cem: Player, ben: Player
) -> None:
    laptop = await ben.link()
    _group, (theirs, _) = await club(world, anna, cem, laptop)
    pending = theirs.commit(accept_anyone, world.now_s, removes=[2])
    assert await refused(world, cem, cem.commit_request(theirs, pending)) == "not_admin"
    person = ben.person
    only = [(person.device.device, person.key.public)]
    current = (await world.accounts.get(person.address.name)).device_list
    without = DeviceList.issue(person.identity, person.address, only, world.now_s, current)
    await world.devices.publish_list(ben.record, without, [])
    await world.delivery.append_commit(cem.record, cem.commit_request(theirs, pending))


async def test_a_device_whose_certificate_ends_is_taken_out_by_anybody(
    world: World, anna: Player, cem: Player, ben: Player
) -> None:
    group, _ = await club(world, anna, cem, ben)
    record = cem.record
    members = [
        Member(one.key, one.uri, one.account_key, leaf, one.signature_key)
        for leaf, one in enumerate([anna.record, record, ben.record])
    ]
    current = parse_group_info(group.group_info())
    listed = [ListedProposal(Remove(2), member(1))]
    end_s = parse_certificate(ben.person.certificate).expires_s
    with pytest.raises(Refusal, match="is not an admin"):
        demand_role(record, current, members, listed, end_s - CLOCK_GRACE_S - 1)
    demand_role(record, current, members, listed, end_s - CLOCK_GRACE_S)


async def test_the_tree_is_read_once_for_a_commit_that_removes_many(
    world: World, anna: Player, cem: Player, ben: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a Commit that removes a thousand devices would stop the server."""
    group, _ = await club(world, anna, cem, ben)
    members = [
        Member(one.key, one.uri, one.account_key, leaf, one.signature_key)
        for leaf, one in enumerate([anna.record, cem.record, ben.record])
    ]
    current = parse_group_info(group.group_info())
    read: list[bytes] = []
    from_bytes = RatchetTree.from_bytes

    def counted(crypto: Suite, raw: bytes) -> RatchetTree:
        read.append(raw)
        return from_bytes(crypto, raw)

    monkeypatch.setattr(RatchetTree, "from_bytes", counted)
    listed = [ListedProposal(Remove(leaf), member(1)) for leaf in (0, 2)] * 50
    end_s = parse_certificate(ben.person.certificate).expires_s
    demand_role(cem.record, current, members, listed, end_s)
    assert len(read) == 1
