"""The tables of wake-ups: one endpoint for a device, one device of an account for it, one key."""

from plausch.db.interface import Database
from plausch.db.migrate import migrate
from plausch.server.store import account, device, wake_up
from plausch.server.store.schema import STEPS, prepare
from plausch.server.store.wake_up import WakeUpRow
from unit.server.store.conftest import Rows

URL = "https://push.example/a"
OTHER = "https://push.example/b"


async def test_those_who_want_to_be_woken_are_found_by_their_uris(rows: Rows) -> None:
    await rows.run(lambda tx: wake_up.put(tx, rows.phone, rows.anna, URL, 1))
    found = await rows.run(lambda tx: wake_up.of(tx, ["uri:till", "uri:phone", "uri:nobody"]))
    assert found == [WakeUpRow(rows.phone, "uri:phone", URL)]
    assert await rows.run(lambda tx: wake_up.of(tx, [])) == []


async def test_a_new_endpoint_takes_the_place_of_the_old_one(rows: Rows) -> None:
    for url in (URL, URL, OTHER):
        await rows.run(lambda tx, url=url: wake_up.put(tx, rows.phone, rows.anna, url, 1))
    found = await rows.run(lambda tx: wake_up.of(tx, ["uri:phone"]))
    assert [one.endpoint for one in found] == [OTHER]


async def woken(rows: Rows, *uris: str) -> list[tuple[str, str]]:
    found = await rows.run(lambda tx: wake_up.of(tx, uris))
    return sorted((one.uri, one.endpoint) for one in found)


async def test_an_endpoint_is_one_devices_of_an_account(rows: Rows) -> None:
    tablet = await rows.run(lambda tx: device.add(tx, rows.anna, "uri:tablet", b"M", b"c", 5))
    for number, key in enumerate((rows.phone, tablet, rows.phone)):
        await rows.run(
            lambda tx, key=key, at=number: wake_up.put(tx, key, rows.anna, URL, at)  # type: ignore[misc]
        )
    assert await woken(rows, "uri:phone", "uri:tablet") == [("uri:phone", URL)]


async def test_devices_of_two_accounts_share_one_and_dropping_leaves_the_other(rows: Rows) -> None:
    for _ in range(2):
        await rows.run(lambda tx: wake_up.put(tx, rows.phone, rows.anna, URL, 1))
        await rows.run(lambda tx: wake_up.put(tx, rows.till, rows.cem, URL, 2))
    both = [("uri:phone", URL), ("uri:till", URL)]
    assert await woken(rows, "uri:phone", "uri:till") == both
    await rows.run(lambda tx: wake_up.put(tx, rows.till, rows.cem, OTHER, 3))
    assert await woken(rows, "uri:phone", "uri:till") == [("uri:phone", URL), ("uri:till", OTHER)]
    await rows.run(lambda tx: wake_up.drop(tx, rows.phone))
    assert await woken(rows, "uri:phone", "uri:till") == [("uri:till", OTHER)]


async def test_a_third_account_comes_in_the_place_of_the_one_there_for_longer(rows: Rows) -> None:
    olga = await rows.run(lambda tx: account.add(tx, "olga", "person", b"O" * 32, b"list", 1))
    watch = await rows.run(lambda tx: device.add(tx, olga, "uri:watch", b"N", b"c", 5))
    await rows.run(lambda tx: wake_up.put(tx, rows.till, rows.cem, URL, 1))
    await rows.run(lambda tx: wake_up.put(tx, rows.phone, rows.anna, URL, 2))
    await rows.run(lambda tx: wake_up.put(tx, watch, olga, URL, 3))
    everybody = ("uri:phone", "uri:till", "uri:watch")
    assert await woken(rows, *everybody) == [("uri:phone", URL), ("uri:watch", URL)]


async def test_who_was_woken_before_the_tables_changed_still_is(memory: Database) -> None:
    assert await migrate(memory, STEPS[:12]) == 12

    async def body(tx):  # type: ignore[no-untyped-def]
        anna = await account.add(tx, "anna", "person", b"I" * 32, b"list", 1)
        phone = await device.add(tx, anna, "uri:phone", b"K" * 32, b"certificate", 3)
        await tx.execute("INSERT INTO wake_up (device_id, endpoint) VALUES ($1, $2)", phone, URL)

    await memory.transact(body)
    await prepare(memory)
    [found] = await memory.read(lambda tx: wake_up.of(tx, ["uri:phone"]))
    assert found.endpoint == URL


async def test_a_device_that_is_not_listed_is_not_woken(rows: Rows) -> None:
    await rows.run(lambda tx: wake_up.put(tx, rows.phone, rows.anna, URL, 1))
    await rows.run(lambda tx: device.unlist(tx, rows.phone))
    assert await rows.run(lambda tx: wake_up.of(tx, ["uri:phone"])) == []


async def test_who_wants_it_no_more_is_forgotten(rows: Rows) -> None:
    await rows.run(lambda tx: wake_up.put(tx, rows.phone, rows.anna, URL, 1))
    for _ in range(2):
        await rows.run(lambda tx: wake_up.drop(tx, rows.phone))
    assert await rows.run(lambda tx: wake_up.of(tx, ["uri:phone"])) == []


async def test_a_dead_endpoint_goes_and_a_newer_one_stays(rows: Rows) -> None:
    await rows.run(lambda tx: wake_up.put(tx, rows.phone, rows.anna, OTHER, 1))
    await rows.run(lambda tx: wake_up.gone(tx, rows.phone, URL))
    assert len(await rows.run(lambda tx: wake_up.of(tx, ["uri:phone"]))) == 1
    await rows.run(lambda tx: wake_up.gone(tx, rows.phone, OTHER))
    assert await rows.run(lambda tx: wake_up.of(tx, ["uri:phone"])) == []


async def test_the_first_key_stays(rows: Rows) -> None:
    assert await rows.run(lambda tx: wake_up.private_key(tx, b"first")) == b"first"
    assert await rows.run(lambda tx: wake_up.private_key(tx, b"second")) == b"first"
