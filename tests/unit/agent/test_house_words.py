"""What the house says by itself: to who is new, and once while it is closed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time

import pytest

from guest import Guest
from linde import FRIDAY, NOW_S, TUESDAY, at, restaurant
from plausch.agent import customers
from plausch.agent.book import Book
from plausch.agent.closures import Closure
from plausch.agent.desk import Desk
from plausch.agent.retention import erase
from plausch.agent.staff import StaffDesk
from plausch.base.clock import ManualClock
from plausch.content.cards import BookingRequest, Choices
from plausch.domain.business import Business
from plausch.domain.profile import Wording

Arrive = Callable[..., Guest]
GREETING = Wording("Willkommen in der Linde!", "Welcome to the Linde!")
AWAY = Wording("Wir sind am {opens} wieder da.", "Our people are back on {opens}.")
OPENS = "Dienstag, den 24. November, um 11:30 Uhr"


def speaking(greeting: Wording = GREETING, away: Wording = AWAY) -> Business:
    return replace(restaurant(), greeting=greeting, away=away)


@pytest.fixture
def anna(guest: Arrive) -> Guest:
    """A guest of a house that greets and says when it is away."""
    arrived = guest()
    arrived.restaurant, arrived.in_house = speaking(), True
    return arrived


async def texts(anna: Guest, said: str = "Hallo") -> list[str]:
    await anna.says(said)
    return [reply.text for reply in anna.replies]


async def test_without_texts_there_is_only_the_receptionist(guest: Arrive) -> None:
    anna = guest()
    anna.in_house = True
    assert len(await texts(anna)) == 1


async def test_who_is_new_is_greeted_before_and_told_once_that_nobody_is_there(
    anna: Guest,
) -> None:
    greeting, answer, away = await texts(anna)
    assert greeting == GREETING.de
    assert "Zur Linde" in answer
    assert away == f"Wir sind am {OPENS} wieder da."
    for _ in range(3):
        assert len(await texts(anna)) == 1


async def test_who_begins_with_a_booking_is_greeted_too(anna: Guest) -> None:
    await anna.sends(BookingRequest(2, TUESDAY, time(19), "Anna"))
    assert anna.replies[0].text == GREETING.de
    assert any("Bestätigt" in reply.text for reply in anna.replies)


async def test_bookings_go_on_while_nobody_is_there(anna: Guest) -> None:
    await texts(anna)
    assert "Auf welchen Namen" in "".join(await texts(anna, "Tisch für 2 morgen um 19 Uhr"))


async def test_it_speaks_the_language_of_the_guest(anna: Guest) -> None:
    greeting, _, away = await texts(anna, "Hello, a table for two please")
    assert greeting == GREETING.en
    assert away == "Our people are back on Tuesday, 24 November, at 11:30 am."
    assert [reply.language for reply in anna.replies] == ["en", "en", "en"]


async def test_with_words_in_one_language_that_one_is_spoken(anna: Guest) -> None:
    anna.restaurant = speaking(Wording("Grüß Gott!", ""), Wording("", "Back on {opens}."))
    await texts(anna, "Hello, a table for two please")
    assert [reply.language for reply in anna.replies] == ["de", "en", "en"]
    assert "Tuesday" in anna.replies[-1].text


async def test_each_time_that_it_is_closed_is_told_once(anna: Guest) -> None:
    anna.clock.at_ms = at(TUESDAY, "15:00") * 1000
    assert "um 17:30 Uhr" in (await texts(anna))[-1]
    anna.clock.at_ms = at(TUESDAY, "17:29") * 1000
    assert len(await texts(anna)) == 1
    anna.clock.at_ms = at(TUESDAY, "18:00") * 1000
    assert len(await texts(anna)) == 1
    anna.clock.at_ms = at(TUESDAY, "23:00") * 1000
    assert "Mittwoch, den 25. November, um 11:30 Uhr" in (await texts(anna))[-1]
    anna.clock.at_ms = at(TUESDAY, "23:59") * 1000
    assert len(await texts(anna)) == 1


async def test_other_hours_are_no_reason_to_say_it_again(anna: Guest) -> None:
    await texts(anna)
    calendar = anna.restaurant.calendar
    later = replace(calendar, weekly=((), (), *calendar.weekly[2:]))
    anna.restaurant = replace(anna.restaurant, calendar=later)
    anna.clock.advance(3_600_000)
    assert len(await texts(anna)) == 1


async def test_a_closure_of_everything_is_an_absence(anna: Guest) -> None:
    anna.clock.at_ms = at(FRIDAY, "12:00") * 1000
    assert len(await texts(anna)) == 2, "greeted, and the house is open"
    closure = Closure("", (), at(FRIDAY, "11:00"), at(date(2026, 11, 28), "18:00"))
    await anna.book.at_desk(
        anna.restaurant, anna.now_s, lambda desk: StaffDesk(desk).close(closure)
    )
    assert "Samstag, den 28. November, um 18:00 Uhr" in (await texts(anna))[-1]
    assert len(await texts(anna)) == 1


async def test_the_next_opening_is_not_guessed(anna: Guest) -> None:
    closure = Closure("", (), NOW_S, NOW_S + 360 * 86_400)
    after = Closure("", (), NOW_S + 350 * 86_400, NOW_S + 700 * 86_400)
    for one in (closure, after):
        await anna.book.at_desk(
            anna.restaurant, anna.now_s, lambda desk, one=one: StaffDesk(desk).close(one)
        )
    assert len(await texts(anna)) == 2
    anna.restaurant = speaking(away=Wording("Wir machen eine lange Pause.", ""))
    assert (await texts(anna))[-1] == "Wir machen eine lange Pause."


async def test_who_has_been_here_is_not_greeted(anna: Guest) -> None:
    anna.restaurant = restaurant()
    await texts(anna)
    anna.restaurant = speaking()
    assert GREETING.de not in await texts(anna)


async def test_who_was_forgotten_is_new(anna: Guest) -> None:
    await texts(anna)
    customer = customers.of_conversation(anna.conversation)
    await anna.book.at_desk(anna.restaurant, anna.now_s, lambda desk: erase(desk, customer))
    assert len(await texts(anna)) == 3


async def test_to_another_agent_nothing_is_said(anna: Guest) -> None:
    await anna.sends(Choices("Was?", ()))
    assert anna.replies == ()


async def test_what_was_rolled_back_was_not_said(anna: Guest, book: Book) -> None:
    """The process dies within the answer: afterwards the guest is greeted and told, once."""
    anna.dies = True
    with pytest.raises(RuntimeError):
        await anna.says("Hallo")
    anna.dies = False
    anna.seq -= 1
    assert len(await texts(anna)) == 3

    async def told(desk: Desk) -> int:
        found = await customers.find(desk.transaction, customers.of_conversation(anna.conversation))
        assert found is not None
        return found.away_at_s

    assert await book.at_desk(anna.restaurant, anna.now_s, told) == anna.now_s


async def test_it_is_known_after_a_new_start(anna: Guest, book: Book, tmp_path: object) -> None:
    await texts(anna)
    await book.close()
    anna.book = await Book.open(f"{tmp_path}/book.db")
    anna.clock = ManualClock(anna.clock.at_ms + 60_000)
    assert len(await texts(anna)) == 1
    await anna.book.close()
