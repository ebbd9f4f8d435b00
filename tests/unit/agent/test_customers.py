"""Customers: known by conversation or telephone, counted, found, noted, exported."""

import json
from collections.abc import Callable

from counter import Clerk
from guest import Guest
from linde import TUESDAY, at
from plausch.agent import customers
from plausch.agent.customers import Customer
from plausch.agent.rows import NO_CONVERSATION
from plausch.domain.booking import BookingState

Arrive = Callable[..., Guest]
SEVEN = at(TUESDAY, "19:00")


async def everyone(
    clerk: Clerk, query: str = "", limit: int = 100, after: str = ""
) -> list[Customer]:
    return await clerk.at_desk(lambda desk: customers.listed(desk.transaction, query, limit, after))


def test_a_telephone_is_the_same_however_it_is_written() -> None:
    same = {customers.of_telephone(text) for text in ("+49 89 1234", "0049891234", "+49/89-12 34")}
    assert len(same) == 1
    assert customers.of_telephone("") == customers.of_telephone("?") == ""
    assert customers.of_conversation(NO_CONVERSATION) == ""


async def test_who_writes_is_known_and_named_by_the_booking(clerk: Clerk, guest: Arrive) -> None:
    anna = guest()
    await anna.says("Hello, a table please")
    (stranger,) = await everyone(clerk)
    assert (stranger.name, stranger.language) == ("", "en")
    assert stranger.conversation == anna.conversation
    anna.clock.advance(60_000)
    await anna.says("two people tomorrow at 19:00")
    await anna.says("Anna Käfer")
    (known,) = await everyone(clerk)
    assert known.name == "Anna Käfer"
    assert known.last_seen_s == known.first_seen_s + 60


async def test_who_rings_up_twice_is_one(clerk: Clerk) -> None:
    await clerk.books(SEVEN, telephone="089 12", under_name="Berta")
    await clerk.books(SEVEN + 86_400, telephone="08912", under_name="Berta Klein")
    (berta,) = await everyone(clerk)
    assert (berta.name, berta.telephone) == ("Berta Klein", "08912")
    await clerk.books(SEVEN + 2 * 86_400)
    assert len(await everyone(clerk)) == 1  # without a number nobody in particular


async def test_visits_and_no_shows_are_counted(clerk: Clerk) -> None:
    first = await clerk.books(SEVEN, telephone="1")
    second = await clerk.books(SEVEN + 86_400, telephone="1")
    clerk.clock.at_ms = (SEVEN + 86_400) * 1000
    uid = first.booking.uid
    await clerk.does(lambda staff: staff.attend(uid, 1, BookingState.SEATED))
    await clerk.does(lambda staff: staff.attend(uid, 2, BookingState.COMPLETED))
    uid2 = second.booking.uid
    await clerk.does(lambda staff: staff.attend(uid2, 1, BookingState.NO_SHOW))
    (one,) = await everyone(clerk)
    assert (one.visits, one.no_shows) == (1, 1)


async def test_found_by_name_or_number_page_by_page(clerk: Clerk) -> None:
    for number in range(5):
        name = f"Guest {number}"
        await clerk.books(SEVEN + number * 86_400, telephone=f"55{number}", under_name=name)
    assert len(await everyone(clerk)) == 5
    assert [one.name for one in await everyone(clerk, "GUEST 3")] == ["Guest 3"]
    assert [one.name for one in await everyone(clerk, "554")] == ["Guest 4"]
    assert await everyone(clerk, "%_%") != []
    assert await everyone(clerk, "nobody") == []
    first = await everyone(clerk, limit=2)
    rest = await everyone(clerk, limit=500, after=first[-1].identifier)
    assert len({one.identifier for one in (*first, *rest)}) == 5


async def test_a_note_about_a_customer(clerk: Clerk) -> None:
    await clerk.books(SEVEN, telephone="1")
    (one,) = await everyone(clerk)

    async def note(identifier: str, text: str) -> bool:
        return await clerk.at_desk(
            lambda desk: customers.annotate(desk.transaction, identifier, text)
        )

    assert await note(one.identifier, "Stammgast" + "!" * 3000)
    (noted,) = await everyone(clerk)
    assert noted.note.startswith("Stammgast")
    assert len(noted.note) == customers.MAX_NOTE_CHARACTERS
    assert not await note("c-x", "nobody")


async def test_everything_about_one_in_a_file(clerk: Clerk) -> None:
    await clerk.books(SEVEN, telephone="1", note="Nüsse", under_name="Berta")
    await clerk.books(SEVEN, telephone="2", under_name="Somebody else")
    identifier = customers.of_telephone("1")

    async def export(who: str) -> str | None:
        return await clerk.at_desk(lambda desk: customers.exported(desk.transaction, who))

    text = await export(identifier)
    assert text is not None
    found = json.loads(text)
    assert found["customer"]["name"] == "Berta"
    assert [one["note"] for one in found["bookings"]] == ["Nüsse"]
    assert "Somebody" not in text
    assert await export("c-nobody") is None
