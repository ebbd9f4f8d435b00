"""What is said when a booking is made: each state has its sentence and its card."""

from dataclasses import replace

import pytest

from counter import Clerk
from linde import NOW_S, TUESDAY, ZONE, at
from plausch.agent import telling
from plausch.agent.desk import Desk
from plausch.agent.talk import Expecting, Heard, Talk
from plausch.agent.turn import Turn
from plausch.base.ids import ConversationId
from plausch.content.cards import BookingCard
from plausch.domain.booking import Booking, BookingState

SEVEN = at(TUESDAY, "19:00")
HELD = Booking(
    "b-1", 1, BookingState.HELD, 2, SEVEN, SEVEN + 5400, ZONE, "Anna", NOW_S + 600, NOW_S, NOW_S
)
FIRM = replace(HELD, state=BookingState.CONFIRMED, hold_until_s=0)
ASKED = replace(HELD, state=BookingState.PENDING, hold_until_s=0)


@pytest.fixture
async def turn(clerk: Clerk) -> Turn:
    async def make(desk: Desk) -> Turn:
        heard = Heard(ConversationId(b"a" * 16), b"t", "")
        return Turn(Talk(language="de", party=2, day=TUESDAY), heard, desk)

    return await clerk.at_desk(make)


def said(turn: Turn) -> str:
    (reply,) = turn.replies
    assert isinstance(reply.card, BookingCard)
    return reply.text


def test_a_name_is_asked_for(turn: Turn) -> None:
    telling.ask_name(turn, HELD)
    text = said(turn)
    assert "19:00" in text
    assert "bis 10:10 Uhr" in text
    assert (turn.talk.expecting, turn.talk.held_uid) == (Expecting.NAME, "b-1")
    assert "Anna" not in turn.notes[0]


def test_firm_with_the_deadline(turn: Turn) -> None:
    telling.tell_settled(turn, FIRM)
    assert "Bestätigt" in said(turn)
    assert "17:00" in said(turn)
    assert (turn.talk.party, turn.talk.day) == (None, None)
    assert not turn.is_for_people


def test_asked_for(turn: Turn) -> None:
    telling.tell_settled(turn, ASKED)
    assert "notiert" in said(turn)
    assert turn.talk.party is None
    assert turn.is_for_people


@pytest.mark.parametrize(("booking", "word"), [(FIRM, "schon bestätigt"), (ASKED, "schon notiert")])
def test_done_already(turn: Turn, booking: Booking, word: str) -> None:
    telling.tell_already(turn, booking)
    assert word in said(turn)
    assert turn.notes == []
