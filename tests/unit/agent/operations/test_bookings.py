"""What the staff does with bookings, through the operations."""

import asyncio
from typing import Any

import pytest

from linde import FRIDAY, NOW_S, TUESDAY, ZONE, restaurant
from plausch.base.ids import ConversationId
from plausch.domain.booking import Booking
from plausch.domain.calendar import instant_s
from unit.agent.operations.office import AT_SEVEN_S, Office, wish

GUEST = ConversationId(bytes(range(16)))
ON_TUESDAY = {"from": str(TUESDAY), "days": 1}


async def held(office: Office) -> Booking:
    booking = await office.book.hold(restaurant(), GUEST, b"t", AT_SEVEN_S, 2, NOW_S)
    assert isinstance(booking, Booking)
    return booking


async def test_a_booking_by_the_staff_is_firm_and_in_the_plan(office: Office) -> None:
    booked = await office.ask("bookings.book", **wish())
    assert booked["state"] == "confirmed"
    assert (booked["source"], booked["conversation"]) == ("staff", "")
    assert (booked["telephone"], booked["note"]) == ("+49 89 1", "high chair")
    (day,) = await office.ask("bookings.plan", **ON_TUESDAY)
    assert day["bookings"] == [booked]
    assert day["opening"]["spans"][0] == {"opensMinute": 690, "closesMinute": 870}
    assert (day["blocks"], day["waiting"]) == ([], [])


async def test_the_same_token_is_the_same_booking(office: Office) -> None:
    first = await office.ask("bookings.book", **wish())
    assert await office.ask("bookings.book", **wish()) == first
    assert await office.ask("bookings.book", **wish(party=2, note="other")) == first


async def test_a_plan_has_every_date_and_neither_cancelled_nor_lapsed_ones(
    office: Office,
) -> None:
    one = await office.ask("bookings.book", **wish())
    gone = await office.ask("bookings.book", **wish(token="token-0002"))
    await office.ask("bookings.cancel", uid=gone["uid"], sequence=gone["sequence"])
    await held(office)
    office.clock.advance(11 * 60_000)
    plan = await office.ask("bookings.plan", **{**ON_TUESDAY, "days": 31})
    assert len(plan) == 31
    assert [[each["uid"] for each in day["bookings"]] for day in plan[:2]] == [[one["uid"]], []]


async def test_a_booking_of_a_guest_shows_its_conversation(office: Office) -> None:
    booking = await held(office)
    (day,) = await office.ask("bookings.plan", **ON_TUESDAY)
    (view,) = day["bookings"]
    assert (view["uid"], view["state"], view["source"]) == (booking.uid, "held", "chat")
    assert view["conversation"] == GUEST.hex()


async def test_the_staff_confirms_and_cancels(office: Office) -> None:
    booking = await held(office)
    firm = await office.ask("bookings.confirm", uid=booking.uid, sequence=booking.sequence)
    assert firm["state"] == "confirmed"
    code, _ = await office.refused("bookings.cancel", uid=booking.uid, sequence=0)
    assert code == "outdated"
    office.clock.advance((AT_SEVEN_S - NOW_S - 60) * 1000)
    off = await office.ask("bookings.cancel", uid=booking.uid, sequence=firm["sequence"])
    assert off["state"] == "cancelled", "the business may after the guest's deadline too"


async def test_free_times_are_those_that_can_be_booked(office: Office) -> None:
    params = {"date": str(TUESDAY), "party": 6, "service": ""}
    free = await office.ask("bookings.available", **params)
    starts = [slot["startsAtS"] for slot in free["slots"]]
    assert AT_SEVEN_S in starts
    assert free["why"] == ""
    first = await office.ask("bookings.book", **wish(party=6, startsAtS=starts[0]))
    assert first["startsAtS"] == starts[0]
    again = await office.ask("bookings.available", **params, insteadOf=first["uid"])
    assert again == free
    monday = await office.ask("bookings.available", date="2026-11-30", party=2, service="")
    assert monday == {"slots": [], "why": "closed"}


async def test_the_staff_books_at_short_notice_and_far_ahead(office: Office) -> None:
    office.clock.advance((AT_SEVEN_S - NOW_S - 60) * 1000)
    assert (await office.ask("bookings.book", **wish()))["state"] == "confirmed"
    next_year_s = instant_s(ZONE, FRIDAY.replace(year=2027, month=6, day=4), 3 * 60)
    far = await office.ask("bookings.book", **wish(token="token-0003", startsAtS=next_year_s))
    assert far["startsAtS"] == next_year_s


async def test_the_staff_moves_and_seats_and_sees_off(office: Office) -> None:
    booked = await office.ask("bookings.book", **wish(party=2))
    later = AT_SEVEN_S + 3_600
    moved = await office.ask(
        "bookings.move", uid=booked["uid"], sequence=booked["sequence"], startsAtS=later, party=3
    )
    assert (moved["startsAtS"], moved["party"]) == (later, 3)
    at_five = await office.ask(
        "bookings.move", uid=booked["uid"], sequence=moved["sequence"], resources=["5"]
    )
    assert (at_five["resources"], at_five["isPinned"]) == (["5"], True)
    office.clock.advance((later - NOW_S) * 1000)
    asked = {"uid": booked["uid"], "sequence": at_five["sequence"]}
    seated = await office.ask("bookings.attend", **asked, state="seated")
    assert (seated["state"], seated["isPinned"]) == ("seated", True)
    asked["sequence"] = seated["sequence"]
    assert (await office.ask("bookings.attend", **asked, state="completed"))["state"] == "completed"


async def test_the_staff_declines_and_offers_another_time(office: Office) -> None:
    booking = await held(office)
    asked = {"uid": booking.uid, "sequence": booking.sequence}
    other = await office.ask("bookings.counter", **asked, startsAtS=AT_SEVEN_S + 3_600)
    assert (other["state"], other["startsAtS"]) == ("held", AT_SEVEN_S + 3_600)
    asked["sequence"] = other["sequence"]
    assert (await office.ask("bookings.decline", **asked))["state"] == "declined"
    (day,) = await office.ask("bookings.plan", **ON_TUESDAY)
    assert day["bookings"] == []


async def test_a_guest_in_a_chat_is_told(office: Office) -> None:
    booking = await held(office)
    await office.ask("bookings.cancel", uid=booking.uid, sequence=booking.sequence)
    (letter,) = await office.book.waiting_replies()
    assert letter.conversation == GUEST


async def test_a_note_changes_nothing_else(office: Office) -> None:
    booked = await office.ask("bookings.book", **wish())
    noted = await office.ask("bookings.note", uid=booked["uid"], note="nuts!")
    assert noted == {**booked, "note": "nuts!"}


async def test_never_two_parties_at_one_table_from_many_sides(office: Office) -> None:
    tries = [
        office.outcome("bookings.book", **wish(token=f"token-{number:04}", party=6))
        for number in range(32)
    ]
    outcomes = await asyncio.gather(*tries)
    (day,) = await office.ask("bookings.plan", **ON_TUESDAY)
    assert len(day["bookings"]) == sum(bool(one.result) for one in outcomes) == 2
    taken = [table for one in day["bookings"] for table in one["resources"]]
    assert len(taken) == len(set(taken))


HOSTILE: list[tuple[str, dict[str, Any], str]] = [
    ("bookings.book", wish(party=-1), "bad_params"),
    ("bookings.book", wish(party=0), "bad_params"),
    ("bookings.book", wish(party="4"), "bad_params"),
    ("bookings.book", wish(party=10**30), "bad_params"),
    ("bookings.book", wish(party=4.5), "bad_params"),
    ("bookings.book", wish(party=999), "pacing"),
    ("bookings.book", wish(startsAtS=-1), "bad_params"),
    ("bookings.book", wish(startsAtS=0), "past"),
    ("bookings.book", wish(startsAtS=AT_SEVEN_S - 7 * 86_400), "past"),
    ("bookings.book", wish(startsAtS=AT_SEVEN_S + 1), "bad_time"),
    ("bookings.book", wish(startsAtS=2**36), "bad_time"),
    ("bookings.book", wish(resources=["99"]), "too_large"),
    ("bookings.book", wish(resources=["1"]), "too_large"),
    ("bookings.book", wish(resources=["1", "2"], party=5), "too_large"),
    ("bookings.book", wish(startsAtS=2**39), "bad_params"),
    ("bookings.book", wish(token="short"), "bad_params"),
    ("bookings.book", wish(underName="x" * 81), "bad_params"),
    ("bookings.book", wish(underName="a\nb"), "bad_request"),
    ("bookings.book", wish(telephone="1\u202e2"), "bad_request"),
    ("bookings.book", wish(service="haircut"), "unknown"),
    ("bookings.book", wish(source="chat"), "bad_params"),
    ("bookings.book", wish(extra=1), "bad_params"),
    ("bookings.book", {}, "bad_params"),
    ("bookings.plan", {"from": "2026-13-01", "days": 1}, "bad_params"),
    ("bookings.plan", {"from": "0001-01-01", "days": 1}, "bad_params"),
    ("bookings.plan", {"from": "9999-12-31", "days": 31}, "bad_params"),
    ("bookings.plan", {"from": "2026-11-24", "days": 32}, "bad_params"),
    ("bookings.available", {"date": "2026-02-30", "party": 2}, "bad_params"),
    ("bookings.available", {"date": "9999-12-31", "party": 2}, "bad_params"),
    ("waiting.add", {"date": "9999-12-31", "party": 2, "fromS": 0, "untilS": 1}, "bad_params"),
    ("bookings.cancel", {"uid": "b-nothing", "sequence": 0}, "unknown"),
    ("bookings.confirm", {"uid": "", "sequence": 0}, "bad_params"),
    ("bookings.note", {"uid": "b-nothing", "note": "x"}, "unknown"),
    ("bookings.note", {"uid": "b-nothing", "note": "x" * 2_001}, "bad_params"),
]


@pytest.mark.parametrize(("operation", "params", "code"), HOSTILE)
async def test_what_cannot_be_is_refused_and_nothing_changes(
    office: Office, operation: str, params: dict[str, Any], code: str
) -> None:
    await office.ask("bookings.book", **wish(token="token-9999", party=2))
    before = await office.everything()
    assert (await office.refused(operation, **params))[0] == code
    assert await office.everything() == before
