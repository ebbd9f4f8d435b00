"""Wishes that add to a talk, replace what it was about, or make it unclear."""

from datetime import date

import pytest

from plausch.agent.hear_day import HeardDay
from plausch.agent.talk import DayPart, HeardTime, Talk
from plausch.agent.understand import Detail, Understood
from plausch.agent.wish import with_wishes

FRIDAY, SATURDAY = date(2026, 11, 27), date(2026, 11, 28)
EIGHT = HeardTime(1200)
KNOWN = Talk("de", party=4, day=FRIDAY, time=EIGHT, name="Anna")


@pytest.mark.parametrize(
    ("understood", "talk"),
    [
        (Understood(), KNOWN),
        (Understood(party=2), Talk("de", party=2, day=FRIDAY, time=EIGHT, name="Anna")),
        (
            Understood(day=HeardDay(SATURDAY)),
            Talk("de", party=4, day=SATURDAY, time=EIGHT, name="Anna"),
        ),
        (
            Understood(part=DayPart.NOON),
            Talk("de", party=4, day=FRIDAY, part=DayPart.NOON, name="Anna"),
        ),
        (
            Understood(time=HeardTime(720), part=DayPart.NOON),
            Talk("de", party=4, day=FRIDAY, time=HeardTime(720), name="Anna"),
        ),
        (Understood(name="Ben"), Talk("de", party=4, day=FRIDAY, time=EIGHT, name="Ben")),
        (
            Understood(day=HeardDay(FRIDAY, SATURDAY)),
            Talk("de", party=4, day=FRIDAY, time=EIGHT, name="Anna"),
        ),
    ],
)
def test_what_is_new_replaces_what_was_known(understood: Understood, talk: Talk) -> None:
    assert with_wishes(KNOWN, understood) == talk


@pytest.mark.parametrize(
    ("unclear", "talk"),
    [
        (Detail.PARTY, Talk("de", day=FRIDAY, time=EIGHT, name="Anna")),
        (Detail.DAY, Talk("de", party=4, time=EIGHT, name="Anna")),
        (Detail.TIME, Talk("de", party=4, day=FRIDAY, name="Anna")),
        (Detail.PERSON, KNOWN),
    ],
)
def test_what_is_unclear_is_asked_for_again(unclear: Detail, talk: Talk) -> None:
    assert with_wishes(KNOWN, Understood(unclear=frozenset({unclear}))) == talk
