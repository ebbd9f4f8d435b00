"""Roles at the server: what is the admins' to change, in both databases."""

import secrets

import pytest

from delivery_world import Player, World
from plausch.mls.group import Group, join
from plausch.mls.roles import Roles, with_roles
from plausch.server.errors import Refusal
from plausch.wire import frames as f
from wire_device import accept_anyone


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


async def test_what_is_the_admins_changes_nothing_when_a_member_does_it(world: World) -> None:
    anna, cem, ben = [await world.player(name) for name in ("anna", "cem", "ben")]
    group, (theirs, _) = await club(world, anna, cem, ben)
    before = await world.members(group.group_id)
    uri = cem.person.address.uri
    for changes in (
        {"removes": [2]},
        {"extensions": with_roles(theirs.extensions, Roles.of([uri]))},
    ):
        pending = theirs.commit(accept_anyone, world.now_s, **changes)  # type: ignore[arg-type]
        with pytest.raises(Refusal) as caught:
            request = cem.commit_request(theirs, pending)
            await world.delivery.append_commit(cem.record, request)
        assert caught.value.code == "not_admin"
        pending.drop()
    raw = theirs.propose_remove(2)
    request = f.Append(1, group.group_id, 1, f.PROPOSAL, raw, secrets.token_bytes(16))
    with pytest.raises(Refusal) as caught:
        await world.delivery.append(cem.record, request)
    assert caught.value.code == "not_admin"
    assert await world.members(group.group_id) == before


async def test_an_admin_appoints_and_who_leaves_is_taken_out(world: World) -> None:
    anna, cem, ben = [await world.player(name) for name in ("anna", "cem", "ben")]
    group, (theirs, bens) = await club(world, anna, cem, ben)
    uris = [one.person.address.uri for one in (anna, cem)]
    both = with_roles(group.extensions, Roles.of(uris))
    pending = group.commit(accept_anyone, world.now_s, extensions=both)
    await world.delivery.append_commit(anna.record, anna.commit_request(group, pending))
    for one in (theirs, bens):
        one.process(pending.commit, accept_anyone, world.now_s).accept()
    pending.accept()
    raw = group.propose_remove(group.own_leaf)
    request = f.Append(1, group.group_id, 2, f.PROPOSAL, raw, secrets.token_bytes(16))
    await world.delivery.append(anna.record, request)
    bens.process(raw, accept_anyone, world.now_s).accept()
    leaving = bens.commit(accept_anyone, world.now_s)
    await world.delivery.append_commit(ben.record, ben.commit_request(bens, leaving))
    assert await world.members(group.group_id) == (cem.record.uri, ben.record.uri)
