"""Where the cursor of a device stands that was removed and is added again."""

from delivery_world import Player, World, acknowledged
from plausch.mls.group import Group


async def moved(device: Player) -> list[tuple[int, int]]:
    """(cursor, head) of what the server thinks that the device has not read."""
    standing = await device.world.delivery.resume(device.record)
    return [(one.cursor, one.head) for one in standing.moved]


async def away_and_back(world: World, read_until: int) -> tuple[Player, Player, Group]:
    """Seq 1 adds Cem, 2 is said, 3 removes him, 4 is said without him, 5 adds him again."""
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    await anna.send(group)
    await anna.remove(group, cem)
    if read_until:
        await acknowledged(world, cem.record, group.group_id, read_until)
        await world.delivery.resume(cem.record)
    await anna.send(group)
    await anna.add(group, cem)
    return anna, cem, group


async def test_who_had_all_of_the_first_stay_begins_at_the_second(world: World) -> None:
    anna, cem, group = await away_and_back(world, read_until=3)
    assert await moved(cem) == []
    await anna.send(group)
    assert await moved(cem) == [(5, 6)]
    assert await cem.read(group, after=5) == [6]


async def test_who_had_not_goes_on_in_the_first_stay(world: World) -> None:
    _, cem, group = await away_and_back(world, read_until=2)
    assert await moved(cem) == [(2, 5)]
    assert await cem.read(group, after=2) == [3]


async def test_the_end_of_a_stay_leads_to_the_next_one(world: World) -> None:
    """There is nothing in between that the device could acknowledge."""
    anna, cem, group = await away_and_back(world, read_until=0)
    await acknowledged(world, cem.record, group.group_id, 2)
    assert await moved(cem) == [(2, 5)]
    world.told.cursors.clear()
    await acknowledged(world, cem.record, group.group_id, 3)
    assert await moved(cem) == []
    assert world.told.cursors == [(group.group_id, cem.record.uri, 5)]
    await anna.send(group)
    await acknowledged(world, cem.record, group.group_id, 6)
    assert await moved(cem) == []


async def test_a_member_all_the_time_is_not_led_anywhere(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    for _ in range(3):
        await anna.send(group)
    await acknowledged(world, cem.record, group.group_id, 2)
    assert await moved(cem) == [(2, 4)]
