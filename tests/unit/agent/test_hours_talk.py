"""Opening hours as guests are told them: the week, exceptions, one date, an open question."""

from collections.abc import Callable

from guest import Guest
from plausch.agent.talk import Expecting
from plausch.content.cards import Choose

Arrive = Callable[..., Guest]


async def test_the_week_when_nothing_differs_soon(guest: Arrive) -> None:
    text = await guest().sends(Choose("hours"))
    assert "- Montag: geschlossen" in text
    assert "- Dienstag: 11:30–14:30 Uhr, 17:30–23:00 Uhr" in text
    assert "außerdem" not in text


async def test_exceptions_have_their_reason(guest: Arrive) -> None:
    anna = guest()
    anna.clock.advance(7 * 86_400_000)
    text = await anna.sends(Choose("hours"))
    assert "24. Dezember (Heiligabend): geschlossen" in text
    assert "25. Dezember (Weihnachtsmenü): 12:00–20:00 Uhr" in text
    assert "26. Dezember (" in text  # a public holiday by its name


async def test_one_date_is_answered_alone(guest: Arrive) -> None:
    anna = guest()
    open_day = await anna.says("Habt ihr morgen geöffnet?")
    assert "24. November" in open_day
    assert "17:30" in open_day
    assert "Mittwoch" not in open_day
    assert "Ruhetag" in await anna.says("Habt ihr heute geöffnet?")


async def test_the_question_that_was_open_stays_open(guest: Arrive) -> None:
    anna = guest()
    await anna.says("Tisch bitte")
    assert anna.talk.expecting is Expecting.PARTY
    await anna.sends(Choose("hours"))
    assert anna.talk.expecting is Expecting.PARTY
