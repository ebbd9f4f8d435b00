"""The answer to a COMMIT is lost and the work is done again: what was written is found and told.

PostgreSQL may have committed when its connection breaks; db/postgres.py then runs a repeatable
body again. Here every such body runs twice, on both engines.
"""

import secrets

import pytest

from delivery_world import Player, World
from plausch.db.interface import Body, Database, T
from plausch.mls.group import Group
from plausch.wire import frames as f


class Twice:
    """A database that loses the answer to each COMMIT once `losing`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.engine = database.engine
        self.losing = False

    async def transact(self, body: Body[T], *, repeatable: bool = False) -> T:
        if self.losing and repeatable:
            await self._database.transact(body)
        return await self._database.transact(body, repeatable=repeatable)

    async def read(self, body: Body[T]) -> T:
        return await self._database.read(body)

    async def close(self) -> None:
        await self._database.close()


Talk = tuple[World, Player, Player, Group]


@pytest.fixture
async def talk(world: World) -> Talk:
    losing = Twice(world.database)
    made = World(losing, clock=world.clock)
    anna, cem = await made.player("anna"), await made.player("cem")
    group = await anna.conversation_with(cem)
    losing.losing = True
    return made, anna, cem, group


def told(world: World) -> list[tuple[int, int, bytes]]:
    return [(one.seq, one.kind, one.message) for _, one in world.told.envelopes]


async def test_an_append_is_pushed(talk: Talk) -> None:
    world, anna, cem, group = talk
    request = anna.message(group)
    assert (await world.delivery.append(anna.record, request)).seq == 2
    assert told(world) == [(2, f.APPLICATION, request.message)]
    assert await cem.read(group) == [2]


async def test_a_proposal_is_pushed(talk: Talk) -> None:
    world, anna, cem, group = talk
    raw = group.propose_remove(1)
    request = f.Append(1, group.group_id, 1, f.PROPOSAL, raw, secrets.token_bytes(16))
    assert (await world.delivery.append(anna.record, request)).seq == 2
    conversation, envelope, devices = world.told.commits[-1]
    assert (conversation, envelope.seq, envelope.message) == (group.group_id, 2, raw)
    assert set(devices) == {anna.record.uri, cem.record.uri}


async def test_a_commit_is_pushed_to_who_was_there_and_its_welcome_to_who_comes(
    talk: Talk,
) -> None:
    world, anna, cem, group = talk
    ela = await world.player("ela")
    assert (await anna.add(group, ela)).seq == 2
    _, envelope, devices = world.told.commits[-1]
    assert (envelope.seq, envelope.kind) == (2, f.COMMIT)
    assert set(devices) == {anna.record.uri, cem.record.uri}
    assert world.told.mailboxes[-1] == (ela.record.uri, 1)
    assert await world.members(group.group_id) == (
        anna.record.uri,
        cem.record.uri,
        ela.record.uri,
    )
    assert (await anna.remove(group, cem)).seq == 3
    assert set(world.told.commits[-1][2]) == {anna.record.uri, cem.record.uri, ela.record.uri}


async def test_what_is_sent_again_in_another_epoch_is_answered_in_silence(talk: Talk) -> None:
    """Who has joined since has no part in it."""
    world, anna, cem, group = talk
    request = anna.message(group)
    first = await world.delivery.append(anna.record, request)
    ela = await world.player("ela")
    await anna.add(group, ela)
    world.told.envelopes.clear()
    assert await world.delivery.append(anna.record, request) == first
    assert world.told.envelopes == []
    await cem.acknowledge(group, 2)


async def test_what_is_sent_again_pushes_what_is_in_the_log(talk: Talk) -> None:
    world, anna, _, group = talk
    request = anna.message(group)
    await world.delivery.append(anna.record, request)
    values = {name: getattr(request, name) for name in request.__struct_fields__}
    lying = f.Append(**{**values, "message": anna.message(group, b"another").message})
    world.told.envelopes.clear()
    await world.delivery.append(anna.record, lying)
    assert told(world) == [(2, f.APPLICATION, request.message)]
