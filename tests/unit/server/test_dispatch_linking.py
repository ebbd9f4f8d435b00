"""Pairing and recovery over the wire: strangers meet, a backup is found, a device is adopted."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from plausch.identity.adoption import sign_adoption
from plausch.identity.keys import SigningKey
from plausch.server.config import ServerConfig
from plausch.server.connection import Connection
from plausch.server.limits import Limits
from plausch.server.main import Server
from plausch.wire import frames as f
from plausch.wire.linking import PAIRING_MESSAGE_BYTES
from plausch.wire.session import State
from wire_device import Person, WasRefused, WireDevice

NAME = bytes(range(16))
NEW, EXISTING = 0, 1


async def served(folder: Path, **limits: int) -> Server:
    server = Server(ServerConfig(folder, port=0, limits=Limits(**limits)))
    await server.start()
    return server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = await served(tmp_path)
    yield made
    await made.stop()


def url_of(server: Server) -> str:
    assert server.edge is not None
    return f"http://127.0.0.1:{server.edge.port}"


def connections(server: Server) -> list[Connection]:
    assert server.edge is not None
    return [one for bucket in server.edge._wheel for one in bucket]


async def stranger(server: Server) -> WireDevice:
    return await WireDevice.connect(url_of(server), Person.new("nobody"))


async def meets(server: Server, side: int, token: bytes = b"t" * 16, after: int = 0) -> WireDevice:
    device = await stranger(server)
    await device.ask(f.Done, f.OpenPairing(device.session.next_id(), NAME, side, token, after))
    return device


async def test_who_waits_in_a_pairing_takes_no_place_of_those_who_log_in(tmp_path: Path) -> None:
    """It lasts for ten minutes; a few hundred of them would keep everybody else out."""
    server = await served(tmp_path, openings=2, openings_per_address=2)
    waiting = [await meets(server, side) for side in (NEW, EXISTING)]
    anna = await WireDevice.register(url_of(server), Person.new("anna"))
    assert server.edge is not None
    assert server.edge._openings.taken == 0
    silent = [await stranger(server) for _ in range(2)]
    assert server.edge._openings.taken == 2
    with pytest.raises(ConnectionError):
        await stranger(server)
    for device in (*waiting, *silent, anna):
        await device.close()
    await server.stop()
    assert (server.edge._openings.taken, server.edge._addresses.taken) == (0, 0)


async def test_who_has_ended_its_pairing_does_not_stay(server: Server) -> None:
    """It has no place anywhere any more, and nothing may come of it."""
    device = await meets(server, NEW)
    (connection,) = connections(server)
    connection.visit()
    assert connection.session.state is State.PAIRING, "as long as it pairs it stays"
    await device.ask(f.Done, f.EndPairing(device.session.next_id()))
    connection.visit()
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "pairing_over"


async def says(device: WireDevice, number: int, message: bytes) -> None:
    await device.ask(f.Done, f.SendPairing(device.session.next_id(), number, message))


# --- pairing -------------------------------------------------------------------------------


async def test_two_strangers_meet_and_part(server: Server) -> None:
    new, existing = await meets(server, NEW), await meets(server, EXISTING)
    await says(new, 1, b"offer")
    await says(existing, 1, b"answer")
    (heard,) = await existing.pushed(f.PairingMessage)
    assert heard == f.PairingMessage(1, b"offer")
    assert await new.pushed(f.PairingMessage) == [f.PairingMessage(1, b"answer")]
    await existing.ask(f.Done, f.EndPairing(existing.session.next_id()))
    await new.gone()
    assert new.closing is not None
    assert new.closing.code == "pairing_over"


async def test_who_comes_late_or_again_hears_everything(server: Server) -> None:
    new = await meets(server, NEW)
    await says(new, 1, b"one")
    existing = await meets(server, EXISTING)
    await existing.pushed(f.PairingMessage)
    await existing.close()
    await says(new, 2, b"two")
    again = await meets(server, EXISTING, after=1)
    assert await again.pushed(f.PairingMessage) == [f.PairingMessage(2, b"two")]


async def test_the_largest_messages_pass_before_the_login(server: Server) -> None:
    """More than what a connection may send that does nothing yet."""
    new, existing = await meets(server, NEW), await meets(server, EXISTING)
    for number in range(1, 5):
        await says(new, number, bytes([number]) * PAIRING_MESSAGE_BYTES)
    assert len(await existing.pushed(f.PairingMessage, 4)) == 4


async def test_a_pairing_connection_is_for_nothing_else(server: Server) -> None:
    new = await meets(server, NEW)
    for frame in (f.GetAccount(9, "anna"), f.GetBackup(9, "anna", bytes(32))):
        device = await meets(server, EXISTING)
        device.session.state = State.LOGGED_IN if isinstance(frame, f.GetAccount) else State.OPENING
        device.send(frame)
        await device.gone()
        assert device.closing is not None
        assert device.closing.code == "wrong_state"
    assert new.closing is None


async def test_a_second_device_with_the_same_code_is_refused(server: Server) -> None:
    await meets(server, EXISTING)
    with pytest.raises(WasRefused, match="pairing_taken"):
        await meets(server, EXISTING, token=b"u" * 16)


async def test_a_flood_of_pairings_from_one_address_is_refused(tmp_path: Path) -> None:
    server = await served(tmp_path, pairings_per_address=3)
    refusals = 0
    for _ in range(20):
        device = await stranger(server)
        frame = f.OpenPairing(1, secrets.token_bytes(16), NEW, bytes(16), 0)
        answer = await device.begin(frame)
        refusals += isinstance(answer, f.Refused) and answer.code == "too_many_pairings"
    assert refusals == 17
    await server.stop()


async def test_who_pairs_is_not_thrown_out_as_somebody_who_does_not_log_in(
    tmp_path: Path,
) -> None:
    server = await served(tmp_path, login_ms=1_000, silence_ms=2_000, pairing_ms=4_000)
    idle, new = await stranger(server), await meets(server, NEW)
    await idle.gone()
    assert idle.closing is not None
    assert idle.closing.code == "login_timeout"
    assert new.closing is None
    await new.gone()  # its time is over as well
    assert new.closing is not None
    assert new.closing.code == "pairing_over"
    await server.stop()


async def test_what_is_gone_leaves_nothing_behind(server: Server) -> None:
    assert server.edge is not None
    pairings = server.edge.dispatch.pairings
    new, existing = await meets(server, NEW), await meets(server, EXISTING)
    await new.close()
    while len(connections(server)) > 1:
        await asyncio.sleep(0.01)
    assert (pairings.count, len(pairings._of)) == (1, 1)
    await existing.ask(f.Done, f.EndPairing(existing.session.next_id()))
    assert (pairings.count, len(pairings._of)) == (0, 0)


# --- recovery ------------------------------------------------------------------------------


async def backed_up(server: Server, capability: bytes, adoption: SigningKey) -> WireDevice:
    anna = await WireDevice.register(url_of(server), Person.new("anna"))
    blob, content = secrets.token_bytes(32), b"archive"
    digest = hashlib.sha256(content).digest()
    await anna.ask(f.BlobStands, f.BeginBlob(anna.session.next_id(), blob, len(content), digest))
    await anna.ask(f.BlobStands, f.PutBlobChunk(anna.session.next_id(), blob, 0, content))
    lookup = hashlib.sha256(capability).digest()
    keep = f.KeepBackup(anna.session.next_id(), lookup, adoption.public, b"record", blob, b"")
    await anna.ask(f.Done, keep)
    return anna


async def test_a_lost_account_comes_back_on_one_connection(server: Server) -> None:
    capability, adoption = secrets.token_bytes(32), SigningKey.generate()
    anna = await backed_up(server, capability, adoption)
    person = anna.person.next_device()
    device = await WireDevice.connect(url_of(server), person)
    found = await device.ask(f.Backup, f.GetBackup(device.session.next_id(), "anna", capability))
    assert (found.record, found.kind) == (b"record", "person")
    assert found.device_list == anna.person.device_list
    device_list = person.next_list([person.device], [person.key])
    assert device.session.hello is not None
    signature = sign_adoption(
        adoption, "localhost", device.session.hello.nonce, person.address, device_list
    )
    adopt = f.AdoptDevice(
        device.session.next_id(), "anna", device_list, person.certificate, signature
    )
    await device.ask(f.Done, adopt)
    await anna.gone()
    assert anna.closing is not None
    assert anna.closing.code == "device_removed"
    assert (await device.log_in()).key_packages == 0


async def test_who_tries_recovery_keys_is_shown_the_door(server: Server) -> None:
    await backed_up(server, secrets.token_bytes(32), SigningKey.generate())
    device = await stranger(server)
    for _ in range(3):
        with pytest.raises(WasRefused, match="no_backup"):
            frame = f.GetBackup(device.session.next_id(), "anna", secrets.token_bytes(32))
            await device.ask(f.Backup, frame)
    await device.gone()
    assert device.closing is not None
    assert device.closing.code == "too_many_attempts"


async def test_an_address_may_ask_so_often(tmp_path: Path) -> None:
    server = await served(tmp_path, recoveries_per_address_per_hour=2)
    for code in ("no_backup", "no_backup", "rate_limited"):
        device = await stranger(server)
        with pytest.raises(WasRefused, match=code):
            await device.ask(f.Backup, f.GetBackup(1, "anna", bytes(32)))
    device = await stranger(server)
    person = device.person
    adopt = f.AdoptDevice(1, "anna", person.device_list, person.certificate, bytes(64))
    with pytest.raises(WasRefused, match="rate_limited"):
        await device.ask(f.Done, adopt)
    await server.stop()


async def test_a_backup_is_dropped(server: Server) -> None:
    capability = secrets.token_bytes(32)
    anna = await backed_up(server, capability, SigningKey.generate())
    await anna.ask(f.Done, f.DropBackup(anna.session.next_id()))
    device = await stranger(server)
    with pytest.raises(WasRefused, match="no_backup"):
        await device.ask(f.Backup, f.GetBackup(1, "anna", capability))


async def test_a_new_device_is_told_of_when_it_can_be_added(server: Server) -> None:
    """It is listed before it can leave a key package: the others are told a second time."""
    anna, cem = [
        await WireDevice.register(url_of(server), Person.new(name)) for name in ("anna", "cem")
    ]
    bundle = cem.person.key_package()
    await cem.offer_key_package(bundle)
    await cem.resume()
    await anna.resume()
    await anna.converse([bundle], [cem.person.device.uri])
    laptop = anna.person.next_device()
    device_list = anna.person.next_list(
        [anna.person.device, laptop.device], [anna.person.key, laptop.key]
    )
    publish = f.PublishDeviceList(anna.session.next_id(), device_list, [laptop.certificate])
    await anna.ask(f.Done, publish)
    await cem.pushed(f.DeviceListMoved)
    device = await WireDevice.open(url_of(server), laptop)
    await device.offer_key_package(laptop.key_package())
    assert await cem.pushed(f.DeviceListMoved, 2) == [f.DeviceListMoved("anna")] * 2
    await anna.pushed(f.DeviceListMoved)  # the device that linked it as well
    await device.offer_key_package(laptop.key_package())
    await device.ask(f.Account, f.GetAccount(device.session.next_id(), "cem"))
    assert len(await cem.pushed(f.DeviceListMoved)) == 2  # but once only
