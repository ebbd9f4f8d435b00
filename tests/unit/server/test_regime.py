"""Orders of the operator, as a server process sees them."""

import pytest

from delivery_world import World
from plausch.server.administration import Administration
from plausch.server.limits import Limits
from plausch.server.regime import Regime, sentence_of
from plausch.server.store.regime import RegimeRow
from plausch.wire import frames as f
from plausch.wire.maintenance import MAINTAINED


def regime_of(world: World) -> Regime:
    return Regime(world.database, world.clock, Limits(maintenance_retry_ms=1_000))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (RegimeRow(), ""),
        (RegimeRow(3, 0, 9, "old"), ""),
        (RegimeRow(0, 5), MAINTAINED),
        (RegimeRow(0, 5, 0, "Umzug."), f"{MAINTAINED} Umzug."),
        (
            RegimeRow(0, 5, 1_800_000_000_000, "Umzug."),
            f"{MAINTAINED} (until 2027-01-15T08:00Z) Umzug.",
        ),
    ],
)
def test_what_devices_are_told(row: RegimeRow, sentence: str) -> None:
    assert sentence_of(row) == sentence


async def test_what_leaves_something_new_is_refused_for_a_while_and_the_rest_is_not(
    world: World,
) -> None:
    regime, hand = regime_of(world), Administration(world.database, world.clock)
    append = f.Append(7, b"c" * 16, 1, f.APPLICATION, b"m", b"i" * 16)
    await regime.look()
    assert regime.refusal(append) is None
    await hand.maintain(words="Wir ziehen um.")
    assert regime.refusal(append) is None, "not before it has looked"
    await regime.look()
    waits = set()
    for _ in range(50):
        refused = regime.refusal(append)
        assert refused is not None
        assert (refused.id, refused.code, refused.fault) == (7, "maintenance", "operator")
        assert refused.sentence.endswith("Wir ziehen um.")
        waits.add(refused.retry_after_ms)
    assert 1_000 <= min(waits) <= max(waits) <= 2_000
    assert len(waits) > 5, "not all devices at once"
    assert regime.refusal(f.Read(8, b"c" * 16, 0, 5)) is None
    assert regime.refusal(f.Acknowledge(b"c" * 16, 3)) is None
    for gone in (
        f.DropBackup(9),
        f.WithdrawProfile(9, b"signed"),
        f.DropBlob(9, b"b" * 32),
        f.PublishDeviceList(9, b"without a stolen device", []),
    ):
        assert regime.refusal(gone) is None, "what its owner wants gone does not wait"
    await hand.resume()
    await regime.look()
    assert regime.refusal(append) is None


async def test_suspensions_are_read_when_they_have_changed(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    hand = Administration(world.database, world.clock)
    await hand.suspend("cem")
    regime = regime_of(world)
    assert await regime.look()
    assert not await regime.look()
    assert not regime.is_suspended(anna.record.account_key)
    assert regime.is_suspended(cem.record.account_key)
    await hand.unsuspend("cem")
    assert await regime.look()
    assert not regime.is_suspended(cem.record.account_key)


async def test_a_server_that_begins_knows_of_suspensions_that_came_with_a_backup(
    world: World,
) -> None:
    """The row of orders does not travel, and suspensions do."""
    cem = await world.player("cem")
    await Administration(world.database, world.clock).suspend("cem")

    async def body(tx) -> None:  # type: ignore[no-untyped-def]
        await tx.execute("DELETE FROM regime")

    await world.database.transact(body)
    regime = regime_of(world)
    await regime.look()
    assert regime.is_suspended(cem.record.account_key)
