"""Reading and resuming: the parts that need no second engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_world import Player, World, opaque_append
from plausch.mls.group import Group
from plausch.server.delivery import Stretch, _fitting
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.store.conversation import key_of
from plausch.wire import frames as f


@pytest.mark.parametrize(
    ("sizes", "budget", "at_least_one", "expected"),
    [
        ([], 10, True, (0, 10)),
        ([(1, 4), (2, 6)], 10, True, (2, 0)),
        ([(1, 4), (2, 7)], 10, True, (1, 0)),
        ([(1, 40)], 10, True, (1, 0)),
        ([(1, 40)], 10, False, (0, 0)),
        ([(1, 40), (2, 1)], 10, True, (1, 0)),
    ],
)
def test_what_fits(
    sizes: list[tuple[int, int]], budget: int, at_least_one: bool, expected: tuple[int, int]
) -> None:
    assert _fitting(sizes, budget, at_least_one=at_least_one) == expected


async def test_an_envelope_is_what_was_appended(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    request = anna.message(group)
    accepted = await world.delivery.append(anna.record, request)
    stretch = await world.delivery.read(cem.record, group.group_id, 1, 10)
    expected = f.Envelope(
        2, 1, f.APPLICATION, accepted.accepted_at_ms, anna.record.uri, request.message, b""
    )
    assert stretch == Stretch([expected], 2)
    assert world.told.envelopes == [(group.group_id, expected)]


async def test_an_envelope_larger_than_a_stretch_still_comes(world: World) -> None:
    small = World(world.database, clock=world.clock, limits=Limits(read_bytes=100))
    anna, cem = await small.player("anna"), await small.player("cem")
    group = await anna.conversation_with(cem)
    for _ in range(2):
        await small.delivery.append(anna.record, opaque_append(group.group_id, 1, 300))
    assert await cem.read(group, 1) == [2]
    assert await cem.read(group, 2) == [3]
    assert await cem.read(group, 3) == []


async def test_mailboxes_come_in_pieces(world: World) -> None:
    small = World(world.database, clock=world.clock, limits=Limits(read_bytes=100))
    anna, cem = await small.player("anna"), await small.player("cem")
    for _ in range(3):
        await anna.conversation_with(cem)
    items = await small.delivery.read_mailbox(cem.record, 0, 50)
    assert [one.item for one in items] == [1]
    items = await small.delivery.read_mailbox(cem.record, 1, 50)
    assert [one.item for one in items] == [2]
    await small.delivery.acknowledge_mailbox(cem.record, 2)
    await small.delivery.acknowledge_mailbox(cem.record, -1)
    assert (await small.delivery.resume(cem.record)).mailbox == 1


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


async def talk(world: World, messages: int, size: int = 100) -> tuple[Player, Player, Group]:
    """Two people, and a log of 1 (a Commit) and this many messages."""
    anna, cem = await world.player("anna"), await world.player("cem")
    group = await anna.conversation_with(cem)
    for _ in range(messages):
        await world.delivery.append(anna.record, opaque_append(group.group_id, 1, size))
    return anna, cem, group


# --- reading -------------------------------------------------------------------------------


async def test_a_stretch_ends_at_its_limit_and_the_next_begins_there(world: World) -> None:
    anna, cem, group = await talk(world, 7)
    assert await cem.read(group, 1, 1) == [2]
    assert await cem.read(group, 1, 3) == [2, 3, 4]
    assert await cem.read(group, 4, 500) == [5, 6, 7, 8]
    assert await cem.read(group, 7, 1) == [8]
    for after in (8, 9, 2**53 - 1, 2**63 - 2):
        stretch = await world.delivery.read(cem.record, group.group_id, after, 500)
        assert stretch == Stretch([], 8)
    with refused("bad_request"):
        await world.delivery.read(cem.record, group.group_id, 2**63 - 1, 1)
    assert await anna.read(group, 0, 2) == [1, 2]


async def test_envelopes_that_fill_the_bytes_exactly_come_together(world: World) -> None:
    exact = World(world.database, clock=world.clock, limits=Limits(read_bytes=300))
    _, cem, group = await talk(exact, 5)
    assert await cem.read(group, 1) == [2, 3, 4]
    short = World(world.database, clock=world.clock, limits=Limits(read_bytes=299))
    stretch = await short.delivery.read(cem.record, group.group_id, 1, 500)
    assert [one.seq for one in stretch.envelopes] == [2, 3]
    assert stretch.head == 6


async def test_a_small_envelope_does_not_overtake_a_large_one(world: World) -> None:
    small = World(world.database, clock=world.clock, limits=Limits(read_bytes=400))
    anna, cem, group = await talk(small, 1)
    for size in (5_000, 100):
        await small.delivery.append(anna.record, opaque_append(group.group_id, 1, size))
    assert await cem.read(group, 1) == [2]
    assert await cem.read(group, 2) == [3]
    assert await cem.read(group, 3) == [4]


async def test_two_stays_share_one_limit_of_number_and_bytes(world: World) -> None:
    """2 and 3 before cem was removed, 6 and 7 after he came back."""
    anna, cem, group = await talk(world, 1)
    await anna.remove(group, cem)
    await anna.send(group)
    await anna.add(group, cem)
    for _ in range(2):
        epoch = group.epoch
        await world.delivery.append(anna.record, opaque_append(group.group_id, epoch, 100))
    assert [await cem.read(group, 1, limit) for limit in (1, 2, 3, 4)] == [
        [2],
        [2, 3],
        [2, 3, 6],
        [2, 3, 6, 7],
    ]
    first = await world.delivery.read(cem.record, group.group_id, 0, 500)
    sizes = [len(one.message) for one in first.envelopes]
    for count in (2, 3):
        limits = Limits(read_bytes=sum(sizes[:count]))
        tight = World(world.database, clock=world.clock, limits=limits)
        stretch = await tight.delivery.read(cem.record, group.group_id, 0, 500)
        assert [one.seq for one in stretch.envelopes] == [2, 3, 6, 7][:count]
        assert stretch.head == 7
    assert await cem.read(group, 3, 1) == [6]  # 4 and 5 are not his
    assert await cem.read(group, 5, 1) == [6]


async def test_a_device_removed_twice_reads_to_its_last_removal(world: World) -> None:
    anna, cem, group = await talk(world, 0)
    await anna.remove(group, cem)  # 2
    await anna.add(group, cem)  # 3
    await anna.send(group)  # 4
    await anna.remove(group, cem)  # 5
    await anna.send(group)  # 6
    stretch = await world.delivery.read(cem.record, group.group_id, 0, 500)
    assert [one.seq for one in stretch.envelopes] == [2, 4, 5]
    assert stretch.head == 5
    with refused("unknown_conversation"):
        await world.delivery.cursors(cem.record, group.group_id)


async def test_what_was_swept_is_passed_over_by_a_reader_that_comes_late(world: World) -> None:
    anna, cem, group = await talk(world, 3)
    world.clock.advance(31 * 86_400_000)
    await anna.send(group)
    await world.retention.sweep()
    stretch = await world.delivery.read(cem.record, group.group_id, 0, 500)
    assert ([one.seq for one in stretch.envelopes], stretch.head) == ([5], 5)


async def test_a_twin_that_never_joined_reads_nothing(world: World) -> None:
    anna, _, group = await talk(world, 2)
    laptop = await anna.link()
    with refused("unknown_conversation"):
        await world.delivery.read(laptop.record, group.group_id, 0, 500)
    with refused("unknown_conversation"):
        await world.delivery.cursors(laptop.record, group.group_id)


# --- resuming ------------------------------------------------------------------------------


@pytest.mark.parametrize("few", [0, 250], ids=["by itself", "with others"])
@pytest.mark.parametrize(("most", "more"), [(2, True), (3, False), (4, False)])
async def test_resuming_says_whether_there_are_more(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int, more: bool, few: int
) -> None:
    monkeypatch.setattr("plausch.server.delivery.FEW", few)
    monkeypatch.setattr("plausch.server.delivery.MOVED", most)
    anna = await world.player("anna")
    groups = sorted(
        [await anna.create() for _ in range(3)], key=lambda group: key_of(group.group_id)
    )
    for group in groups:
        await anna.send(group)
    await anna.create()  # with nothing in it
    resumption = await world.delivery.resume(anna.record)
    found = [one.conversation for one in resumption.moved]
    assert found == [one.group_id for one in groups][:most]
    assert resumption.more is more


async def test_each_device_resumes_for_itself(world: World) -> None:
    anna, cem = await world.player("anna"), await world.player("cem")
    laptop = await cem.link()
    group = await anna.conversation_with(cem, laptop)
    await anna.send(group)
    await cem.acknowledge(group, 2)
    assert (await world.delivery.resume(cem.record)).moved == []
    (moved,) = (await world.delivery.resume(laptop.record)).moved
    assert moved == f.Moved(group.group_id, 1, 2, 1)
    assert await world.delivery.cursors(anna.record, group.group_id) == sorted(
        [(cem.record.uri, 2), (laptop.record.uri, 1)]
    )
    others = await world.delivery.cursors(laptop.record, group.group_id)
    assert [uri for uri, _ in others] == [anna.record.uri]  # not of one's own account


# --- mailboxes -----------------------------------------------------------------------------


async def test_mailboxes_are_read_and_emptied_in_order_each_for_itself(world: World) -> None:
    anna, cem, ela = [await world.player(name) for name in ("anna", "cem", "ela")]
    groups = [await anna.conversation_with(cem, ela) for _ in range(3)]
    items = await world.delivery.read_mailbox(cem.record, 0, 50)
    assert [(one.item, one.conversation) for one in items] == [
        (number, group.group_id) for number, group in enumerate(groups, 1)
    ]
    assert [one.item for one in await world.delivery.read_mailbox(cem.record, 1, 1)] == [2]
    assert await world.delivery.read_mailbox(cem.record, 3, 50) == []
    await world.delivery.acknowledge_mailbox(cem.record, 2)
    await world.delivery.acknowledge_mailbox(cem.record, 1)  # late, and harmless
    assert [one.item for one in await world.delivery.read_mailbox(cem.record, 0, 50)] == [3]
    await world.delivery.acknowledge_mailbox(cem.record, 2**53 - 1)
    assert await world.delivery.read_mailbox(cem.record, 0, 50) == []
    assert len(await world.delivery.read_mailbox(ela.record, 0, 50)) == 3
    await anna.conversation_with(cem)
    assert [one.item for one in await world.delivery.read_mailbox(cem.record, 0, 50)] == [4]


async def test_numbers_that_name_no_item_empty_nothing(world: World) -> None:
    _, cem, _ = await talk(world, 0)
    for item in (0, -1, 1 << 63, 1 << 70):
        await world.delivery.acknowledge_mailbox(cem.record, item)
    assert (await world.delivery.resume(cem.record)).mailbox == 1


@pytest.mark.parametrize(("after", "limit"), [(0, 0), (0, 51), (-1, 1), (1 << 63, 1)])
async def test_a_mailbox_is_read_in_pieces_of_one_to_fifty(
    world: World, after: int, limit: int
) -> None:
    anna = await world.player("anna")
    with refused("bad_request"):
        await world.delivery.read_mailbox(anna.record, after, limit)
    for good in (1, 50):
        assert await world.delivery.read_mailbox(anna.record, (1 << 63) - 1, good) == []


@given(
    sizes=st.lists(st.integers(0, 50), max_size=20),
    budget=st.integers(0, 120),
    at_least_one=st.booleans(),
)
def test_what_fits_is_the_longest_beginning_that_does(
    sizes: list[int], budget: int, at_least_one: bool
) -> None:
    count, left = _fitting(list(enumerate(sizes)), budget, at_least_one=at_least_one)
    taken = sum(sizes[:count])
    if at_least_one and sizes and sizes[0] > budget:
        assert count == 1 or (count > 1 and not any(sizes[1:count]))
        return
    assert taken <= budget
    if count < len(sizes):
        assert taken + sizes[count] > budget
        assert left == 0  # what follows in another stay must not slip in
    else:
        assert left == budget - taken
