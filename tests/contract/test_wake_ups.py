"""Wake-ups on both engines, also by two server processes over one database."""

import asyncio

from delivery_world import World
from plausch.server.limits import Limits
from plausch.server.wake_ups import WakeUps, open_signer

URL = "https://push.example/a"
KEY = b"\x04" + bytes(64)


def processes(world: World) -> list[WakeUps]:
    return [WakeUps(world.database, world.clock, Limits(), KEY) for _ in range(2)]


async def test_what_one_process_took_the_other_knows(world: World) -> None:
    one, other = processes(world)
    anna = (await world.player("anna")).record
    await one.set(anna, URL)
    [found] = await other.of([anna.uri, "mimi://localhost/d/nobody/0000000000000000"])
    assert (found.uri, found.endpoint) == (anna.uri, URL)
    await other.set(anna, f"{URL}2")
    assert [row.endpoint for row in await one.of([anna.uri])] == [f"{URL}2"]
    await one.drop(anna)
    assert await other.of([anna.uri]) == []


async def test_an_endpoint_is_one_devices_of_an_account_also_at_the_same_moment(
    world: World,
) -> None:
    one, other = processes(world)
    anna = await world.player("anna")
    laptop, phone = anna.record, (await anna.link()).record
    for turn in range(10):
        await asyncio.gather(one.set(laptop, f"{URL}{turn}"), other.set(phone, f"{URL}{turn}"))
        found = await one.of([laptop.uri, phone.uri])
        assert [row.endpoint for row in found if row.endpoint == f"{URL}{turn}"] == [f"{URL}{turn}"]


async def test_two_accounts_in_one_browser_are_both_woken_there(world: World) -> None:
    one, other = processes(world)
    anna, linde = [(await world.player(name)).record for name in ("anna", "linde")]
    both = sorted([anna.uri, linde.uri])
    for turn in range(10):
        await asyncio.gather(one.set(anna, f"{URL}{turn}"), other.set(linde, f"{URL}{turn}"))
        found = await one.of(both)
        assert sorted((row.uri, row.endpoint) for row in found) == [
            (uri, f"{URL}{turn}") for uri in both
        ]
    await one.drop(anna)
    assert [row.uri for row in await other.of(both)] == [linde.uri]
    await one.set(anna, f"{URL}9")
    [mine] = await one.of([anna.uri])
    await one.gone(mine)  # each device finds out by itself
    assert [row.uri for row in await other.of(both)] == [linde.uri]


async def test_a_third_account_is_not_a_third_device_of_a_browser(world: World) -> None:
    one, _ = processes(world)
    everybody = [(await world.player(name)).record for name in ("anna", "linde", "olga")]
    for record in everybody:
        await one.set(record, URL)
        world.clock.advance(1000)
    found = await one.of([record.uri for record in everybody])
    assert {row.uri for row in found} == {record.uri for record in everybody[1:]}


async def test_all_processes_sign_by_one_key_also_when_they_start_at_once(world: World) -> None:
    contact = "https://example.org"
    signers = await asyncio.gather(
        *(open_signer(world.database, world.clock, contact) for _ in range(4))
    )
    assert len({one.public for one in signers}) == 1


async def test_a_removed_device_is_woken_no_more(world: World) -> None:
    one, _ = processes(world)
    anna = await world.player("anna")
    phone = await anna.link()
    await one.set(anna.record, URL)
    await one.set(phone.record, f"{URL}2")
    person = phone.person
    removal = person.next_list([person.device], [person.key])
    await world.devices.publish_list(phone.record, removal, [])
    found = await one.of([anna.record.uri, phone.record.uri])
    assert [row.uri for row in found] == [phone.record.uri]


async def test_what_is_quiet_is_told_so(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    await cem.upload()
    group = await anna.conversation_with(cem)
    loud, quiet = anna.message(group), anna.message(group, b"read")
    quiet = type(quiet)(*(getattr(quiet, name) for name in quiet.__struct_fields__[:-1]), True)
    first = await world.delivery.append(anna.record, loud)
    second = await world.delivery.append(anna.record, quiet)
    assert world.told.quiet == [(group.group_id, second.seq)]
    assert second.seq == first.seq + 1
    world.told.quiet.clear()
    again = await world.delivery.append(anna.record, quiet)  # its answer was lost
    assert again == second
    assert world.told.quiet == [(group.group_id, second.seq)]
