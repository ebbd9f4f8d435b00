"""The receptionist's small talk: hours, what it cannot know, numbers, and what it asks again."""

from collections.abc import Callable
from datetime import date, time

import pytest

from guest import Guest
from linde import TUESDAY, at
from plausch.agent.patience import BURST
from plausch.content.cards import BookingRequest

Arrive = Callable[..., Guest]
WISH = BookingRequest(2, TUESDAY, time(19, 0), "Anna")


async def test_the_week_with_its_exceptions(guest: Arrive) -> None:
    anna = guest()
    anna.clock.at_ms = at(date(2026, 12, 10), "10:00") * 1000
    text = await anna.says("Öffnungszeiten")
    assert "- Montag: geschlossen" in text
    assert "- Dienstag: 11:30–14:30 Uhr, 17:30–23:00 Uhr" in text
    assert "- Donnerstag, 24. Dezember (Heiligabend): geschlossen" in text
    assert "- Freitag, 25. Dezember (Weihnachtsmenü): 12:00–20:00 Uhr" in text
    assert "(Heilige Drei Könige): geschlossen" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Are you open on friday?", "On Friday, 27 November we are open: 11:30 am–2:30 pm"),
        ("Habt ihr heute geöffnet?", "Ruhetag"),
        ("Habt ihr am 6.1. geöffnet?", "Heilige Drei Könige"),
        ("are you open on christmas eve?", "closed on Thursday, 24 December (Heiligabend)"),
    ],
)
async def test_one_day(guest: Arrive, text: str, said: str) -> None:
    assert said in await guest().says(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("danke", "Sehr gern"),
        ("thank you", "very welcome"),
        ("ich brauche Hilfe", "+49 89 123456"),
        ("Kann ich auch telefonisch reservieren?", "+49 89 123456"),
        ("Are you a bot?", "automatic reception"),
        ("Are you a bot?", "told the house"),
        ("meine Reservierung", "keine Reservierung"),
        ("später", "keine Reservierung"),
    ],
)
async def test_small_talk(guest: Arrive, text: str, said: str) -> None:
    assert said in await guest().says(text)


@pytest.mark.parametrize(
    "text", ["Habt ihr vegane Gerichte?", "can I bring my dog", "Wo seid ihr?", "Nussallergie!"]
)
async def test_what_it_cannot_know_it_does_not_promise(guest: Arrive, text: str) -> None:
    answer = await guest().says(text)
    assert "+49 89 123456" in answer
    assert "weder" in answer or "neither" in answer


async def test_a_wish_that_nobody_will_read_is_not_passed_over(guest: Arrive) -> None:
    anna = guest()
    answer = await anna.says("Tisch für 2 morgen um 19 Uhr, eine von uns hat eine Nussallergie")
    assert "weder beantworten noch ausrichten" in answer
    assert "Auf welchen Namen" in answer
    assert "Auf welchen Namen" in await anna.says("Und Hunde?")


@pytest.mark.parametrize(
    "text", ["danke, könnt ihr noch ein Sofa hinstellen?", "Habt ihr auch Livemusik?"]
)
async def test_a_question_that_it_does_not_understand_gets_no_yes(guest: Arrive, text: str) -> None:
    anna = guest()
    await anna.sends(WISH)
    answer = await anna.says(text)
    assert "weder beantworten noch ausrichten" in answer
    assert "+49 89 123456" in answer


@pytest.mark.parametrize(
    "text", ["super, bis dann!", "Danke, bis morgen!", "bis später", "freue mich"]
)
async def test_goodbyes_are_not_another_wish(guest: Arrive, text: str) -> None:
    anna = guest()
    await anna.sends(WISH)
    assert await anna.says(text) == "Sehr gern!"
    assert anna.talk.day is None


async def test_what_is_not_understood_is_asked_again_with_the_same_numbers(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für morgen bitte")
    assert "Für wie viele Personen" in await anna.says("ähm, der Kegelverein")
    assert "diese Zeiten frei" in await anna.says("2")
    offered = anna.talk.options
    assert "Welche Zeit" in await anna.says("egal wann")
    assert anna.talk.options == offered
    await anna.says("andere")
    assert "An welchem Tag" in await anna.says("xyzzy")


async def test_who_asks_about_a_booking_is_told_and_gets_no_second(guest: Arrive) -> None:
    anna = guest()
    await anna.sends(WISH)
    for text in (
        "ich hab eine Reservierung, wann war die nochmal?",
        "I have a reservation for 2 tomorrow at 7 pm",
        "Wir haben für morgen reserviert",
    ):
        assert "24" in await anna.says(text)
    assert len(await anna.bookings()) == 1


async def test_a_closed_day_is_told_before_anything_is_asked(guest: Arrive) -> None:
    anna = guest()
    assert "haben wir Ruhetag" in await anna.says("Habt ihr am Montag was frei?")
    assert "schon vorbei" in await anna.says("Einen Tisch gestern bitte")
    assert "wie viele" in await anna.says("Freitag")


async def test_a_yes_to_several_times_is_asked_which(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen")
    assert "Welche Zeit" in await anna.says("ja gerne")
    assert "An welchem Tag" in await anna.says("lieber anders, eine andere Zeit")


@pytest.mark.parametrize(("number", "said"), [("19", "halte"), ("2", "halte"), ("77", "1 bis 13")])
async def test_numbers_after_an_offer(guest: Arrive, number: str, said: str) -> None:
    anna = guest()
    await anna.says("Tisch für 2 morgen")
    assert said in await anna.says(number)


async def test_numbers_after_the_question_for_a_day(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch für 2")
    assert "28. November" in await anna.says("28")
    other = guest("ben")
    await other.says("Tisch für 2")
    assert "25. November" in await other.says("die zweite")


@pytest.mark.parametrize(
    ("text", "is_settled"),
    [
        ("Hallo", True),
        ("Tisch für 2 morgen um 19 Uhr", True),
        ("Öffnungszeiten?", True),
        ("danke", True),
        ("Kann ich einen Menschen sprechen?", False),
        ("Habt ihr vegane Gerichte?", False),
        ("Tisch für 2 morgen um 19 Uhr, eine von uns hat eine Nussallergie", False),
        ("Tisch für 90 morgen um 19 Uhr", False),
        ("hmpf krks", False),
    ],
)
async def test_what_nobody_of_the_team_needs_to_read(
    guest: Arrive, text: str, is_settled: bool
) -> None:
    anna = guest()
    await anna.says(text)
    assert anna.is_settled is is_settled


async def test_too_late_for_today_is_for_people_who_can_be_telephoned(guest: Arrive) -> None:
    anna = guest()
    anna.clock.at_ms = at(TUESDAY, "21:55") * 1000
    assert "+49 89 123456" in await anna.says("Tisch für 2 heute")
    assert not anna.is_settled


async def test_what_gets_no_answer_or_no_patience_is_left_to_people(guest: Arrive) -> None:
    anna = guest()
    settled = []
    for _ in range(BURST + 2):
        await anna.says("Hallo")
        settled.append(anna.is_settled)
    assert settled == [True] * BURST + [False, False]
