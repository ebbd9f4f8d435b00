"""The device table."""

import pytest

from plausch.db.interface import ConstraintViolated, Transaction
from plausch.server.records import DeviceRecord
from plausch.server.store import device


async def test_a_device_is_found_with_its_account(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> object:
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


async def test_an_unlisted_device_is_not_found_and_its_uri_stays_taken(rows) -> None:  # type: ignore[no-untyped-def]
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


async def test_certificates_are_renewed_and_visits_noted(rows) -> None:  # type: ignore[no-untyped-def]
    async def body(tx: Transaction) -> object:
        await device.renew(tx, rows.phone, b"renewed")
        await device.seen(tx, rows.phone, 77)
        seen = await tx.fetch("SELECT seen_at_ms FROM device WHERE id = $1", rows.phone)
        return await device.certificate(tx, rows.phone), seen

    assert await rows.run(body) == (b"renewed", [(77,)])
