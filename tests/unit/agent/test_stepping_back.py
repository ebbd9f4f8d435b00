"""Who of the business is in a conversation, the agent leaves it to; a card is the agent's."""

from dataclasses import replace

import pytest

from guest import Guest
from linde import restaurant
from plausch.agent.book import Book
from plausch.agent.desk import Desk
from plausch.agent.house_words import answer_in_house
from plausch.agent.receptionist import Answer
from plausch.agent.stepping_back import STEP_BACK_S, People, answer_beside
from plausch.agent.talk import Expecting, Heard, Talk
from plausch.base.clock import ManualClock
from plausch.content.cards import BookingRequest, CancelRequest, Card, Choices, Choose
from plausch.domain.profile import Wording

MINUTE_S = 60


class Anna(Guest):
    """A guest beside whom people of the house may be."""

    people = People()
    otherwise = staticmethod(answer_in_house)

    def staff_speaks(self) -> None:
        self.people = replace(self.people, spoke_at_s=self.now_s)

    def waits(self, seconds: int) -> None:
        self.clock.advance(seconds * 1000)

    async def answering(self, talk: Talk, heard: Heard, desk: Desk) -> Answer:
        return await answer_beside(self.people, self.otherwise, talk, heard, desk)


@pytest.fixture
def anna(book: Book, clock: ManualClock) -> Anna:
    return Anna(book, restaurant(), clock)


async def test_it_steps_back_and_comes_back(anna: Anna) -> None:
    assert await anna.says("Hallo")
    anna.waits(MINUTE_S)
    anna.staff_speaks()
    anna.waits(MINUTE_S)
    assert await anna.says("Haben Sie Parkplätze?") == ""
    anna.waits(STEP_BACK_S - MINUTE_S - 1)
    assert await anna.says("Tisch für 4 morgen um 19 Uhr") == ""
    anna.waits(1)
    assert await anna.says("Tisch für 4 morgen um 19 Uhr")


async def test_a_person_who_answered_while_the_agent_was_away_has_answered(anna: Anna) -> None:
    anna.staff_speaks()
    anna.waits(3 * STEP_BACK_S)
    anna.sent_s_ago = 3 * STEP_BACK_S + MINUTE_S
    assert await anna.says("Haben Sie Parkplätze?") == ""


@pytest.mark.parametrize(
    "card", [Choose("hours"), BookingRequest(2, None, None, ""), CancelRequest("b-none")]
)
async def test_a_card_is_the_agents(anna: Anna, card: Card) -> None:
    anna.waits(MINUTE_S)
    anna.staff_speaks()
    assert await anna.sends(card)


async def test_another_agents_card_is_not(anna: Anna) -> None:
    anna.staff_speaks()
    assert await anna.sends(Choices("Was?", ())) == ""


async def test_behind_a_tap_words_are_the_agents_until_a_person_speaks_again(anna: Anna) -> None:
    anna.staff_speaks()
    anna.waits(MINUTE_S)
    assert await anna.sends(Choose("book"))
    anna.waits(MINUTE_S)
    assert "An welchem Tag" in await anna.says("4")
    anna.waits(MINUTE_S)
    anna.staff_speaks()
    anna.waits(MINUTE_S)
    assert await anna.says("morgen") == ""


async def test_what_was_assigned_stays_so_but_for_taps(anna: Anna) -> None:
    anna.people = People(has_taken=True)
    assert await anna.says("Hallo") == ""
    anna.waits(100 * STEP_BACK_S)
    assert await anna.says("Hallo") == ""
    assert await anna.sends(Choose("book"))
    assert await anna.says("4")
    anna.waits(STEP_BACK_S)
    assert await anna.says("morgen") == ""
    anna.people = People()
    assert await anna.says("morgen")


async def test_a_yes_that_was_meant_for_a_person_cancels_nothing(anna: Anna) -> None:
    for text in ("Tisch für 4 morgen um 19 Uhr", "Anna Käfer", "Bitte stornieren"):
        await anna.says(text)
    assert anna.talk.expecting is Expecting.CANCEL
    anna.waits(MINUTE_S)
    anna.staff_speaks()
    anna.waits(STEP_BACK_S + MINUTE_S)
    await anna.says("Ja")
    assert len(await anna.bookings()) == 1


async def test_what_the_agent_asked_after_a_person_spoke_is_asked(anna: Anna) -> None:
    anna.staff_speaks()
    anna.waits(STEP_BACK_S + MINUTE_S)
    for text in ("Tisch für 4 morgen um 19 Uhr", "Anna Käfer", "Bitte stornieren", "Ja"):
        await anna.says(text)
    assert await anna.bookings() == []


async def test_the_house_adds_nothing_where_people_are(anna: Anna) -> None:
    anna.restaurant = replace(restaurant(), greeting=Wording("Willkommen!", ""))
    anna.people = People(has_taken=True)
    assert "Willkommen!" not in await anna.sends(Choose("hours"))


async def test_without_a_time_of_its_own_a_message_is_answered(anna: Anna) -> None:
    anna.sent_s_ago = anna.now_s
    assert await anna.says("Hallo")


@pytest.mark.parametrize(
    ("fast_s", "spoke_after_s", "next_after_s", "is_asked"),
    [
        (20 * MINUTE_S, MINUTE_S, STEP_BACK_S + 2 * MINUTE_S, False),
        (-40 * MINUTE_S, -35 * MINUTE_S, MINUTE_S, True),
    ],
)
async def test_the_clock_of_the_machine_does_not_say_who_spoke_last(
    anna: Anna,
    fast_s: int,
    spoke_after_s: int,
    next_after_s: int,
    is_asked: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Compared are times of the server's, however wrong the agent's own clock is."""
    seen: list[Expecting] = []

    async def listening(talk: Talk, heard: Heard, desk: Desk) -> Answer:
        seen.append(talk.expecting)
        return await answer_in_house(talk, heard, desk)

    monkeypatch.setattr(Anna, "otherwise", staticmethod(listening))
    anna.sent_s_ago = fast_s
    await anna.says("Tisch morgen um 19 Uhr")
    anna.people = People(spoke_at_s=anna.now_s - fast_s + spoke_after_s)
    anna.waits(next_after_s)
    await anna.says("4")
    assert (seen[1] is not Expecting.NOTHING) is is_asked
