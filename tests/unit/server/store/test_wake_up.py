"""The tables of wake-ups: one endpoint for a device, one device for an endpoint, one key."""

from plausch.server.store import device, wake_up
from plausch.server.store.wake_up import WakeUpRow
from unit.server.store.conftest import Rows

URL = "https://push.example/a"
OTHER = "https://push.example/b"


async def test_those_who_want_to_be_woken_are_found_by_their_uris(rows: Rows) -> None:
    await rows.run(lambda tx: wake_up.put(tx, rows.phone, URL))
    found = await rows.run(lambda tx: wake_up.of(tx, ["uri:till", "uri:phone", "uri:nobody"]))
    assert found == [WakeUpRow(rows.phone, "uri:phone", URL)]
    assert await rows.run(lambda tx: wake_up.of(tx, [])) == []


async def test_a_new_endpoint_takes_the_place_of_the_old_one(rows: Rows) -> None:
    for url in (URL, URL, OTHER):
        await rows.run(lambda tx, url=url: wake_up.put(tx, rows.phone, url))
    found = await rows.run(lambda tx: wake_up.of(tx, ["uri:phone"]))
    assert [one.endpoint for one in found] == [OTHER]


async def test_an_endpoint_is_one_devices(rows: Rows) -> None:
    await rows.run(lambda tx: wake_up.put(tx, rows.phone, URL))
    await rows.run(lambda tx: wake_up.put(tx, rows.till, URL))
    found = await rows.run(lambda tx: wake_up.of(tx, ["uri:phone", "uri:till"]))
    assert [one.uri for one in found] == ["uri:till"]


async def test_a_device_that_is_not_listed_is_not_woken(rows: Rows) -> None:
    await rows.run(lambda tx: wake_up.put(tx, rows.phone, URL))
    await rows.run(lambda tx: device.unlist(tx, rows.phone))
    assert await rows.run(lambda tx: wake_up.of(tx, ["uri:phone"])) == []


async def test_who_wants_it_no_more_is_forgotten(rows: Rows) -> None:
    await rows.run(lambda tx: wake_up.put(tx, rows.phone, URL))
    for _ in range(2):
        await rows.run(lambda tx: wake_up.drop(tx, rows.phone))
    assert await rows.run(lambda tx: wake_up.of(tx, ["uri:phone"])) == []


async def test_a_dead_endpoint_goes_and_a_newer_one_stays(rows: Rows) -> None:
    await rows.run(lambda tx: wake_up.put(tx, rows.phone, OTHER))
    await rows.run(lambda tx: wake_up.gone(tx, rows.phone, URL))
    assert len(await rows.run(lambda tx: wake_up.of(tx, ["uri:phone"]))) == 1
    await rows.run(lambda tx: wake_up.gone(tx, rows.phone, OTHER))
    assert await rows.run(lambda tx: wake_up.of(tx, ["uri:phone"])) == []


async def test_the_first_key_stays(rows: Rows) -> None:
    assert await rows.run(lambda tx: wake_up.private_key(tx, b"first")) == b"first"
    assert await rows.run(lambda tx: wake_up.private_key(tx, b"second")) == b"first"
