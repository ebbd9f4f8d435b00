"""Key packages in stock: private halves first, each uploaded once, enough of them, none too old."""

import pytest

from cast import Town, texts
from crooked import Crooked, honest, willing
from plausch.base.clock import ManualClock
from plausch.base.durations import DAY_MS
from plausch.base.errors import PlauschError
from plausch.mls.key_package import parse_key_package
from plausch.mls.suite import MLS_256_XWING
from plausch.sdk import Client
from plausch.sdk import stock as stock_module
from plausch.sdk.errors import ServerRefused, Unreachable
from plausch.sdk.stock import (
    LIFETIME_S,
    LOW_STOCK,
    RENEW_AFTER_MS,
    STOCK,
    Stock,
    replenish,
)
from plausch.sdk.vault.key_packages import KeptKeyPackage
from plausch.sdk.vault.vault import Write
from plausch.wire import frames as f
from unit.sdk.talks import core_of, eventually, forbidding, greetings_over

MADE = sum(STOCK.values())


async def kept(client: Client) -> list[KeptKeyPackage]:
    return await core_of(client).key_packages._select("WHERE 1 = 1")


def stock_of(client: Client) -> Stock:
    return client._device.sync._stock


async def stocked(town: Town, wire: Crooked) -> Client:
    """A device that is online and has filled up; nothing more is on the way."""
    anna = await town.person("anna", url=wire.url)
    await greetings_over(anna)
    wire.sent.clear()
    return anna


def uploads(wire: Crooked) -> list[f.UploadKeyPackages]:
    return [frame for frame in wire.sent if isinstance(frame, f.UploadKeyPackages)]


def refuse_uploads(wire: Crooked) -> None:
    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.UploadKeyPackages):
            wire.push(f.Refused(frame.id, "rate_limited", "Later.", "local", 1000))
            return []
        return [frame]

    wire.to_server = refuse


async def test_a_new_account_leaves_one_time_packages_and_last_resorts(
    town: Town, wire: Crooked
) -> None:
    anna = await stocked(town, wire)
    packages = await kept(anna)
    assert all(one.uploaded and not one.used for one in packages)
    for suite_id, count in STOCK.items():
        mine = [one for one in packages if one.suite == suite_id]
        assert [one.last_resort for one in mine].count(True) == 1
        assert [one.last_resort for one in mine].count(False) == count
    refs = {one.ref for one in packages}
    assert len(refs) == len(packages) == MADE + len(STOCK)
    for one in packages:
        parsed = parse_key_package(one.public)
        assert (parsed.cipher_suite, parsed.last_resort) == (one.suite, one.last_resort)


async def test_nothing_is_made_while_there_are_enough(town: Town, wire: Crooked) -> None:
    anna = await stocked(town, wire)
    before = await kept(anna)
    await replenish(core_of(anna), LOW_STOCK)
    assert await kept(anna) == before
    assert uploads(wire) == []


async def test_one_fewer_and_a_whole_batch_is_made(town: Town, wire: Crooked) -> None:
    anna = await stocked(town, wire)
    before = {one.ref for one in await kept(anna)}
    await replenish(core_of(anna), LOW_STOCK - 1)
    (only,) = uploads(wire)
    assert (len(only.key_packages), only.last_resort) == (MADE, b"")
    new = [one for one in await kept(anna) if one.ref not in before]
    assert {one.public for one in new} == set(only.key_packages)
    assert all(one.uploaded for one in new)


async def test_a_used_last_resort_is_replaced_and_stays_usable(town: Town, wire: Crooked) -> None:
    anna = await stocked(town, wire)
    core = core_of(anna)
    (used,) = [one for one in await kept(anna) if one.last_resort and one.suite == MLS_256_XWING]
    await core.vault.write([core.key_packages.spend(used)])
    await replenish(core, LOW_STOCK)
    (only,) = uploads(wire)
    assert only.key_packages == []
    assert parse_key_package(only.last_resort).cipher_suite == MLS_256_XWING
    assert await core.key_packages.find([used.ref]) is not None
    await replenish(core, LOW_STOCK)
    assert len(uploads(wire)) == 1


async def test_private_halves_are_in_the_vault_before_public_ones_leave(
    town: Town, wire: Crooked
) -> None:
    anna = await stocked(town, wire)
    core = core_of(anna)
    before = await kept(anna)
    async with forbidding(anna, "INSERT ON key_package"):
        with pytest.raises(PlauschError):
            await replenish(core, 0)
    assert uploads(wire) == []
    assert await kept(anna) == before


async def test_what_was_refused_is_uploaded_again_and_counts_as_stock(
    town: Town, wire: Crooked
) -> None:
    anna = await stocked(town, wire)
    core = core_of(anna)
    refuse_uploads(wire)
    with pytest.raises(ServerRefused, match="Later"):
        await replenish(core, 0)
    waiting = {one.public for one in await core.key_packages.waiting()}
    assert len(waiting) == MADE
    wire.to_server = willing
    wire.sent.clear()
    await replenish(core, 0)
    (again,) = uploads(wire)
    assert set(again.key_packages) == waiting, "the same ones: no more were made"
    assert await core.key_packages.waiting() == []


async def test_an_upload_whose_answer_was_lost_may_be_repeated(town: Town, wire: Crooked) -> None:
    anna = await stocked(town, wire)
    core = core_of(anna)

    def cut_at_answer(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Done):
            wire.cut()
            return []
        return [frame]

    wire.to_device = cut_at_answer
    with pytest.raises(Unreachable):
        await replenish(core, 0)
    wire.to_device = honest  # the next login tries again
    await eventually(lambda: len(uploads(wire)) == 2)
    await greetings_over(anna)
    first, again = (set(upload.key_packages) for upload in uploads(wire))
    assert first == again
    assert await core.key_packages.waiting() == []
    answer = await core.transport.ask(
        lambda request_id: f.UploadKeyPackages(request_id, list(first), b""), f.Done
    )
    assert answer, "the server passes over what it has"


async def test_packages_whose_lifetime_is_over_are_deleted_and_made_anew(
    town: Town, wire: Crooked
) -> None:
    anna = await stocked(town, wire)
    core = core_of(anna)
    old = {one.ref for one in await kept(anna)}
    kept_until_ms = min(one.made_at_ms for one in await kept(anna)) + LIFETIME_S * 1000 + DAY_MS
    clock = ManualClock(kept_until_ms)
    core.clock = clock
    core.transport.ask = _swallowed(core.transport.ask)  # type: ignore[method-assign]
    await replenish(core, LOW_STOCK)
    assert old <= {one.ref for one in await kept(anna)}, "a day of grace for Welcomes on the way"
    clock.advance(LIFETIME_S * 1000 + 2 * DAY_MS)
    await replenish(core, 0)
    now = await kept(anna)
    assert not old & {one.ref for one in now}
    assert len(now) == MADE + len(STOCK)


def _swallowed(ask: object) -> object:
    """The real server's clock stands still: it refuses packages of the far future."""

    async def answer(build: object, kind: object) -> f.Done:
        return f.Done(1)

    return answer


# --- while the connection lasts --------------------------------------------------------------


async def test_a_device_that_stays_connected_fills_up_after_welcomes(
    town: Town, wire: Crooked
) -> None:
    """Each Welcome used one: before the last is gone there is a new batch."""
    anna = await stocked(town, wire)
    cem = await town.person("cem")
    await core_of(anna).vault.write(  # so many were claimed by others, who never wrote
        [Write("DELETE FROM key_package WHERE suite = $1 AND last_resort = 0", (1,))]
    )
    await stock_of(anna).counted(LOW_STOCK)
    for number in range(2):
        await cem.create_group(f"Club {number}", ["anna@localhost"])
    await eventually(lambda: bool(uploads(wire)))
    (only,) = uploads(wire)
    assert len(only.key_packages) == MADE
    assert len(anna.conversations()) >= 1


async def test_a_last_resort_in_a_welcome_says_that_nothing_else_is_left(
    town: Town, wire: Crooked
) -> None:
    anna = await stocked(town, wire)
    core = core_of(anna)
    used = [one for one in await kept(anna) if one.last_resort]
    await core.vault.write([core.key_packages.spend(one) for one in used])
    await stock_of(anna).refill()
    assert [len(one.key_packages) for one in uploads(wire)] == [MADE, 0, 0]


async def test_before_a_count_nothing_is_filled_up(town: Town, wire: Crooked) -> None:
    anna = await stocked(town, wire)
    core_of(anna).transport.generation += 1
    used = [one for one in await kept(anna) if one.last_resort]
    await core_of(anna).vault.write([core_of(anna).key_packages.spend(one) for one in used])
    await stock_of(anna).refill()
    assert uploads(wire) == []


async def test_a_refusal_is_noted_and_no_connection_waits_for_the_next(
    town: Town, wire: Crooked
) -> None:
    anna = await stocked(town, wire)
    used = [one for one in await kept(anna) if one.last_resort]
    await core_of(anna).vault.write([core_of(anna).key_packages.spend(one) for one in used])
    refuse_uploads(wire)
    await stock_of(anna).refill()
    assert await anna.problems() == ["Later."]
    core_of(anna).transport._connection = None
    await stock_of(anna).refill()
    assert await anna.problems() == ["Later."]


async def test_a_last_resort_is_replaced_two_weeks_before_its_end(
    town: Town, wire: Crooked
) -> None:
    anna = await stocked(town, wire)
    core = core_of(anna)
    made_at_ms = min(one.made_at_ms for one in await kept(anna))
    clock = ManualClock(made_at_ms + RENEW_AFTER_MS)
    core.clock = clock
    core.transport.ask = _swallowed(core.transport.ask)  # type: ignore[method-assign]
    await replenish(core, LOW_STOCK)
    clock.advance(1 + max(one.made_at_ms for one in await kept(anna)) - made_at_ms)
    before = {one.ref for one in await kept(anna)}
    await replenish(core, LOW_STOCK)
    new = [one for one in await kept(anna) if one.ref not in before]
    assert [one.last_resort for one in new] == [True, True]
    assert RENEW_AFTER_MS == (LIFETIME_S - 14 * 24 * 3600) * 1000


async def test_it_looks_every_day(
    town: Town, wire: Crooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock_module, "DAY_S", 0.01)
    anna = await stocked(town, wire)
    used = [one for one in await kept(anna) if one.last_resort]
    core = core_of(anna)
    async with stock_of(anna)._filling:  # between two looks, not in the middle of one
        await core.vault.write([core.key_packages.spend(one) for one in used])
    await eventually(lambda: len(uploads(wire)) == 3)


async def test_a_stranger_is_added_from_the_stock_while_the_device_is_away(town: Town) -> None:
    anna, cem = await town.register("anna"), await town.person("cem")
    await anna.close()
    conversation = await cem.conversation_with("anna@localhost")
    await (await conversation.send_text("hello")).accepted()
    assert await texts(await town.back("anna"), 1) == ["hello"]
