"""Devices: the parts that need no second engine."""

from delivery_world import World
from plausch.db.interface import Transaction


async def test_a_login_gives_the_devices_record(world: World) -> None:
    linde = await world.player("linde", "business")
    record = linde.record
    assert (record.name, record.kind, record.uri) == (
        "linde",
        "business",
        linde.person.device.uri,
    )
    assert record.signature_key == linde.person.key.public
    assert record.identity_key == linde.person.identity.public


async def test_visits_are_noted(world: World) -> None:
    anna = await world.player("anna")
    world.clock.advance(5_000)
    await world.devices.seen(anna.record)

    async def body(tx: Transaction) -> int:
        return int((await tx.fetch("SELECT seen_at_ms FROM device"))[0][0])

    assert await world.database.read(body) == world.clock.now_ms()
