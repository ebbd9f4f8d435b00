"""Beginning a conversation: there at once, or not at all."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from cast import Town, settled, texts
from plausch.base.ids import AccountAddress
from plausch.db.interface import ConstraintViolated
from plausch.mls.group_info import parse_group_info
from plausch.mls.suite import MLS_128_X25519_AES128, MLS_256_XWING
from plausch.sdk import Client, TrustRefused, membership
from plausch.sdk.beginning import begin
from plausch.sdk.membership import Intent
from plausch.sdk.vault.outbox import EntryKind
from unit.sdk.full_disk import refused
from unit.sdk.tunnel import core_of, into_tunnel, owed

CEM = AccountAddress("cem", "localhost")
BEN = AccountAddress("ben", "localhost")
NOBODY = AccountAddress("nobody", "localhost")


@pytest.fixture
async def anna(town: Town) -> AsyncIterator[Client]:
    """She knows Cem and Ben, and has no connection."""
    for name in ("cem", "ben"):
        await (await town.register(name)).close()
    client = await into_tunnel(town, "cem", "ben")
    yield client
    await client.close()


async def test_a_conversation_is_complete_before_the_server_knows_it(anna: Client) -> None:
    core = core_of(anna)
    live, opening = await begin(core, [CEM, BEN])
    assert core.lives[live.id] is live
    assert (live.kept.state, live.kept.members) == ("opening", (anna.device,))
    assert live.kept.participants == (anna.address, BEN, CEM)
    assert live.kept.invited == (BEN, CEM)
    create, change = await owed(anna)
    assert (create.kind, change.kind) == (EntryKind.CREATE, EntryKind.CHANGE)
    assert change.idempotency_id == opening
    assert Intent.from_bytes(change.intent) == Intent(add=(CEM.uri, BEN.uri), opening=True)
    assert live.group is not None
    assert live.group.epoch == 0
    assert [member.signature_key for member in live.group.members()] == [core.own.device_key.public]


async def test_it_is_there_again_after_a_restart(town: Town, anna: Client) -> None:
    live, opening = await begin(core_of(anna), [CEM])
    assert live.group is not None
    authenticator = live.group.epoch_authenticator
    before = await owed(anna)
    await anna.close()
    again = await Client.open(town.home("anna"))
    core = core_of(again)
    kept = core.lives[live.id]
    assert kept.kept == live.kept
    async with core.changing(kept):
        assert (await core.group(kept)).epoch_authenticator == authenticator
    assert await owed(again) == before
    assert before[-1].idempotency_id == opening
    await again.close()


async def test_whom_one_writes_to_is_known(town: Town, anna: Client) -> None:
    await begin(core_of(anna), [CEM])
    assert {one.address.name: one.known for one in await anna.contacts()} == {
        "cem": True,
        "ben": False,
    }


async def test_nobody_can_be_invited_who_was_never_looked_up(anna: Client) -> None:
    core = core_of(anna)
    with pytest.raises(TrustRefused, match="not known"):
        await begin(core, [CEM, NOBODY])
    assert core.lives == {}
    assert await core.conversations.all() == []


async def test_two_conversations_share_nothing(anna: Client) -> None:
    begun = await asyncio.gather(*(begin(core_of(anna), [CEM]) for _ in range(5)))
    assert len({live.id for live, _ in begun}) == 5
    assert len({opening for _, opening in begun}) == 5
    authenticators = {live.group.epoch_authenticator for live, _ in begun if live.group}
    assert len(authenticators) == 5


@pytest.mark.parametrize("table", ["account", "conversation", "outbox"])
async def test_a_conversation_that_cannot_be_written_does_not_begin(
    town: Town, anna: Client, table: str
) -> None:
    core = core_of(anna)
    with refused(town.home("anna"), f"INSERT ON {table}"), pytest.raises(ConstraintViolated):
        await begin(core, [CEM])
    assert core.lives == {}
    assert await core.conversations.all() == []
    assert await core.outbox.conversations() == []
    await begin(core, [CEM])
    assert len(core.lives) == 1


@pytest.mark.parametrize("steps", range(8))
async def test_a_cancelled_caller_has_begun_all_or_nothing(anna: Client, steps: int) -> None:
    core = core_of(anna)
    beginning = asyncio.create_task(begin(core, [CEM]))
    for _ in range(steps):
        await asyncio.sleep(0)
    beginning.cancel()
    await asyncio.gather(beginning, return_exceptions=True)
    kept = await core.conversations.all()
    assert [one.id for one in kept] == list(core.lives) == await core.outbox.conversations()
    assert len(kept) == (0 if steps == 0 else 1)


@pytest.mark.parametrize(("members", "suite"), [(3, MLS_256_XWING), (2, MLS_128_X25519_AES128)])
async def test_the_suite_is_chosen_for_all_who_come(
    anna: Client, monkeypatch: pytest.MonkeyPatch, members: int, suite: int
) -> None:
    """Three devices, and a limit that they do or do not keep to: one's own counts too."""
    monkeypatch.setattr(membership, "XWING_MEMBERS", members)
    live, _ = await begin(core_of(anna), [CEM, BEN])
    assert live.group is not None
    assert live.group.suite_id == suite


async def test_both_suites_are_joined(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "XWING_MEMBERS", 2)
    anna, cem, ben = await town.people("anna", "cem", "ben")
    group = await anna.create_group("Three", ["cem@localhost", "ben@localhost"])
    await group.send_text("to two")
    direct = await anna.conversation_with("cem@localhost")
    await direct.send_text("to one")
    assert await texts(ben, 1) == ["to two"]
    assert sorted(await texts(cem, 2)) == ["to one", "to two"]
    await settled(anna, cem, ben)
    suites = {
        client.address.name: {
            core_of(client).lives[one.id].group.suite_id  # type: ignore[union-attr]
            for one in (group, direct)
        }
        for client in (anna, cem)
    }
    both = {MLS_256_XWING, MLS_128_X25519_AES128}
    assert suites == {"anna": both, "cem": both}


async def test_what_waits_for_the_server_is_what_it_will_check(anna: Client) -> None:
    """The first debt carries a GroupInfo of this device alone at epoch 0."""
    live, _ = await begin(core_of(anna), [CEM])
    create, _ = await owed(anna)
    offered = parse_group_info(create.payload)
    assert offered.group_context.group_id == live.id
    assert offered.group_context.epoch == 0
