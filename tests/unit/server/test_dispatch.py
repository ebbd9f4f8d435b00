"""From errors to frames, and what happens when a service has a bug."""

import logging
from pathlib import Path

import pytest

from plausch.base.errors import Fault, LocalError
from plausch.db.interface import StorageUnavailable
from plausch.server.accounts import Accounts
from plausch.server.config import ServerConfig
from plausch.server.dispatch import refusal_frame
from plausch.server.errors import Refusal, stale_epoch
from plausch.server.limits import Limits
from plausch.server.main import Server
from plausch.wire import frames as f
from wire_device import Person, WasRefused, WireDevice


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
    stranger.send(f.SendEphemeral(group.group_id, b"hello"))
    (refused,) = await stranger.pushed(f.Refused)
    assert refused.code == "unknown_conversation"
    for _ in range(4):
        one.send(f.SendEphemeral(group.group_id, b"typing"))
    (refused,) = await one.pushed(f.Refused)
    assert refused.code == "rate_limited"
    received = await other.pushed(f.Ephemeral, 3)
    assert {push.message for push in received} == {b"typing"}
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
