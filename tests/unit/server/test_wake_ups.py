"""Where devices want to be woken: handed in, replaced, dropped, refused."""

import pytest

from delivery_world import World
from plausch.db.interface import Database
from plausch.server.endpoint import EndpointRefused
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.store import device
from plausch.server.vapid import KeyDamaged
from plausch.server.wake_ups import WakeUps, open_signer

URL = "https://push.example/a"
KEY = b"\x04" + bytes(64)


def wake_ups(world: World, *, private: bool = False, **limits: int) -> WakeUps:
    return WakeUps(world.database, world.clock, Limits(**limits), KEY, private=private)


async def test_a_device_says_where_and_then_no_more(world: World) -> None:
    anna, made = (await world.player("anna")).record, wake_ups(world)
    await made.set(anna, URL)
    [found] = await made.of([anna.uri])
    assert (found.device_key, found.uri, found.endpoint) == (anna.key, anna.uri, URL)
    await made.drop(anna)
    await made.drop(anna)
    assert await made.of([anna.uri]) == []


@pytest.mark.parametrize("url", ["", "http://push.example/", "https://10.0.0.1/", "https://a b/"])
async def test_an_endpoint_within_the_network_is_refused(world: World, url: str) -> None:
    anna, made = (await world.player("anna")).record, wake_ups(world)
    with pytest.raises(EndpointRefused):
        await made.set(anna, url)
    assert await made.of([anna.uri]) == []


async def test_unless_the_operator_has_one_there(world: World) -> None:
    anna = (await world.player("anna")).record
    made = wake_ups(world, private=True)
    await made.set(anna, "http://127.0.0.1:8080/a")
    assert len(await made.of([anna.uri])) == 1


async def test_nobody_changes_it_without_end(world: World) -> None:
    anna, cem = [(await world.player(name)).record for name in ("anna", "cem")]
    made = wake_ups(world, wake_ups_set_per_hour=2)
    for number in range(2):
        await made.set(anna, f"{URL}{number}")
    with pytest.raises(Refusal) as caught:
        await made.set(anna, URL)
    assert caught.value.code == "rate_limited"
    assert caught.value.retry_after_ms > 0
    await made.set(cem, URL)
    assert [one.endpoint for one in await made.of([anna.uri, cem.uri])] == [f"{URL}1", URL]


async def test_a_device_that_was_removed_meanwhile_is_refused(world: World) -> None:
    anna, made = (await world.player("anna")).record, wake_ups(world)
    await world.database.transact(lambda tx: device.unlist(tx, anna.key))
    with pytest.raises(Refusal) as caught:
        await made.set(anna, URL)
    assert caught.value.code == "unknown_device"


async def test_a_dead_endpoint_is_forgotten_unless_there_is_a_new_one(world: World) -> None:
    anna, made = (await world.player("anna")).record, wake_ups(world)
    await made.set(anna, URL)
    [old] = await made.of([anna.uri])
    await made.set(anna, f"{URL}2")
    await made.gone(old)
    [new] = await made.of([anna.uri])
    await made.gone(new)
    assert await made.of([anna.uri]) == []


async def test_the_key_is_made_once(memory: Database, world: World) -> None:
    one = await open_signer(memory, world.clock, "https://example.org")
    other = await open_signer(memory, world.clock, "https://example.org")
    assert one.public == other.public

    async def damage(tx):  # type: ignore[no-untyped-def]
        await tx.execute("UPDATE wake_up_key SET private = $1", b"junk")

    await memory.transact(damage)
    with pytest.raises(KeyDamaged):
        await open_signer(memory, world.clock, "https://example.org")
