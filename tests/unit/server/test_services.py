"""The services of a process: what they do together at the end."""

import secrets
from contextlib import suppress
from pathlib import Path

from delivery_world import SUITE
from plausch.db.interface import Transaction
from plausch.db.sqlite import open_sqlite
from plausch.server.blobs import REQUEST_BYTES
from plausch.server.config import ServerConfig
from plausch.server.limits import Limits
from plausch.server.main import Server
from plausch.server.store.allowance import Kind
from plausch.wire import frames as f
from wire_device import Person, WasRefused, WireDevice

MANY = 4_096
"""Of each limit: its first piece is 16."""

LIMITS = Limits(
    registrations_per_address_per_hour=MANY,
    key_packages_claimed_per_hour=MANY,
    claims_of_an_account_per_hour=MANY,
    wake_ups_set_per_hour=MANY,
    device_lists_per_hour=MANY,
    profiles_published_per_hour=MANY,
    searches_per_hour=MANY,
    reports_per_hour=MANY,
    blob_upload_bytes_per_hour=MANY * REQUEST_BYTES,
    blob_download_bytes_per_hour=MANY * REQUEST_BYTES,
)


async def asks_once(device: WireDevice, other: str) -> None:
    """For everything of which an hour has so much; the most is refused, and counts all the same."""
    blob = secrets.token_bytes(32)
    for frame in (
        f.ClaimKeyPackages(device.session.next_id(), other, SUITE, []),
        f.SetWakeUp(device.session.next_id(), "https://push.example/a"),
        f.PublishDeviceList(device.session.next_id(), b"noise", []),
        f.PublishProfile(device.session.next_id(), b"noise"),
        f.SearchDirectory(device.session.next_id(), "", "", "", "", 1),
        f.Report(device.session.next_id(), other, "spam", "", [], bytes(16)),
        f.DropBlob(device.session.next_id(), blob),
        f.GetBlobChunk(device.session.next_id(), blob, 0, 1),
    ):
        with suppress(WasRefused):
            await device.ask(f.Frame, frame)


async def test_a_server_that_stops_has_taken_what_was_used_and_no_more(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0, limits=LIMITS))
    url = await server.start()
    anna, cem = [await WireDevice.register(url, Person.new(name)) for name in ("anna", "cem")]
    await anna.resume()
    await asks_once(anna, "cem")
    for device in (anna, cem):
        await device.close()
    await server.stop()
    database = open_sqlite(tmp_path / "plausch.db")

    async def body(tx: Transaction) -> dict[int, int]:
        rows = await tx.fetch("SELECT kind, sum(drawn) FROM allowance GROUP BY kind")
        return {int(row[0]): int(row[1]) for row in rows}

    drawn = await database.read(body)
    await database.close()
    assert drawn == {
        Kind.REGISTRATIONS: 2,
        Kind.CLAIMS: 1,
        Kind.CLAIMS_OF_AN_ACCOUNT: 1,
        Kind.WAKE_UPS_SET: 1,
        Kind.DEVICE_LIST_TRIES: 1,
        Kind.PROFILES_PUBLISHED: 1,
        Kind.SEARCHES: 1,
        Kind.REPORTS: 1,
        Kind.BLOB_BYTES_UP: REQUEST_BYTES,
        Kind.BLOB_BYTES_DOWN: REQUEST_BYTES,
    }
