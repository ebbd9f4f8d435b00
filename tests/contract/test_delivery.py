"""The delivery service on both engines: order, idempotency, epochs, stays, mailboxes."""

import asyncio
import secrets

import pytest

from delivery_world import Player, World, acknowledged, opaque_append
from plausch.base.errors import PlauschError
from plausch.mls.group import Group, external_join
from plausch.server.errors import Refusal
from plausch.server.records import Accepted
from plausch.server.store.conversation import key_of
from plausch.wire import frames as f
from wire_device import accept_anyone


@pytest.fixture
async def anna(world: World) -> Player:
    return await world.player("anna")


@pytest.fixture
async def cem(world: World) -> Player:
    return await world.player("cem")


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


# --- order ---------------------------------------------------------------------------------


async def test_a_log_begins_at_one_and_has_no_gaps(anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    seqs = [(await anna.send(group)).seq for _ in range(3)]
    assert seqs == [2, 3, 4]
    assert await anna.read(group) == [1, 2, 3, 4]


async def test_64_tasks_append_gaplessly(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    requests = [opaque_append(group.group_id, group.epoch) for _ in range(640)]

    async def sender(part: int) -> list[int]:
        who = anna.record if part % 2 else cem.record
        return [(await world.delivery.append(who, one)).seq for one in requests[part::64]]

    answers = await asyncio.gather(*[sender(part) for part in range(64)])
    assert sorted(seq for part in answers for seq in part) == list(range(2, 642))
    assert all(part == sorted(part) for part in answers)
    assert len(world.told.envelopes) == 640
    stretch = await world.delivery.read(anna.record, group.group_id, 1, 500)
    sent = {one.message for one in requests}
    assert len(stretch.envelopes) == 500
    assert stretch.head == 641
    assert all(one.message in sent for one in stretch.envelopes)


async def test_two_processes_share_one_log(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    other = World(world.database, clock=world.clock)
    requests = [opaque_append(group.group_id, 1) for _ in range(200)]
    answers = await asyncio.gather(
        *[
            (world if place % 2 else other).delivery.append(anna.record, one)
            for place, one in enumerate(requests)
        ]
    )
    assert sorted(one.seq for one in answers) == list(range(2, 202))


async def test_a_process_notices_the_epoch_that_another_began(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    other = World(world.database, clock=world.clock)
    await other.delivery.append(anna.record, opaque_append(group.group_id, 1))
    await anna.update(group)
    with refused("stale_epoch") as caught:
        await other.delivery.append(anna.record, opaque_append(group.group_id, 1))
    assert (caught.value.epoch, caught.value.head) == (2, 3)
    accepted = await other.delivery.append(anna.record, opaque_append(group.group_id, 2))
    assert accepted.seq == 4


async def test_submit_keeps_the_order_of_calls(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    cold = World(world.database, clock=world.clock)  # knows no rosters yet
    answers: list[Accepted | PlauschError] = []
    for _ in range(50):
        cold.delivery.submit(anna.record, opaque_append(group.group_id, 1), answers.append)
    await cold.delivery.close()
    assert [one.seq for one in answers if isinstance(one, Accepted)] == list(range(2, 52))


# --- idempotency ---------------------------------------------------------------------------


async def test_a_retry_gets_the_first_answer(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    request = anna.message(group)
    first = await world.delivery.append(anna.record, request)
    world.clock.advance(5_000)
    assert await world.delivery.append(anna.record, request) == first
    assert await anna.read(group) == [1, 2]


async def test_a_retry_beside_new_messages(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    request = opaque_append(group.group_id, 1)
    first = await world.delivery.append(anna.record, request)
    rest = [opaque_append(group.group_id, 1) for _ in range(5)]
    answers = await asyncio.gather(
        *[world.delivery.append(anna.record, one) for one in [*rest[:2], request, *rest[2:]]]
    )
    assert answers[2] == first
    assert sorted(one.seq for one in answers) == [2, 3, 4, 5, 6, 7]


async def test_the_same_append_twice_at_once(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    request = opaque_append(group.group_id, 1)
    answers = await asyncio.gather(*[world.delivery.append(anna.record, request) for _ in range(9)])
    assert {one.seq for one in answers} == {2}


async def test_one_idempotency_id_belongs_to_one_device(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    request = opaque_append(group.group_id, 1)
    answers = await asyncio.gather(
        world.delivery.append(anna.record, request), world.delivery.append(cem.record, request)
    )
    assert [one.seq for one in answers] == [2, 3]


async def test_a_retry_is_answered_after_the_epoch_has_moved(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    request = anna.message(group)
    first = await world.delivery.append(anna.record, request)
    await anna.update(group)
    assert await world.delivery.append(anna.record, request) == first


async def test_a_commit_sent_again_gets_the_first_answer(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    request = anna.commit_request(group, group.commit(accept_anyone, world.now_s))
    answers = await asyncio.gather(
        *[world.delivery.append_commit(anna.record, request) for _ in range(4)]
    )
    assert {one.seq for one in answers} == {2}
    assert (await world.delivery.append_commit(anna.record, request)).seq == 2


# --- members, stays, mailboxes -------------------------------------------------------------


async def test_a_joiner_finds_its_welcome_and_reads_from_there(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    await anna.send(group)
    ela = await world.player("ela")
    commit = await anna.add(group, ela)
    await anna.send(group)
    resumption = await world.delivery.resume(ela.record)
    assert resumption.mailbox == 1
    assert resumption.moved == [f.Moved(group.group_id, commit.seq, 4, 2)]
    items = await world.delivery.read_mailbox(ela.record, 0, 50)
    assert [(one.conversation, one.seq, one.sender) for one in items] == [
        (group.group_id, commit.seq, anna.record.uri)
    ]
    assert (ela.record.uri, items[0].item) in world.told.mailboxes
    assert await ela.read(group) == [4]
    await world.delivery.acknowledge_mailbox(ela.record, items[0].item)
    assert await world.delivery.read_mailbox(ela.record, 0, 50) == []


async def test_a_removed_device_reads_up_to_its_removal(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    await anna.send(group)
    removal = await anna.remove(group, cem)
    await anna.send(group)
    stretch = await world.delivery.read(cem.record, group.group_id, 0, 500)
    assert [one.seq for one in stretch.envelopes] == [2, 3]
    assert stretch.head == removal.seq == 3
    with refused("unknown_conversation"):
        await world.delivery.append(cem.record, opaque_append(group.group_id, 2))
    with refused("unknown_conversation"):
        await world.conversations.group_info(cem.record, group.group_id)
    assert [one.head for one in (await world.delivery.resume(cem.record)).moved] == [3]
    await cem.acknowledge(group, 3)
    assert (await world.delivery.resume(cem.record)).moved == []


async def test_how_far_the_others_are(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    await anna.send(group)
    await cem.acknowledge(group, 2)
    assert await world.delivery.cursors(anna.record, group.group_id) == [(cem.record.uri, 2)]
    (before,) = await world.delivery.cursors(cem.record, group.group_id)
    assert before[0] == anna.record.uri
    await anna.remove(group, cem)
    assert await world.delivery.cursors(anna.record, group.group_id) == []
    with refused("unknown_conversation"):
        await world.delivery.cursors(cem.record, group.group_id)


async def test_a_device_that_comes_back_reads_both_its_stays(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    await anna.send(group)  # 2
    await anna.remove(group, cem)  # 3
    await anna.send(group)  # 4, not for cem
    await anna.add(group, cem)  # 5
    await anna.send(group)  # 6
    assert await cem.read(group) == [2, 3, 6]
    assert await cem.read(group, 0, 1) == [2]
    assert await cem.read(group, 3) == [6]
    moved = (await world.delivery.resume(cem.record)).moved
    assert [(one.cursor, one.head) for one in moved] == [(1, 6)]


async def test_strangers_learn_nothing(world: World, anna: Player, cem: Player) -> None:
    group = await anna.conversation_with(cem)
    mallory = await world.player("mallory")
    for conversation in (group.group_id, secrets.token_bytes(16)):
        with refused("unknown_conversation"):
            await world.delivery.read(mallory.record, conversation, 0, 10)
        with refused("unknown_conversation"):
            await world.delivery.append(mallory.record, opaque_append(conversation, 1))
        with refused("unknown_conversation"):
            await world.conversations.group_info(mallory.record, conversation)
    await acknowledged(world, mallory.record, group.group_id, 1)
    assert (await world.delivery.resume(mallory.record)).moved == []


async def test_a_second_device_joins_by_an_external_commit(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    laptop = await anna.link()
    raw = await world.conversations.group_info(laptop.record, group.group_id)
    joining = external_join(
        raw, laptop.person.credential, laptop.person.key.to_bytes(), accept_anyone, world.now_s
    )
    request = f.AppendCommit(
        1, group.group_id, 1, joining.commit, secrets.token_bytes(16), joining.group_info, b"", []
    )
    mallory = await world.player("mallory")
    with refused("unknown_conversation"):
        await world.delivery.append_commit(mallory.record, request)
    with refused("bad_commit"):
        await world.delivery.append_commit(anna.record, request)
    assert (await world.delivery.append_commit(laptop.record, request)).seq == 2
    accepted = await laptop.send(joining.accept())
    assert accepted.seq == 3
    assert await laptop.read(group) == [3]


async def test_a_lost_device_comes_back_in_place_of_its_old_leaf(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    raw = await world.conversations.group_info(cem.record, group.group_id)

    def rejoin(leaf: int) -> f.AppendCommit:
        joining = external_join(
            raw,
            cem.person.credential,
            cem.person.key.to_bytes(),
            accept_anyone,
            world.now_s,
            resync_leaf=leaf,
        )
        return f.AppendCommit(
            1,
            group.group_id,
            1,
            joining.commit,
            secrets.token_bytes(16),
            joining.group_info,
            b"",
            [],
        )

    assert (await world.delivery.append_commit(cem.record, rejoin(1))).seq == 2
    roster = await world.rosters.load(group.group_id)
    assert roster is not None
    assert sorted(one.uri for one in roster.members.values()) == sorted(
        [anna.record.uri, cem.record.uri]
    )
    assert await cem.read(group) == [2]


async def test_a_business_may_not_write_first(world: World, anna: Player) -> None:
    linde = await world.player("linde", "business")
    group = await linde.create()
    with refused("not_allowed"):
        await linde.add(group, anna)
    own = await anna.create()
    await anna.add(own, linde)
    phone = await anna.link()
    await linde.world.delivery.resume(linde.record)
    await linde.add(_followed(linde, own), phone)


def _followed(player: Player, group: Group) -> Group:
    return player.groups[group.group_id]


async def test_a_proposal_is_committed_by_reference(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    theirs = cem.groups[group.group_id]
    raw = theirs.propose_remove(theirs.own_leaf)
    request = f.Append(1, group.group_id, 1, f.PROPOSAL, raw, secrets.token_bytes(16))
    with refused("bad_proposal"):
        await world.delivery.append(
            anna.record,
            f.Append(1, group.group_id, 1, f.PROPOSAL, raw, secrets.token_bytes(16)),
        )
    accepted = await world.delivery.append(cem.record, request)
    assert await world.delivery.append(cem.record, request) == accepted
    staged = group.process(raw, accept_anyone, world.now_s)
    staged.accept()
    commit = await anna.update(group)
    assert (accepted.seq, commit.seq) == (2, 3)
    roster = await world.rosters.load(group.group_id)
    assert roster is not None
    assert [one.uri for one in roster.members.values()] == [anna.record.uri]


# --- cursors -------------------------------------------------------------------------------


async def test_cursors_only_advance_and_never_past_the_head(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    for _ in range(4):
        await anna.send(group)
    await cem.acknowledge(group, 4)
    await cem.acknowledge(group, 2)
    await cem.acknowledge(group, 99)
    moved = (await world.delivery.resume(cem.record)).moved
    assert [(one.cursor, one.head) for one in moved] == [(4, 5)]
    assert world.told.cursors == [(group.group_id, cem.record.uri, 4)]
    await cem.acknowledge(group, 5)
    assert (await world.delivery.resume(cem.record)).moved == []


def in_order(groups: list[Group]) -> list[Group]:
    """As the server goes through them."""
    return sorted(groups, key=lambda group: key_of(group.group_id))


async def test_resuming_goes_through_all_that_moved_page_by_page(
    world: World, anna: Player, cem: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Conversations that are never acknowledged hide no others."""
    monkeypatch.setattr("plausch.server.delivery.MOVED", 2)
    groups = in_order([await cem.conversation_with(anna) for _ in range(5)])
    for group in groups:
        await cem.send(group)
    await anna.acknowledge(groups[1], 2)
    found, more, after = [], True, b""
    while more:
        page = await world.delivery.resume(anna.record, after)
        found += [one.conversation for one in page.moved]
        more, after = page.more, found[-1]
        assert len(page.moved) == 2
    assert found == [groups[place].group_id for place in (0, 2, 3, 4)]
    end = await world.delivery.resume(anna.record, after)
    assert (end.moved, end.more) == ([], False)


async def test_what_moves_again_between_two_pages_is_neither_missed_nor_repeated(
    world: World, anna: Player, cem: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plausch.server.delivery.MOVED", 1)
    groups = in_order([await cem.conversation_with(anna) for _ in range(3)])
    for group in groups:
        await cem.send(group)
    first = await world.delivery.resume(anna.record)
    assert [one.conversation for one in first.moved] == [groups[0].group_id]
    await anna.acknowledge(groups[0], 2)  # a page goes on even after what has moved no longer
    await cem.send(groups[2])
    second = await world.delivery.resume(anna.record, groups[0].group_id)
    assert [one.conversation for one in second.moved] == [groups[1].group_id]
    third = await world.delivery.resume(anna.record, groups[1].group_id)
    assert [(one.conversation, one.head) for one in third.moved] == [(groups[2].group_id, 3)]
    assert not third.more


async def test_resuming_after_a_conversation_of_others_is_refused(
    world: World, anna: Player, cem: Player
) -> None:
    """Nobody learns in this way which conversations exist."""
    group = await cem.create()
    for after in (group.group_id, secrets.token_bytes(16), b"x"):
        with refused("unknown_conversation"):
            await world.delivery.resume(anna.record, after)


async def test_cursors_are_written_by_themselves_and_at_the_end(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    await anna.send(group)
    world.delivery.acknowledge(cem.record, group.group_id, 2)
    await world.delivery.close()
    again = World(world.database, clock=world.clock)
    assert (await again.delivery.resume(cem.record)).moved == []


# --- sizes and limits ----------------------------------------------------------------------


async def test_a_stretch_of_the_log_is_bounded_in_bytes(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    for _ in range(40):
        await world.delivery.append(anna.record, opaque_append(group.group_id, 1, 60_000))
    after, seen, stretches = 1, [], 0
    while after < 41:
        stretch = await world.delivery.read(cem.record, group.group_id, after, 500)
        assert sum(len(one.message) for one in stretch.envelopes) <= world.limits.read_bytes
        seen += [one.seq for one in stretch.envelopes]
        after, stretches = seen[-1], stretches + 1
    assert seen == list(range(2, 42))
    assert stretches == 3


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"message": b"\x00" * 70_000}, "too_large"),
        ({"message": b""}, "bad_message"),
        ({"message": b"\x00\x01\x00\x03"}, "bad_message"),
        ({"kind": f.COMMIT}, "bad_message"),
        ({"kind": 0}, "bad_message"),
        ({"idempotency_id": b"short"}, "bad_message"),
        ({"epoch": -1}, "bad_message"),
        ({"epoch": 1 << 63}, "bad_message"),
        ({"epoch": 7}, "stale_epoch"),
        ({"conversation": b""}, "unknown_conversation"),
        ({"conversation": b"x" * 5_000}, "unknown_conversation"),
    ],
)
async def test_bad_appends_are_refused(
    anna: Player, cem: Player, change: dict[str, object], code: str
) -> None:
    group = await anna.conversation_with(cem)
    good = anna.message(group)
    values = {name: getattr(good, name) for name in good.__struct_fields__}
    with refused(code):
        await anna.world.delivery.append(anna.record, f.Append(**{**values, **change}))
    assert await anna.read(group) == [1]


async def test_a_handshake_message_does_not_pass_as_an_application_message(
    world: World, anna: Player, cem: Player
) -> None:
    group = await anna.conversation_with(cem)
    pending = group.commit(accept_anyone, world.now_s)
    request = f.Append(1, group.group_id, 1, f.APPLICATION, pending.commit, secrets.token_bytes(16))
    with refused("bad_message"):
        await world.delivery.append(anna.record, request)


async def test_reading_wants_sensible_numbers(anna: Player) -> None:
    group = await anna.create()
    for after, limit in ((0, 0), (0, 501), (-1, 10), (1 << 63, 10)):
        with refused("bad_request"):
            await anna.world.delivery.read(anna.record, group.group_id, after, limit)
        with refused("bad_request"):
            await anna.world.delivery.read_mailbox(anna.record, after, limit)
