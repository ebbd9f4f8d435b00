"""Two records of one person become one, and nothing of either is lost."""

from collections.abc import Callable

import pytest

from counter import Clerk
from guest import Guest
from linde import FRIDAY, NOW_S, TUESDAY, at
from plausch.agent import customers, merging
from plausch.agent.customers import Customer
from plausch.agent.desk import Desk
from plausch.agent.merging import MergeRefused
from plausch.agent.retention import erase
from plausch.agent.waiting import WaitingList, WaitingWish
from plausch.domain.booking import BookingState

Arrive = Callable[..., Guest]
NUMBER = "+49 89 1234"
DAY_S = 86_400


async def found(clerk: Clerk, identifier: str) -> Customer | None:
    return await clerk.at_desk(lambda desk: customers.find(desk.transaction, identifier))


async def merged(clerk: Clerk, gone: str, kept: str) -> None:
    async def body(desk: Desk) -> None:
        first = await customers.find(desk.transaction, gone)
        second = await customers.find(desk.transaction, kept)
        assert first is not None
        assert second is not None
        await merging.merge(desk.transaction, first, second)

    await clerk.at_desk(body)


async def two(clerk: Clerk, anna: Guest) -> tuple[str, str]:
    """Anna has rung up and come, and has booked in the chat; her ids, the chat's last."""
    entry = await clerk.books(at(TUESDAY, "12:00"), telephone=NUMBER, under_name="A. Berger")
    clerk.clock.at_ms = at(TUESDAY, "12:00") * 1000
    await clerk.does(lambda staff: staff.attend(entry.booking.uid, 1, BookingState.SEATED))
    clerk.clock.advance(DAY_S * 1000)
    await anna.says("Tisch für 2 am Freitag um 19 Uhr, Name: Anna")
    await anna.says("ja")
    for identifier, note in ((entry.customer, "Nuts!"), (_of(anna), "Window")):
        await clerk.at_desk(
            lambda desk, identifier=identifier, note=note: customers.annotate(
                desk.transaction, identifier, note
            )
        )
    return entry.customer, _of(anna)


def _of(guest: Guest) -> str:
    return customers.of_conversation(guest.conversation)


async def test_all_of_the_one_is_the_other_s(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    rang, writes = await two(clerk, anna)
    before = await found(clerk, rang)
    await merged(clerk, rang, writes)
    assert await found(clerk, rang) is None
    one = await found(clerk, writes)
    assert one is not None
    assert before is not None
    assert (one.name, one.telephone, one.visits) == ("Anna", NUMBER, 1)
    assert one.note == "Window\nNuts!"
    assert one.first_seen_s == before.first_seen_s == NOW_S
    assert one.last_seen_s == clerk.now_s
    entries = await clerk.does(lambda staff: staff.between(NOW_S, at(FRIDAY, "23:00")))
    assert [entry.customer for entry in entries] == [writes, writes]


async def test_who_rings_up_again_is_the_one_that_stayed(clerk: Clerk, guest: Arrive) -> None:
    rang, writes = await two(clerk, guest())
    await merged(clerk, rang, writes)
    again = await clerk.books(at(FRIDAY, "12:00"), telephone="0049891234", under_name="Anna B.")
    assert again.customer == writes
    assert await found(clerk, rang) is None


async def test_records_are_merged_one_after_the_other(clerk: Clerk, guest: Arrive) -> None:
    rang, writes = await two(clerk, guest())
    other = await clerk.books(at(FRIDAY, "12:00"), telephone="+49 170 5")
    await merged(clerk, other.customer, rang)
    await merged(clerk, rang, writes)
    last = await clerk.books(at(FRIDAY, "13:00"), telephone="+49 170 5")
    assert last.customer == writes
    one = await found(clerk, writes)
    assert one is not None
    assert "+49 170 5" in one.note, "a number that would be lost is noted"


async def test_a_place_on_the_waiting_list_goes_over(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    rang, writes = await two(clerk, anna)
    wish = WaitingWish(FRIDAY, 2, at(FRIDAY, "19:00"), at(FRIDAY, "20:00"), "Anna")
    await clerk.at_desk(lambda desk: WaitingList(desk).add(wish))

    async def belongs(desk: Desk) -> int:
        await desk.transaction.execute("UPDATE waiting SET customer = $1", rang)
        first = await customers.find(desk.transaction, rang)
        second = await customers.find(desk.transaction, writes)
        assert first is not None
        assert second is not None
        await merging.merge(desk.transaction, first, second)
        rows = await desk.transaction.fetch("SELECT 1 FROM waiting WHERE customer = $1", writes)
        return len(rows)

    assert await clerk.at_desk(belongs) == 1


async def test_nonsense_is_refused_and_changes_nothing(clerk: Clerk, guest: Arrive) -> None:
    anna, ben = guest("anna"), guest("ben")
    rang, writes = await two(clerk, anna)
    await ben.says("Hallo")
    before = [await found(clerk, one) for one in (rang, writes, _of(ben))]
    for gone, kept, code, why in (
        (rang, rang, "bad_params", "same record"),
        (writes, rang, "bad_params", "Who has a conversation stays"),
        (writes, _of(ben), "two_conversations", "they stay two customers"),
    ):
        with pytest.raises(MergeRefused, match=why) as refused:
            await merged(clerk, gone, kept)
        assert refused.value.code == code
    long = "x" * customers.MAX_NOTE_CHARACTERS
    await clerk.at_desk(lambda desk: customers.annotate(desk.transaction, writes, long))
    with pytest.raises(MergeRefused, match="shorten one") as refused:
        await merged(clerk, rang, writes)
    assert refused.value.code == "note_too_long"
    after = [await found(clerk, one) for one in (rang, writes, _of(ben))]
    assert (after[0], after[2]) == (before[0], before[2])


async def test_who_is_forgotten_is_no_longer_anybody(clerk: Clerk, guest: Arrive) -> None:
    rang, writes = await two(clerk, guest())
    await merged(clerk, rang, writes)
    await clerk.at_desk(lambda desk: erase(desk, writes))
    again = await clerk.books(at(FRIDAY, "12:00"), telephone=NUMBER)
    assert again.customer == rang


async def test_in_its_time_it_is_forgotten_too(clerk: Clerk, guest: Arrive) -> None:
    rang, writes = await two(clerk, guest())
    await merged(clerk, rang, writes)
    await clerk.book.tick(clerk.business, NOW_S + 800 * DAY_S)

    async def left(desk: Desk) -> int:
        return len(await desk.transaction.fetch("SELECT 1 FROM merged"))

    assert await clerk.at_desk(left) == 0
