"""From errors to frames, and what happens when a service has a bug."""

import asyncio
import logging
import secrets
import sqlite3
import time
from functools import partial
from pathlib import Path
from typing import get_args

import pytest

from plausch.base.clock import ManualClock, SystemClock
from plausch.base.errors import Fault, LocalError
from plausch.db.interface import StorageUnavailable
from plausch.server.accounts import Accounts
from plausch.server.config import ServerConfig
from plausch.server.devices import Devices
from plausch.server.dispatch import refusal_frame
from plausch.server.errors import Refusal, stale_epoch
from plausch.server.limits import Limits
from plausch.server.main import Server
from plausch.server.records import DeviceRecord, Roster
from plausch.server.rosters import Rosters
from plausch.wire import frames as f
from wire_device import Person, WasRefused, WireDevice, accept_anyone


def test_a_refusal_says_all_it_knows() -> None:
    frame = refusal_frame(7, stale_epoch(4, 9))
    assert (frame.id, frame.code, frame.epoch, frame.head) == (7, "stale_epoch", 4, 9)
    frame = refusal_frame(7, Refusal("limit", "No.", fault=Fault.REMOTE, retry_after_ms=5))
    assert frame == f.Refused(7, "limit", "No.", "remote", 5, -1, -1)


@pytest.mark.parametrize("kind", [StorageUnavailable, None])
def test_the_operators_sentence_stays_with_the_operator(
    kind: type[StorageUnavailable] | None,
) -> None:
    sentence = "The database /var/lib/secret.db did not take the work."
    error = (
        kind(sentence) if kind else Refusal("storage_unavailable", sentence, fault=Fault.OPERATOR)
    )
    frame = refusal_frame(3, error)
    assert (frame.code, frame.fault) == ("storage_unavailable", "operator")
    assert frame.retry_after_ms > 0
    assert "secret" not in frame.sentence


async def test_the_log_says_once_that_requests_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(self: Accounts, name: str) -> None:
        raise StorageUnavailable("The disk is full.")

    monkeypatch.setattr(Accounts, "get", full)
    server = Server(ServerConfig(tmp_path, port=0))
    device = await WireDevice.register(await server.start(), Person.new("anna"))
    with caplog.at_level(logging.ERROR):
        for _ in range(20):
            with pytest.raises(WasRefused, match="storage_unavailable"):
                await device.ask(f.Account, f.GetAccount(device.session.next_id(), "anna"))
        assert caplog.text.count("The disk is full.") == 1
        for ahead_ms in (86_400_000, 20_000):  # the clock jumps, and is set right
            at_ms = time.time_ns() // 1_000_000 + ahead_ms
            monkeypatch.setattr(SystemClock, "now_ms", lambda self, at_ms=at_ms: at_ms)
            with pytest.raises(WasRefused, match="storage_unavailable"):
                await device.ask(f.Account, f.GetAccount(device.session.next_id(), "anna"))
    assert caplog.text.count("The disk is full.") == 3
    await server.stop()


def test_any_expected_error_has_a_frame() -> None:
    frame = refusal_frame(3, LocalError("Wrong.", code="usage"))
    assert frame == f.Refused(3, "usage", "Wrong.", "local")


async def test_a_bug_in_a_service_is_a_sentence_and_an_entry_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: Accounts, name: str) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(Accounts, "get", broken)
    server = Server(ServerConfig(tmp_path, port=0))
    device = await WireDevice.register(await server.start(), Person.new("anna"))
    with caplog.at_level(logging.ERROR), pytest.raises(WasRefused, match="internal") as caught:
        await device.ask(f.Account, f.GetAccount(device.session.next_id(), "anna"))
    assert "bug" not in caught.value.frame.sentence
    assert "GetAccount failed unexpectedly" in caplog.text
    await device.resume()
    await server.stop()


async def test_ephemeral_messages_are_for_members_and_counted(tmp_path: Path) -> None:
    config = ServerConfig(
        tmp_path, port=0, limits=Limits(ephemerals_per_minute=3, silence_ms=60_000)
    )
    server = Server(config)
    url = await server.start()
    one, other = [await WireDevice.register(url, Person.new(name)) for name in ("anna", "ben")]
    stranger = await WireDevice.register(url, Person.new("eve"))
    for device in (one, other, stranger):
        await device.resume()
    bundle = other.person.key_package()
    await other.offer_key_package(bundle)
    claim = f.ClaimKeyPackages(one.session.next_id(), "ben", bundle.suite_id, [])
    await one.ask(f.KeyPackages, claim)
    group = await one.converse([bundle], [other.person.device.uri])
    typing = group.encrypt(b"typing")
    stranger.send(f.SendEphemeral(group.group_id, typing))
    (refused,) = await stranger.pushed(f.Refused)
    assert refused.code == "unknown_conversation"
    for _ in range(4):
        one.send(f.SendEphemeral(group.group_id, typing))
    (refused,) = await one.pushed(f.Refused)
    assert refused.code == "rate_limited"
    received = await other.pushed(f.Ephemeral, 3)
    assert {push.message for push in received} == {typing}
    assert {push.sender for push in received} == {one.person.device.uri}
    await server.stop()


async def test_a_device_that_is_taken_from_the_list_is_disconnected(tmp_path: Path) -> None:
    server = Server(ServerConfig(tmp_path, port=0))
    url = await server.start()
    person = Person.new("anna")
    device = await WireDevice.register(url, person)
    twin = person.next_device()
    listed = person.next_list([person.device, twin.device], [person.key, twin.key])
    publish = f.PublishDeviceList(device.session.next_id(), listed, [twin.certificate])
    await device.ask(f.Done, publish)
    second = await WireDevice.open(url, twin)
    alone = person.next_list([person.device], [person.key])
    await device.ask(f.Done, f.PublishDeviceList(device.session.next_id(), alone, []))
    await second.gone()
    assert second.closing is not None
    assert second.closing.code == "device_removed"
    await device.resume()
    await server.stop()


# --- the tables ----------------------------------------------------------------------------


async def served(folder: Path, **limits: int) -> tuple[Server, str]:
    server = Server(ServerConfig(folder, port=0, limits=Limits(**limits)))
    return server, await server.start()


async def test_every_frame_of_a_device_is_carried_out_somewhere(tmp_path: Path) -> None:
    server, _ = await served(tmp_path)
    assert server.edge is not None
    dispatch = server.edge.dispatch
    kinds = set(get_args(f.ClientFrame))
    assert set(dispatch._quick) | set(dispatch._slow) == kinds
    # What is done at once either always is, or has a way for when it cannot be.
    always = {f.Append, f.SendPairing, f.EndPairing}
    assert set(dispatch._quick) - set(dispatch._slow) == always
    await server.stop()


# --- logins --------------------------------------------------------------------------------


async def test_a_device_that_is_removed_while_it_logs_in_is_not_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new list finds no connection to end, because there is none yet."""
    server, url = await served(tmp_path)
    person = Person.new("anna")
    phone = await WireDevice.register(url, person)
    twin = person.next_device()
    both = person.next_list([person.device, twin.device], [person.key, twin.key])
    await phone.ask(f.Done, f.PublishDeviceList(phone.session.next_id(), both, [twin.certificate]))
    alone = person.next_list([person.device], [person.key])
    found = Devices.login

    async def removed_meanwhile(
        self: Devices, uri: str, nonce: bytes, signature: bytes
    ) -> DeviceRecord:
        record = await found(self, uri, nonce, signature)
        await phone.ask(f.Done, f.PublishDeviceList(phone.session.next_id(), alone, []))
        return record

    monkeypatch.setattr(Devices, "login", removed_meanwhile)
    laptop = await WireDevice.connect(url, twin)
    with pytest.raises(WasRefused, match="device_removed"):
        await laptop.log_in()
    assert server.edge is not None
    assert server.edge._hub._online.keys() == {person.device.uri}
    await server.stop()


async def test_who_hangs_up_during_its_login_is_not_online(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, url = await served(tmp_path)
    person = Person.new("anna")
    await (await WireDevice.register(url, person)).close()
    assert server.edge is not None
    edge, found, asked = server.edge, Devices.login, asyncio.Event()

    async def slow(self: Devices, uri: str, nonce: bytes, signature: bytes) -> DeviceRecord:
        record = await found(self, uri, nonce, signature)
        asked.set()
        while edge.connections:
            await asyncio.sleep(0)
        return record

    monkeypatch.setattr(Devices, "login", slow)
    device = await WireDevice.connect(url, person)
    login = asyncio.ensure_future(device.log_in())
    await asked.wait()
    await device.close()
    with pytest.raises(ConnectionError):
        await login
    await asyncio.gather(*edge._tasks)
    assert edge._hub._online == {}
    await server.stop()


async def test_a_refused_login_may_be_followed_by_a_good_one(tmp_path: Path) -> None:
    server, url = await served(tmp_path, login_attempts=3)
    person = Person.new("anna")
    device = await WireDevice.connect(url, person)
    for _ in range(2):
        with pytest.raises(WasRefused, match="unknown_device"):
            await device.log_in()
    request = f.Register(
        device.session.next_id(), "anna", "person", "", person.certificate, person.device_list
    )
    await device.ask(f.Done, request)
    logged_in = await device.log_in()
    assert (logged_in.key_packages, logged_in.has_last_resort) == (0, False)
    await device.resume()
    await server.stop()


# --- a failing machine ---------------------------------------------------------------------


async def test_a_full_disk_over_the_wire_is_refused_and_then_done(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Every kind of request that writes; nothing of it is done, and its repetition is."""
    server, url = await served(tmp_path)
    device = await WireDevice.register(url, Person.new("anna"))
    group = await device.converse([], [])
    blocker = sqlite3.connect(tmp_path / "plausch.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")  # another program holds the file
    bundle = device.person.key_package()
    append = partial(
        f.Append,
        conversation=group.group_id,
        epoch=0,
        kind=f.APPLICATION,
        message=group.encrypt(b"x"),
        idempotency_id=secrets.token_bytes(16),
    )
    upload = partial(f.UploadKeyPackages, key_packages=[bundle.message], last_resort=b"")
    first = device.begin(append(id=device.session.next_id()))
    second = device.begin(upload(id=device.session.next_id()))
    device.send(f.AcknowledgeMailbox(1))
    for answer in (await first, await second, (await device.pushed(f.Refused))[0]):
        assert isinstance(answer, f.Refused)
        assert (answer.code, answer.fault) == ("storage_unavailable", "operator")
        assert answer.retry_after_ms > 0
        assert "plausch.db" not in answer.sentence
    assert device.pushes[0].id == 0  # type: ignore[union-attr]  # what has no id to answer to
    assert "plausch.db did not take the work" in caplog.text
    blocker.close()
    appended = await device.ask(f.Appended, append(id=device.session.next_id()))
    assert appended.seq == 1
    await device.ask(f.Done, upload(id=device.session.next_id()))
    await server.stop()


async def test_the_log_complains_again_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server, _ = await served(tmp_path)
    assert server.edge is not None
    dispatch, clock = server.edge.dispatch, ManualClock()
    monkeypatch.setattr(dispatch, "_clock", clock)
    error = StorageUnavailable("The disk is full.")
    for pause_ms, complaints in ((0, 1), (9_999, 1), (1, 2), (1, 2), (10_000, 3)):
        clock.advance(pause_ms)
        dispatch._refuse(1, error)
        dispatch._refuse(1, Refusal("bad_name", "Nobody at the machine can change that."))
        assert caplog.text.count("The disk is full.") == complaints
    assert "Nobody at the machine" not in caplog.text
    await server.stop()


# --- ephemeral messages and lists ----------------------------------------------------------


async def test_an_ephemeral_message_finds_its_members_after_a_restart(tmp_path: Path) -> None:
    """The first one of a conversation that the new process has not in its memory."""
    server, url = await served(tmp_path)
    one, other = [await WireDevice.register(url, Person.new(name)) for name in ("anna", "ben")]
    bundle = other.person.key_package()
    group = await one.converse([bundle], [other.person.device.uri])
    await server.stop()
    again, url = await served(tmp_path)
    one, other = [await WireDevice.open(url, device.person) for device in (one, other)]
    messages = [group.encrypt(b"typing") for _ in range(3)]
    for message in messages:
        one.send(f.SendEphemeral(group.group_id, message))
    received = await other.pushed(f.Ephemeral, 3)
    assert [push.message for push in received] == messages
    one.send(f.SendEphemeral(secrets.token_bytes(16), messages[0]))
    (refused,) = await one.pushed(f.Refused)
    assert (refused.id, refused.code) == (0, "unknown_conversation")
    assert [push for push in one.pushes if isinstance(push, f.Ephemeral)] == []
    await again.stop()


async def test_as_many_ephemeral_messages_as_are_allowed_in_a_minute(tmp_path: Path) -> None:
    server, url = await served(tmp_path, ephemerals_per_minute=2, silence_ms=60_000)
    device = await WireDevice.register(url, Person.new("anna"))
    await device.resume()
    group = await device.converse([], [])
    assert server.edge is not None
    (connection,) = [one for bucket in server.edge._wheel for one in bucket]
    for refusals in (1, 2):
        for _ in range(3):
            device.send(f.SendEphemeral(group.group_id, group.encrypt(b"typing")))
        found = await device.pushed(f.Refused, refusals)
        await device.resume()
        assert [one.code for one in found] == ["rate_limited"] * refusals
        connection.visit()  # the minute is over
    await server.stop()


async def test_conversations_that_do_not_exist_are_counted_as_those_that_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, url = await served(tmp_path, ephemerals_per_minute=2, silence_ms=60_000)
    device = await WireDevice.register(url, Person.new("anna"))
    await device.resume()
    assert server.edge is not None
    loading, looked_up = Rosters.load, 0

    async def load(self: Rosters, public_id: bytes) -> Roster | None:
        nonlocal looked_up
        looked_up += 1
        return await loading(self, public_id)

    monkeypatch.setattr(Rosters, "load", load)
    for _ in range(4):
        device.send(f.SendEphemeral(secrets.token_bytes(16), b"typing"))
    found = await device.pushed(f.Refused, 4)
    assert [one.code for one in found] == ["unknown_conversation"] * 2 + ["rate_limited"] * 2
    assert looked_up == 2
    await server.stop()


async def test_another_process_hears_of_a_removal_before_an_ephemeral_message_passes(
    two_servers: list[tuple[Server, str]],
) -> None:
    """Two servers on one database; ben is removed through the one and stays with the other."""
    (_, url), (_, other_url) = two_servers
    anna = await WireDevice.register(url, Person.new("anna"))
    ben = await WireDevice.register(other_url, Person.new("ben"))
    cem = await WireDevice.register(other_url, Person.new("cem"))
    for device in (anna, ben, cem):
        await device.resume()
    bundles = [device.person.key_package() for device in (ben, cem)]
    group = await anna.converse(bundles, [one.person.device.uri for one in (ben, cem)])
    before = group.encrypt(b"typing")
    cem.send(f.SendEphemeral(group.group_id, before))
    await ben.pushed(f.Ephemeral)
    leaf = next(
        one.leaf_index for one in group.members() if one.signature_key == ben.person.key.public
    )
    pending = group.commit(accept_anyone, int(time.time()), removes=[leaf])
    commit = f.AppendCommit(
        anna.session.next_id(),
        group.group_id,
        group.epoch,
        pending.commit,
        secrets.token_bytes(16),
        pending.group_info,
        b"",
        [],
    )
    await anna.ask(f.Appended, commit)
    pending.accept()
    after = group.encrypt(b"typing")
    cem.send(f.SendEphemeral(group.group_id, after))  # of an epoch that is news to this process
    ben.send(f.SendEphemeral(group.group_id, after))
    (refused,) = await ben.pushed(f.Refused)
    assert refused.code == "unknown_conversation"
    cem.send(f.SendEphemeral(group.group_id, before))
    (refused,) = await cem.pushed(f.Refused)
    assert (refused.code, refused.epoch) == ("stale_epoch", group.epoch)
    await ben.resume()
    assert [push.message for push in ben.pushes if isinstance(push, f.Ephemeral)] == [before]


async def test_a_failing_database_is_no_failed_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, url = await served(tmp_path, login_attempts=1)
    person = Person.new("anna")
    await (await WireDevice.register(url, person)).close()

    async def full(self: Devices, uri: str, nonce: bytes, signature: bytes) -> DeviceRecord:
        raise StorageUnavailable("The disk is full.")

    device = await WireDevice.connect(url, person)
    with monkeypatch.context() as failing:
        failing.setattr(Devices, "login", full)
        for _ in range(3):
            with pytest.raises(WasRefused, match="storage_unavailable"):
                await device.log_in()
    await device.log_in()
    await server.stop()


async def test_a_device_that_another_process_took_from_the_list_is_disconnected(
    two_servers: list[tuple[Server, str]],
) -> None:
    (_, url), (other, other_url) = two_servers
    person = Person.new("anna")
    phone, twin = await WireDevice.register(url, person), person.next_device()
    both = person.next_list([person.device, twin.device], [person.key, twin.key])
    await phone.ask(f.Done, f.PublishDeviceList(phone.session.next_id(), both, [twin.certificate]))
    laptop = await WireDevice.open(other_url, twin)
    ben = await WireDevice.register(other_url, Person.new("ben"))
    alone = person.next_list([person.device], [person.key])
    await phone.ask(f.Done, f.PublishDeviceList(phone.session.next_id(), alone, []))
    await laptop.resume()
    assert other.edge is not None
    other.edge._turn_wheel()  # nobody's turn
    await other.edge.dispatch.close_unlisted(other.edge.open_connections())
    await laptop.gone()
    assert laptop.closing is not None
    assert laptop.closing.code == "device_removed"
    await ben.resume()


async def test_a_new_list_is_told_to_all_who_share_a_conversation_but_its_publisher(
    tmp_path: Path,
) -> None:
    server, url = await served(tmp_path)
    anna, ben, eve = [
        await WireDevice.register(url, Person.new(name)) for name in ("anna", "ben", "eve")
    ]
    for device in (anna, ben, eve):
        await device.resume()
    await anna.converse([ben.person.key_package()], [ben.person.device.uri])
    person = anna.person
    twin = person.next_device()
    both = person.next_list([person.device, twin.device], [person.key, twin.key])
    await anna.ask(f.Done, f.PublishDeviceList(anna.session.next_id(), both, [twin.certificate]))
    assert await ben.pushed(f.DeviceListMoved) == [f.DeviceListMoved("anna")]
    for device in (anna, eve):
        await device.resume()
        assert [one for one in device.pushes if isinstance(one, f.DeviceListMoved)] == []
    await server.stop()


async def test_a_device_may_take_itself_from_the_list_and_is_out(tmp_path: Path) -> None:
    server, url = await served(tmp_path)
    person = Person.new("anna")
    phone = await WireDevice.register(url, person)
    twin = person.next_device()
    both = person.next_list([person.device, twin.device], [person.key, twin.key])
    await phone.ask(f.Done, f.PublishDeviceList(phone.session.next_id(), both, [twin.certificate]))
    without_phone = person.next_list([twin.device], [twin.key])
    phone.begin(f.PublishDeviceList(phone.session.next_id(), without_phone, []))
    await phone.gone()
    assert phone.closing is not None
    assert phone.closing.code == "device_removed"
    with pytest.raises(WasRefused, match="device_removed"):
        await WireDevice.open(url, person)
    await (await WireDevice.open(url, twin)).close()
    await server.stop()


async def test_where_no_registrations_are_allowed_there_are_none(tmp_path: Path) -> None:
    server, url = await served(tmp_path, registrations_per_address_per_hour=0)
    for _ in range(2):
        with pytest.raises(WasRefused, match="rate_limited"):
            await WireDevice.register(url, Person.new("anna"))
    await server.stop()
