"""Certificates are renewed in time, under a clock that moves for devices and server alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from cast import PATIENCE_S, Town, settled, texts
from crooked import Crooked
from plausch.base.clock import SystemClock
from plausch.identity.certificate import DeviceCertificate, parse_certificate
from plausch.identity.keys import SigningKey
from plausch.sdk import Client, Unreachable, certificates
from plausch.sdk.account import CERTIFICATE_LIFETIME_S
from plausch.sdk.certificates import (
    LEFT_TO_OTHERS_S,
    NO_INTENT,
    RENEWED_S,
    keep_certified,
    own_end_s,
    renew_leaves,
    renew_others,
    renew_own,
)
from plausch.sdk.core import Core
from plausch.sdk.errors import ServerRefused
from plausch.sdk.membership import Intent
from plausch.sdk.stock import replenish
from plausch.wire import frames as f
from unit.sdk.linking_players import Linking
from unit.sdk.talks import anna_and_cem, codes, core_of, eventually, live_of

DAY_S = 24 * 3600
Later = Callable[[int], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """So many days later, for everybody in this process."""
    real = SystemClock.now_ms
    passed = [0]
    monkeypatch.setattr(SystemClock, "now_ms", lambda self: real(self) + passed[0] * DAY_S * 1000)

    def wait(days: int) -> None:
        passed[0] += days

    return wait


async def online(work: Callable[[Core], Awaitable[None]], client: Client) -> None:
    """Do it with a connection: the server cuts those that were silent for a year."""
    core = core_of(client)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await core.transport.wait_online()
            try:
                await work(core)
            except Unreachable:
                continue
            return


async def fill_up(core: Core) -> None:
    """New key packages."""
    await replenish(core, 0)


def left_s(client: Client) -> int:
    core = core_of(client)
    return own_end_s(core) - core.now_s()


def shown_s(client: Client, of: Client, conversation: object) -> int:
    """How long the certificate is good that a client sees in another one's leaf."""
    core, live = core_of(client), live_of(client, conversation)  # type: ignore[arg-type]
    assert live.group is not None
    (end_s,) = [
        certificate.expires_s
        for certificate in (core.trust.certificate(one.credential) for one in live.group.members())
        if certificate.device == of.device
    ]
    return end_s - core.now_s()


async def test_an_owners_device_renews_its_own_in_time_and_not_before(
    town: Town, wire: Crooked, later: Later
) -> None:
    anna = await town.person("anna", url=wire.url)
    first = core_of(anna).own.certificate
    later(300)
    await online(renew_own, anna)
    assert core_of(anna).own.certificate == first
    assert codes(wire.sent, f.PublishDeviceList) == 0
    later(100)
    await online(renew_own, anna)
    second = core_of(anna).own.certificate
    assert left_s(anna) > CERTIFICATE_LIFETIME_S - DAY_S
    assert core_of(anna).own.device_key.public == parse_certificate(second).signature_key
    await online(renew_own, anna)
    assert core_of(anna).own.certificate == second


async def test_it_is_renewed_at_the_login_and_kept(town: Town, later: Later) -> None:
    async with await town.register("anna") as anna:
        await anna.synchronize()
    later(400)
    for _ in range(2):
        async with await Client.open(town.home("anna")) as anna:
            await core_of(anna).greeted.wait()
            assert left_s(anna) > CERTIFICATE_LIFETIME_S - DAY_S
            fresh = core_of(anna).own.certificate
    async with await Client.open(town.home("anna")) as anna:
        assert core_of(anna).own.certificate == fresh


async def test_what_is_said_is_said_under_the_new_one_for_years(
    town: Town, wire: Crooked, later: Later
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    epoch = live_of(anna, conversation).group.epoch  # type: ignore[union-attr]
    for year in range(1, 5):
        later(400)
        for one in (anna, cem):
            await online(renew_own, one)
        await (await conversation.send_text(f"year {year}")).accepted()
        assert await texts(cem, 1) == [f"year {year}"]
        back = cem.conversation(conversation.id)
        await (await back.send_text("indeed")).accepted()
        assert await texts(anna, 1) == ["indeed"]
        await settled(anna, cem)
        for seen, of in ((cem, anna), (anna, cem)):
            assert shown_s(seen, of, conversation) > CERTIFICATE_LIFETIME_S - DAY_S
        assert anna.device in conversation.members and len(conversation.members) == 2
    group = live_of(anna, conversation).group
    assert group is not None and group.epoch == epoch + 8, "one Commit for each, each year"
    assert await anna.problems() == await cem.problems() == []


async def test_who_only_reads_for_years_stays(town: Town, wire: Crooked, later: Later) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    for year in range(1, 4):
        later(400)
        for one in (anna, cem):
            await online(renew_own, one)
        await renew_leaves(core_of(cem), cem._device.outbox.kick)
        await settled(cem, anna)
        await (await conversation.send_text(f"year {year}")).accepted()
        assert await texts(cem, 1) == [f"year {year}"]
        await settled(anna, cem)
        assert shown_s(anna, cem, conversation) > CERTIFICATE_LIFETIME_S - DAY_S
        group = live_of(cem, conversation).group
        assert group is not None
        await renew_leaves(core_of(cem), cem._device.outbox.kick)
        assert await core_of(cem).outbox.of(conversation.id) == []
    assert cem.device in conversation.members


async def test_leaves_are_renewed_some_at_a_time_and_not_kept_in_memory(
    town: Town, wire: Crooked, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, cem, _ = await anna_and_cem(town, wire)
    for number in range(3):
        await cem.create_group(f"Group {number}", ["anna@localhost"])
    await settled(anna, cem)
    later(400)
    await online(renew_own, cem)
    core = core_of(cem)
    for live in core.lives.values():
        live.group = None
    kicked: list[object] = []
    monkeypatch.setattr(certificates, "MOST_LEAVES", 3)
    for _ in range(3):
        await renew_leaves(core, kicked.append)
    assert len(kicked) == len({id(one) for one in kicked}) == 4
    assert all(live.group is None for live in core.lives.values())
    assert Intent.from_bytes(NO_INTENT) == Intent()


@pytest.fixture
async def staffed(town: Town, wire: Crooked) -> AsyncIterator[tuple[Client, Client]]:
    """An owner's device, behind the wire, and one of staff."""
    linde = await town.person("linde", kind="business", url=wire.url)
    waiter = await Linking(town, linde, is_staff=True, home="waiter").by_the_new_ones_code()
    yield linde, await town.connect(waiter)


async def test_staff_gets_a_new_one_from_an_owners_device(
    staffed: tuple[Client, Client], later: Later
) -> None:
    linde, waiter = staffed
    await core_of(waiter).greeted.wait()
    later(400)
    await online(renew_others, linde)
    await online(renew_own, waiter)
    assert left_s(waiter) > CERTIFICATE_LIFETIME_S - DAY_S
    await online(fill_up, waiter)
    assert await waiter.problems() == []


async def test_a_server_that_is_busy_does_not_say_that_there_is_no_certificate(
    staffed: tuple[Client, Client], wire: Crooked
) -> None:
    linde, waiter = staffed
    await core_of(linde).greeted.wait()
    await core_of(waiter).greeted.wait()
    code = ["rate_limited"]

    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.GetCertificate):
            wire.push(f.Refused(frame.id, code[0], "Not now.", "local", 1000))
            return []
        return [frame]

    wire.sent.clear()
    wire.to_server = refuse
    with pytest.raises(ServerRefused, match="Not now"):
        await online(renew_others, linde)
    assert codes(wire.sent, f.PublishDeviceList) == 0
    code[0] = "unknown_device"
    await online(renew_others, linde)
    assert codes(wire.sent, f.PublishDeviceList) == 1


async def test_staff_makes_none_itself(
    staffed: tuple[Client, Client], later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def held(*_: object) -> bytes:
        return b""

    monkeypatch.setattr(certificates, "_held", held)
    monkeypatch.setattr(certificates, "publish", None)
    _, waiter = staffed
    before = core_of(waiter).own.certificate
    later(400)
    await renew_own(core_of(waiter))
    await renew_others(core_of(waiter))
    assert core_of(waiter).own.certificate == before


async def test_until_it_is_fetched_the_old_one_is_as_good(
    staffed: tuple[Client, Client], later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Key packages that show it are taken: the web app does not fetch it yet."""
    linde, waiter = staffed
    await core_of(waiter).greeted.wait()
    before = core_of(waiter).own.certificate
    monkeypatch.setattr(certificates, "own_end_s", lambda core: core.now_s() + 2 * RENEWED_S)
    later(400)
    await online(renew_others, linde)
    assert parse_certificate(await certificates._held(core_of(linde), waiter.device)).expires_s > (
        parse_certificate(before).expires_s
    )
    await online(fill_up, waiter)
    assert core_of(waiter).own.certificate == before
    assert await waiter.problems() == []


async def test_another_owner_is_left_a_month_to_do_it_itself(
    town: Town, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    linde = await town.person("linde", kind="business")
    office = await town.connect(await Linking(town, linde, home="office").by_the_new_ones_code())
    await core_of(office).greeted.wait()
    published: list[int] = []
    monkeypatch.setattr(certificates, "own_end_s", lambda core: core.now_s() + 2 * RENEWED_S)

    async def publish(_: object, __: bytes, made: list[bytes]) -> None:
        published.append(len(made))

    monkeypatch.setattr(certificates, "publish", publish)
    later((CERTIFICATE_LIFETIME_S - RENEWED_S) // DAY_S + 1)
    await online(renew_others, linde)
    assert published == []
    later(LEFT_TO_OTHERS_S // DAY_S)
    await online(renew_others, linde)
    assert set(published) == {1}


async def test_a_server_that_lies_about_a_certificate_is_not_believed(
    staffed: tuple[Client, Client], later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    linde, waiter = staffed
    await core_of(waiter).greeted.wait()
    later(400)
    core = core_of(waiter)
    assert core_of(linde).own.identity is not None
    now_s, ends_s = core.now_s(), core.now_s() + 10**8
    identity, key = core_of(linde).own.identity, core.own.device_key.public
    stranger = SigningKey.generate()

    def signed(by: SigningKey | None, device: object, of: bytes, start: int, end: int) -> bytes:
        assert by is not None
        return DeviceCertificate.issue(by, device, of, start, end)  # type: ignore[arg-type]

    lies = [
        b"",
        b"no certificate",
        signed(stranger, waiter.device, key, now_s - 1, ends_s),
        signed(identity, linde.device, key, now_s - 1, ends_s),
        signed(identity, waiter.device, stranger.public, now_s - 1, ends_s),
        signed(identity, waiter.device, key, now_s + DAY_S, ends_s),
        signed(identity, waiter.device, key, now_s - 1, now_s + DAY_S),
    ]
    before = core.own
    for lie in lies:

        async def held(*_: object, lie: bytes = lie) -> bytes:
            return lie

        monkeypatch.setattr(certificates, "_held", held)
        await renew_own(core)
        assert core.own == before


async def test_nobody_else_is_told_a_certificate(town: Town) -> None:
    anna, ben = await town.people("anna", "ben")
    assert await certificates._held(core_of(anna), ben.device) == b""
    stranger = replace(anna.device, device="f" * 16)
    assert await certificates._held(core_of(anna), stranger) == b""
    assert await certificates._held(core_of(anna), anna.device)


async def test_a_device_that_stays_connected_looks_every_day(
    town: Town, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await town.person("anna")
    later(400)
    tries: list[Exception] = [Unreachable("Nobody is there.")]
    whole = certificates.renew_own

    async def failing(core: object) -> None:
        if tries:
            raise tries.pop()
        await whole(core)  # type: ignore[arg-type]

    monkeypatch.setattr(certificates, "FIRST_LOOK_S", 0.01)
    monkeypatch.setattr(certificates, "LOOKED_AFTER_S", 0.01)
    monkeypatch.setattr(certificates, "renew_own", failing)
    kick = anna._device.outbox.kick
    looking = asyncio.ensure_future(keep_certified(core_of(anna), kick))
    await eventually(lambda: left_s(anna) > CERTIFICATE_LIFETIME_S - DAY_S)
    looking.cancel()
    assert await anna.problems() == []
