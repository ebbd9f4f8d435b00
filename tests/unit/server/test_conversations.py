"""Conversations: members for the hub."""

import secrets

from delivery_world import World


async def test_members_are_known_after_they_were_asked_for(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    cold = World(world.database, clock=world.clock)
    assert cold.conversations.members_known(group.group_id) is None
    members = await cold.conversations.members(group.group_id)
    assert members == (anna.record.uri, cem.record.uri)
    assert cold.conversations.members_known(group.group_id) == members
    assert await cold.conversations.members(secrets.token_bytes(16)) == ()


async def test_membership_follows_commits(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    assert await world.conversations.is_member(cem.record, group.group_id)
    await anna.remove(group, cem)
    assert not await world.conversations.is_member(cem.record, group.group_id)
    assert world.conversations.members_known(group.group_id) == (anna.record.uri,)


async def test_the_group_info_is_the_newest(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    pending = group.commit(lambda *_: None, world.now_s)
    await anna.send_commit(group, pending)
    raw = await world.conversations.group_info(cem.record, group.group_id)
    assert raw == pending.group_info
