"""The life of a booking: every state against every command, sequences, folding."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from linde import TUESDAY, ZONE, at
from plausch.base.errors import Fault
from plausch.domain.booking import (
    LIVE,
    Attend,
    Booking,
    BookingRefused,
    BookingState,
    By,
    Cancel,
    Cancelled,
    Command,
    Confirm,
    Counter,
    Decline,
    Event,
    Expire,
    Hold,
    Move,
    Request,
    Submit,
    apply,
    decide,
)

BEGIN = at(TUESDAY, "19:00")
NOW = BEGIN - 86_400
UNTIL = NOW + 600
S = BookingState
REQUEST = Request("uid-1", 4, BEGIN, BEGIN + 7200, ZONE, "Anna")


def fold(*commands: Command, now_s: int = NOW) -> Booking:
    booking: Booking | None = None
    for command in commands:
        for event in decide(booking, command, now_s):
            booking = apply(booking, event)
    assert booking is not None
    return booking


PATHS: dict[BookingState, tuple[Command, ...]] = {
    S.PENDING: (REQUEST,),
    S.HELD: (REQUEST, Hold(0, UNTIL)),
    S.CONFIRMED: (REQUEST, Hold(0, UNTIL), Confirm(1)),
    S.DECLINED: (REQUEST, Decline(0)),
    S.CANCELLED: (REQUEST, Cancel(By.CUSTOMER, BEGIN)),
    S.SEATED: (REQUEST, Confirm(0), Attend(S.SEATED)),
    S.COMPLETED: (REQUEST, Confirm(0), Attend(S.SEATED), Attend(S.COMPLETED)),
    S.NO_SHOW: (REQUEST, Confirm(0), Attend(S.NO_SHOW)),
}


def in_state(state: BookingState) -> Booking:
    return fold(*PATHS[state])


def commands(sequence: int) -> dict[str, Command]:
    return {
        "request": REQUEST,
        "hold": Hold(sequence, UNTIL),
        "confirm": Confirm(sequence, "Berta"),
        "decline": Decline(sequence),
        "counter": Counter(sequence, BEGIN + 1800, BEGIN + 9000),
        "cancel": Cancel(By.CUSTOMER, BEGIN),
        "submit": Submit(sequence, "Carla"),
        "move": Move(sequence, BEGIN - 900, BEGIN + 900, 3),
        "seat": Attend(S.SEATED),
        "complete": Attend(S.COMPLETED),
        "miss": Attend(S.NO_SHOW),
    }


ALLOWED: dict[BookingState, dict[str, BookingState]] = {
    S.PENDING: {
        "hold": S.HELD,
        "confirm": S.CONFIRMED,
        "decline": S.DECLINED,
        "counter": S.PENDING,
        "move": S.PENDING,
        "cancel": S.CANCELLED,
    },
    S.HELD: {
        "confirm": S.CONFIRMED,
        "decline": S.DECLINED,
        "counter": S.PENDING,
        "submit": S.PENDING,
        "move": S.HELD,
        "cancel": S.CANCELLED,
    },
    S.CONFIRMED: {
        "cancel": S.CANCELLED,
        "seat": S.SEATED,
        "miss": S.NO_SHOW,
        "move": S.CONFIRMED,
    },
    S.CANCELLED: {"cancel": S.CANCELLED},
    S.SEATED: {"complete": S.COMPLETED, "move": S.SEATED},
    S.DECLINED: {},
    S.COMPLETED: {},
    S.NO_SHOW: {},
}


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("verb", list(commands(0)))
def test_every_command_in_every_state(state: BookingState, verb: str) -> None:
    booking = in_state(state)
    command = commands(booking.sequence)[verb]
    if verb not in ALLOWED[state]:
        with pytest.raises(BookingRefused):
            decide(booking, command, NOW)
        return
    after = booking
    for event in decide(booking, command, NOW):
        after = apply(after, event)
        assert after.sequence == booking.sequence + 1
    assert after.state is ALLOWED[state][verb]


def test_a_request_is_pending_at_sequence_zero() -> None:
    booking = in_state(S.PENDING)
    assert (booking.sequence, booking.party, booking.under_name) == (0, 4, "Anna")
    assert booking.booked_at_s == booking.modified_at_s == NOW


def test_confirming_keeps_or_sets_the_name() -> None:
    assert fold(*PATHS[S.HELD], Confirm(1)).under_name == "Anna"
    assert fold(*PATHS[S.HELD], Confirm(1, "Berta")).under_name == "Berta"


def test_a_counter_proposes_another_time_and_drops_the_hold() -> None:
    after = fold(*PATHS[S.HELD], Counter(1, BEGIN + 1800, BEGIN + 9000))
    assert (after.state, after.starts_at_s, after.hold_until_s) == (S.PENDING, BEGIN + 1800, 0)
    assert after.sequence == 2


@pytest.mark.parametrize("late", [Confirm(0), Decline(0), Counter(0, BEGIN, BEGIN + 60)])
def test_an_outdated_reply_is_refused(late: Command) -> None:
    with pytest.raises(BookingRefused) as refused:
        decide(in_state(S.HELD), late, NOW)
    assert refused.value.code == "outdated"
    assert refused.value.fault is Fault.LOCAL


def test_a_hold_expires_when_its_time_is_over_not_before() -> None:
    held = in_state(S.HELD)
    with pytest.raises(BookingRefused, match="not run out"):
        decide(held, Expire(), UNTIL - 1)
    (event,) = decide(held, Expire(), UNTIL)
    assert event == Cancelled(UNTIL, By.EXPIRY)
    assert apply(held, event).state is S.CANCELLED


def test_a_hold_that_ran_out_cannot_be_confirmed() -> None:
    with pytest.raises(BookingRefused) as refused:
        decide(in_state(S.HELD), Confirm(1), UNTIL)
    assert refused.value.code == "too_late"


def test_a_customer_cancels_until_the_deadline_the_business_always() -> None:
    confirmed = in_state(S.CONFIRMED)
    assert decide(confirmed, Cancel(By.CUSTOMER, NOW), NOW)
    with pytest.raises(BookingRefused) as refused:
        decide(confirmed, Cancel(By.CUSTOMER, NOW), NOW + 1)
    assert refused.value.code == "too_late"
    assert decide(confirmed, Cancel(By.BUSINESS, NOW), NOW + 1)


def test_a_hold_may_be_let_go_after_the_deadline() -> None:
    assert decide(in_state(S.HELD), Cancel(By.CUSTOMER, NOW - 5), NOW)


def test_cancelling_twice_is_one_cancel() -> None:
    assert decide(in_state(S.CANCELLED), Cancel(By.CUSTOMER, 0), NOW) == ()


@pytest.mark.parametrize(
    "bad",
    [
        replace(REQUEST, party=0),
        replace(REQUEST, party=1_001),
        replace(REQUEST, ends_at_s=BEGIN),
        replace(REQUEST, under_name="x" * 81),
        replace(REQUEST, under_name="a\nb"),
    ],
)
def test_senseless_requests(bad: Request) -> None:
    with pytest.raises(BookingRefused) as refused:
        decide(None, bad, NOW)
    assert refused.value.code == "bad_request"


@pytest.mark.parametrize(
    ("state", "bad"),
    [
        (S.PENDING, Hold(0, NOW)),
        (S.PENDING, Counter(0, BEGIN, BEGIN)),
        (S.HELD, Confirm(1, "\x00")),
    ],
)
def test_senseless_replies(state: BookingState, bad: Command) -> None:
    with pytest.raises(BookingRefused) as refused:
        decide(in_state(state), bad, NOW)
    assert refused.value.code == "bad_request"


@pytest.mark.parametrize("command", [Hold(0, UNTIL), Cancel(By.CUSTOMER, BEGIN), Expire()])
def test_nothing_happens_to_what_is_not_there(command: Command) -> None:
    with pytest.raises(BookingRefused) as refused:
        decide(None, command, NOW)
    assert refused.value.code == "unknown"


def test_events_begin_with_a_request() -> None:
    with pytest.raises(BookingRefused, match="first event"):
        apply(None, Cancelled(NOW, By.EXPIRY))


def test_what_is_over_stays_over() -> None:
    assert set(S) - LIVE == {S.DECLINED, S.CANCELLED, S.COMPLETED, S.NO_SHOW}


def test_a_name_given_makes_a_held_time_wait_for_a_person() -> None:
    after = fold(*PATHS[S.HELD], Submit(1, "Berta"))
    assert (after.state, after.under_name, after.sequence) == (S.PENDING, "Berta", 2)
    assert after.hold_until_s == 0
    firm = fold(*PATHS[S.HELD], Submit(1, "Berta"), Confirm(2))
    assert (firm.state, firm.under_name) == (S.CONFIRMED, "Berta")


@pytest.mark.parametrize("state", [S.PENDING, S.HELD, S.CONFIRMED, S.SEATED])
def test_what_stands_can_be_moved_and_stays_what_it_is(state: S) -> None:
    before = fold(*PATHS[state])
    move = Move(before.sequence, BEGIN + 3600, BEGIN + 9000, 6)
    after = fold(*PATHS[state], move)
    assert (after.state, after.hold_until_s) == (before.state, before.hold_until_s)
    assert (after.starts_at_s, after.ends_at_s, after.party) == (BEGIN + 3600, BEGIN + 9000, 6)
    assert after.sequence == before.sequence + 1


@pytest.mark.parametrize("state", [S.DECLINED, S.CANCELLED, S.COMPLETED, S.NO_SHOW])
def test_what_is_over_cannot_be_moved(state: S) -> None:
    before = fold(*PATHS[state])
    with pytest.raises(BookingRefused) as refused:
        decide(before, Move(before.sequence, BEGIN, BEGIN + 60, 1), NOW)
    assert refused.value.code == "wrong_state"


@pytest.mark.parametrize(
    "command",
    [
        Move(2, BEGIN, BEGIN, 2),
        Move(2, BEGIN, BEGIN + 60, 0),
        Move(2, BEGIN, BEGIN + 60, 1001),
        Move(1, BEGIN, BEGIN + 60, 2),
    ],
)
def test_moves_that_make_no_sense(command: Command) -> None:
    with pytest.raises(BookingRefused) as refused:
        decide(fold(*PATHS[S.CONFIRMED]), command, NOW)
    assert refused.value.code in ("bad_request", "outdated")


class Life(RuleBasedStateMachine):
    """Any sequence of commands: the fold of the events is the booking, and it only grows."""

    def __init__(self) -> None:
        super().__init__()
        self.booking: Booking | None = None
        self.events: list[Event] = []
        self.now_s = NOW

    def give(self, command: Command) -> None:
        before = self.booking
        try:
            events = decide(before, command, self.now_s)
        except BookingRefused:
            return
        for event in events:
            self.events.append(event)
            self.booking = apply(self.booking, event)
        if before is not None and self.booking is not None:
            assert self.booking.sequence == before.sequence + len(events)
            assert before.state in LIVE or self.booking == before

    @rule(verb=st.sampled_from(sorted(commands(0))), behind=st.integers(0, 1))
    def command(self, verb: str, behind: int) -> None:
        sequence = self.booking.sequence - behind if self.booking else 0
        self.give(commands(sequence)[verb])

    @rule()
    def expire(self) -> None:
        self.give(Expire())

    @rule(by_s=st.integers(0, 900))
    def wait(self, by_s: int) -> None:
        self.now_s += by_s

    @precondition(lambda self: self.booking is not None)
    @invariant()
    def events_make_the_booking(self) -> None:
        folded: Booking | None = None
        for event in self.events:
            folded = apply(folded, event)
        assert folded == self.booking
        assert folded is not None
        assert (folded.hold_until_s > 0) == (folded.state is S.HELD)


TestLife = Life.TestCase


@given(st.text(max_size=120))
def test_names_are_printable_and_bounded(name: str) -> None:
    request: Any = replace(REQUEST, under_name=name)
    try:
        decide(None, request, NOW)
    except BookingRefused:
        assert len(name) > 80 or not name.isprintable()
    else:
        assert len(name) <= 80
        assert name.isprintable()
