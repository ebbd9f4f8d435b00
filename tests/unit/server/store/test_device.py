"""The device table."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.records import DeviceRecord
from plausch.server.store import device
from unit.server.store.conftest import Rows


async def test_a_device_is_found_with_its_account(rows: Rows) -> None:
    async def body(
        tx: Transaction,
    ) -> tuple[
        DeviceRecord | None, dict[str, DeviceRecord], dict[int, DeviceRecord], list[DeviceRecord]
    ]:
        return (
            await device.by_uri(tx, "uri:phone"),
            await device.by_uris(tx, ["uri:phone", "uri:till", "uri:none"]),
            await device.by_keys(tx, [rows.till, 999]),
            await device.of_account(tx, rows.anna),
        )

    one, by_uri, by_key, of_anna = await rows.run(body)
    assert one == DeviceRecord(
        rows.phone, "uri:phone", rows.anna, "anna", "person", b"K" * 32, b"I" * 32
    )
    assert set(by_uri) == {"uri:phone", "uri:till"}
    assert by_key == {rows.till: by_uri["uri:till"]}
    assert of_anna == [one]
    assert one is not None
    assert one.kind is by_uri["uri:phone"].kind is of_anna[0].kind  # one text for all connections


async def test_an_unlisted_device_is_not_found_and_its_uri_stays_taken(rows: Rows) -> None:
    async def remove(tx: Transaction) -> object:
        await device.unlist(tx, rows.phone)
        return (
            await device.by_uri(tx, "uri:phone"),
            await device.by_uris(tx, ["uri:phone"]),
            await device.of_account(tx, rows.anna),
        )

    assert await rows.run(remove) == (None, {}, [])

    async def again(tx: Transaction) -> int:
        return await device.add(tx, rows.anna, "uri:phone", b"M" * 32, b"", 9)

    with pytest.raises(ConstraintViolated):
        await rows.run(again)


async def test_certificates_are_renewed_and_visits_noted(rows: Rows) -> None:
    async def body(tx: Transaction) -> object:
        await device.renew(tx, rows.phone, b"renewed")
        await device.seen(tx, [rows.phone], 77)
        seen = await tx.fetch("SELECT seen_at_ms FROM device WHERE id = $1", rows.phone)
        return await device.certificate(tx, rows.phone), seen

    assert await rows.run(body) == (b"renewed", [(77,)])


async def test_a_visit_is_noted_only_of_who_is_listed(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        listed = await device.seen(tx, [rows.phone, 999], 50)
        await device.unlist(tx, rows.phone)
        unlisted = await device.seen(tx, [rows.phone], 60)
        nobody = await device.seen(tx, [], 60)
        at = await tx.fetch("SELECT seen_at_ms FROM device WHERE id = $1", rows.phone)
        return [listed, unlisted, nobody, at]

    assert await rows.run(body) == [[rows.phone], [], [], [(50,)]]


async def test_an_account_has_its_own_devices_in_the_order_they_came(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        for name in ("uri:z", "uri:a"):
            await device.add(tx, rows.anna, name, b"", b"", 9)
        mine = [one.uri for one in await device.of_account(tx, rows.anna)]
        await device.unlist(tx, rows.phone)
        return [mine, [one.uri for one in await device.of_account(tx, rows.anna)]]

    assert await rows.run(body) == [["uri:phone", "uri:z", "uri:a"], ["uri:z", "uri:a"]]


async def test_a_uri_is_one_device_whosever_it_is(rows: Rows) -> None:
    async def body(tx: Transaction) -> int:
        return await device.add(tx, rows.cem, "uri:phone", b"", b"", 9)

    with pytest.raises(ConstraintViolated):
        await rows.run(body)


async def test_a_device_belongs_to_an_account(rows: Rows) -> None:
    async def body(tx: Transaction) -> int:
        return await device.add(tx, 999, "uri:new", b"", b"", 9)

    with pytest.raises(ConstraintViolated):
        await rows.run(body)


async def test_a_renewed_certificate_is_its_devices_alone(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[bytes]:
        await device.renew(tx, rows.phone, b"renewed")
        return [await device.certificate(tx, one) for one in (rows.phone, rows.till)]

    assert await rows.run(body) == [b"renewed", b"certificate"]


@pytest.mark.parametrize("uri", ["", "uri:", "uri:phone ", "URI:PHONE", "uri:phon_", "%"])
async def test_a_uri_is_taken_literally(rows: Rows, uri: str) -> None:
    async def body(tx: Transaction) -> object:
        return await device.by_uri(tx, uri), await device.by_uris(tx, [uri])

    assert await rows.run(body) == (None, {})


async def test_very_many_are_looked_up_by_one_statement(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        uris = [f"uri:{number}" for number in range(1_100)]
        keys = [await device.add(tx, rows.cem, uri, b"", b"", 9) for uri in uris]
        await device.unlist(tx, keys[3])
        by_uri = await device.by_uris(tx, [*uris, "uri:none"])
        by_key = await device.by_keys(tx, [*keys, 999_999])
        return [len(by_uri), uris[3] in by_uri, {one.uri for one in by_key.values()} == set(by_uri)]

    assert await rows.run(body) == [1_099, False, True]


async def test_a_device_that_is_held_says_whether_it_is_listed(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[bool]:
        before = await device.hold(tx, rows.phone)
        await device.unlist(tx, rows.phone)
        return [before, await device.hold(tx, rows.phone)]

    assert await rows.run(body) == [True, False]


async def test_devices_that_went_and_devices_that_came(rows: Rows) -> None:
    async def body(tx: Transaction) -> list[object]:
        for number, at_ms in ((1, 10), (2, 20), (3, 30)):
            await device.add(tx, rows.anna, f"uri:{number}", b"", b"", at_ms)
        await device.unlist(tx, rows.phone)
        found = await device.by_uri(tx, "uri:1")
        assert found is not None
        await device.unlist(tx, found.key)
        return [
            await device.unlisted(tx, rows.anna),
            await device.unlisted(tx, rows.cem),
            *[await device.new_since(tx, rows.anna, since_ms) for since_ms in (0, 3, 10, 30)],
        ]

    assert await rows.run(body) == [["uri:1", "uri:phone"], [], 4, 3, 2, 0]
