"""Pairings: who meets whom, what is passed on, and what nobody gets."""

import secrets

import pytest

from plausch.base.clock import ManualClock
from plausch.server.errors import Refusal
from plausch.server.limits import Limits
from plausch.server.pairings import ASK_PAUSE_MS, Pairings
from plausch.server.signals import PairingHas, PairingPart, PairingSignal, decode, encode
from plausch.wire import frames as f

NAME = bytes(range(16))
NEW, EXISTING = 0, 1


class Attendee:
    """A connection that notes what it is told."""

    def __init__(self, address: str = "192.0.2.1") -> None:
        self.address = address
        self.heard: list[tuple[int, bytes]] = []
        self.closed: list[str] = []

    def send(self, frame: f.ServerFrame) -> None:
        assert isinstance(frame, f.PairingMessage)
        self.heard.append((frame.number, frame.message))

    def close(self, code: str, sentence: str, retry_after_ms: int = 0) -> None:
        assert sentence.endswith(".")
        self.closed.append(code)


class Meeting:
    """Pairings under test, and tokens that come of themselves."""

    def __init__(self, **limits: int) -> None:
        self.clock = ManualClock()
        self.limits = Limits(**limits)
        self.pairings = Pairings(self.clock, self.limits)

    def beside(self, street: "Street") -> "Meeting":
        """The same at one of several gateways."""
        self.pairings = Pairings(self.clock, self.limits, street.gateway(self))
        return self

    def enter(
        self,
        side: int,
        name: bytes = NAME,
        *,
        token: bytes = b"t" * 16,
        after: int = 0,
        address: str = "192.0.2.1",
    ) -> Attendee:
        attendee = Attendee(address)
        self.pairings.open(attendee, name, side, token, after)
        return attendee


def refused(code: str) -> "pytest.RaisesExc[Refusal]":
    return pytest.raises(Refusal, check=lambda error: error.code == code)


@pytest.mark.parametrize("first", [NEW, EXISTING])
def test_either_side_may_come_first_and_hears_what_the_other_says(first: int) -> None:
    meeting = Meeting()
    one = meeting.enter(first)
    meeting.pairings.send(one, 1, b"early")
    other = meeting.enter(1 - first)
    assert other.heard == [(1, b"early")]
    meeting.pairings.send(other, 1, b"answer")
    meeting.pairings.send(one, 2, b"more")
    assert (one.heard, other.heard) == ([(1, b"answer")], [(1, b"early"), (2, b"more")])


def test_nobody_hears_what_he_says_himself_or_what_is_said_in_another_pairing() -> None:
    meeting = Meeting()
    one, stranger = meeting.enter(NEW), meeting.enter(EXISTING, b"another pairing!")
    meeting.pairings.send(one, 1, b"mine")
    assert (one.heard, stranger.heard) == ([], [])


def test_a_message_sent_again_is_passed_on_once() -> None:
    meeting = Meeting()
    one, other = meeting.enter(NEW), meeting.enter(EXISTING)
    for _ in range(3):
        meeting.pairings.send(one, 1, b"offer")
    meeting.pairings.send(one, 1, b"another under the same number")
    assert other.heard == [(1, b"offer")]


def test_messages_come_without_gaps_and_are_few() -> None:
    meeting = Meeting()
    one = meeting.enter(NEW)
    with refused("bad_request"):
        meeting.pairings.send(one, 2, b"too early")
    for number in range(1, 5):
        meeting.pairings.send(one, number, b"x")
    with refused("bad_request"):
        meeting.pairings.send(one, 5, b"too many")


def test_a_side_belongs_to_the_token_that_took_it() -> None:
    meeting = Meeting()
    first = meeting.enter(EXISTING, token=b"a" * 16)
    with refused("pairing_taken"):
        meeting.enter(EXISTING, token=b"b" * 16)
    assert first.closed == []
    again = meeting.enter(EXISTING, token=b"a" * 16)
    assert first.closed == ["replaced"]
    with refused("pairing_over"):
        meeting.pairings.send(first, 1, b"from the old connection")
    meeting.pairings.send(again, 1, b"from the new one")


def test_a_side_that_comes_back_hears_what_it_has_missed() -> None:
    meeting = Meeting()
    new, existing = meeting.enter(NEW), meeting.enter(EXISTING)
    meeting.pairings.send(new, 1, b"one")
    meeting.pairings.leave(existing)
    meeting.pairings.send(new, 2, b"two")
    meeting.pairings.leave(existing)  # twice does no harm
    assert meeting.enter(EXISTING, after=1).heard == [(2, b"two")]
    assert meeting.enter(EXISTING).heard == [(1, b"one"), (2, b"two")]


def test_the_end_is_the_end_for_both() -> None:
    meeting = Meeting()
    new, existing = meeting.enter(NEW), meeting.enter(EXISTING)
    meeting.pairings.send(new, 1, b"offer")
    meeting.pairings.end(existing)
    assert (new.closed, existing.closed) == (["pairing_over"], [])
    assert meeting.pairings.count == 0
    for attendee in (new, existing):
        with refused("pairing_over"):
            meeting.pairings.send(attendee, 1, b"late")
        with refused("pairing_over"):
            meeting.pairings.end(attendee)
        meeting.pairings.leave(attendee)
    assert meeting.enter(EXISTING).heard == []  # nothing of it is left


def test_a_pairing_is_over_after_its_time() -> None:
    meeting = Meeting(pairing_ms=600_000)
    first = meeting.enter(NEW)
    meeting.clock.advance(300_000)
    second = meeting.enter(NEW, b"the second one !")
    meeting.clock.advance(299_999)
    meeting.pairings.sweep()
    assert (first.closed, second.closed) == ([], [])
    meeting.clock.advance(1)
    meeting.pairings.sweep()
    assert (first.closed, second.closed, meeting.pairings.count) == (["pairing_over"], [], 1)


def test_what_is_over_makes_room_at_once() -> None:
    meeting = Meeting(pairings_per_address=1, pairing_ms=1_000)
    meeting.enter(NEW)
    with refused("too_many_pairings"):
        meeting.enter(NEW, b"the second one !")
    meeting.clock.advance(1_000)
    meeting.enter(NEW, b"the second one !")
    assert meeting.pairings.count == 1


def test_pairings_are_limited_by_address_and_in_all() -> None:
    meeting = Meeting(pairings_per_address=2, pairings=3)
    for number in range(2):
        meeting.enter(NEW, bytes([number]) * 16)
    with refused("too_many_pairings"):
        meeting.enter(NEW, b"x" * 16)
    meeting.enter(NEW, b"y" * 16, address="198.51.100.7")
    with refused("too_many_pairings"):
        meeting.enter(NEW, b"z" * 16, address="203.0.113.9")
    meeting.enter(EXISTING, b"y" * 16, address="203.0.113.9")  # the other side needs no place
    assert meeting.pairings.count == 3


def test_memory_is_limited_for_one_message_and_for_all() -> None:
    meeting = Meeting(pairing_message_bytes=100, pairing_bytes=250)
    one, other = meeting.enter(NEW), meeting.enter(EXISTING)
    with refused("too_large"):
        meeting.pairings.send(one, 1, bytes(101))
    meeting.pairings.send(one, 1, bytes(100))
    meeting.pairings.send(other, 1, bytes(100))
    stranger = meeting.enter(NEW, b"another pairing!")
    with refused("too_many_pairings"):
        meeting.pairings.send(stranger, 1, bytes(51))
    meeting.pairings.end(one)
    meeting.pairings.send(stranger, 1, bytes(100))


def test_one_address_does_not_fill_the_memory_of_all() -> None:
    meeting = Meeting(pairing_bytes_per_address=150, pairing_bytes=250)
    one = meeting.enter(NEW)
    other = meeting.enter(EXISTING, address="198.51.100.7")
    meeting.pairings.send(one, 1, bytes(100))
    with refused("too_many_pairings"):  # it counts for who began it, whoever sends it
        meeting.pairings.send(other, 1, bytes(51))
    elsewhere = meeting.enter(NEW, b"another pairing!", address="203.0.113.9")
    meeting.pairings.send(elsewhere, 1, bytes(150))
    meeting.pairings.end(one)
    meeting.pairings.end(elsewhere)
    assert not meeting.pairings._size_bytes_of


def test_the_limits_as_they_are_let_nobody_fill_the_server_from_a_few_addresses() -> None:
    limits = Limits()
    assert limits.pairing_bytes >= 250 * limits.pairing_bytes_per_address
    assert limits.pairings >= 250 * limits.pairings_per_address
    assert (
        limits.pairing_bytes_per_address
        >= limits.pairings_per_address * limits.pairing_message_bytes
    )


def test_an_unknown_number_looks_like_one_that_somebody_waits_in() -> None:
    """Who guesses numbers finds nothing, and learns nothing."""
    meeting = Meeting(pairings_per_address=1_000)
    waiting = meeting.enter(NEW)
    meeting.pairings.send(waiting, 1, b"offer")
    guessed = [meeting.enter(EXISTING, secrets.token_bytes(16)) for _ in range(200)]
    assert all(attendee.heard == [] and attendee.closed == [] for attendee in guessed)
    assert waiting.heard == []


def test_a_refusal_changes_nothing() -> None:
    meeting = Meeting(pairings_per_address=1)
    meeting.enter(NEW, token=b"a" * 16)
    for _ in range(50):
        with refused("pairing_taken"):
            meeting.enter(NEW, token=b"b" * 16)
        with refused("too_many_pairings"):
            meeting.enter(NEW, b"another pairing!")
    assert meeting.pairings.count == 1


# --- at two gateways -----------------------------------------------------------------------


class Street:
    """What gateways say goes to all others that listen, unless it gets lost."""

    def __init__(self) -> None:
        self.gateways: list[Gateway] = []
        self.loses = False

    def gateway(self, meeting: Meeting) -> "Gateway":
        self.gateways.append(Gateway(self, meeting))
        return self.gateways[-1]


class Gateway:
    """One of them, as its pairings see the others."""

    def __init__(self, street: Street, meeting: Meeting) -> None:
        self.street, self.meeting = street, meeting
        self.joined: list[bytes] = []

    def join(self, pairing: bytes) -> None:
        self.joined.append(pairing)

    def part(self, pairing: bytes) -> None:
        self.joined.remove(pairing)

    def pass_on(self, signal: PairingSignal) -> None:
        (said,) = decode(encode([signal]))
        for other in self.street.gateways:
            if other is not self and signal.pairing in other.joined and not self.street.loses:
                assert isinstance(said, PairingSignal)
                other.meeting.pairings.hear(said)


def two_gateways() -> tuple[Street, Meeting, Meeting]:
    street = Street()
    return street, Meeting().beside(street), Meeting().beside(street)


def after_a_moment(*meetings: Meeting) -> None:
    for meeting in meetings:
        meeting.clock.advance(ASK_PAUSE_MS)
        meeting.pairings.sweep()


@pytest.mark.parametrize("first", [NEW, EXISTING])
def test_two_gateways_are_one_meeting(first: int) -> None:
    _, here, there = two_gateways()
    one = here.enter(first)
    here.pairings.send(one, 1, b"early")
    other = there.enter(1 - first)
    assert other.heard == [(1, b"early")]
    there.pairings.send(other, 1, b"answer")
    here.pairings.send(one, 2, b"more")
    assert (one.heard, other.heard) == ([(1, b"answer")], [(1, b"early"), (2, b"more")])
    here.pairings.end(one)
    assert other.closed == ["pairing_over"]
    assert (here.pairings.count, there.pairings.count) == (0, 0)


def test_what_got_lost_on_the_way_is_said_again() -> None:
    street, here, there = two_gateways()
    one = here.enter(NEW)
    street.loses = True
    here.pairings.send(one, 1, b"lost")
    other = there.enter(EXISTING)
    there.pairings.send(other, 1, b"lost too")
    assert (one.heard, other.heard) == ([], [])
    street.loses = False
    after_a_moment(here, there)
    assert (one.heard, other.heard) == ([(1, b"lost too")], [(1, b"lost")])
    after_a_moment(here, there)
    assert (one.heard, other.heard) == ([(1, b"lost too")], [(1, b"lost")])


def test_a_clock_that_was_ahead_for_a_while_does_not_stop_the_asking() -> None:
    street, here, there = two_gateways()
    one = here.enter(NEW)
    here.clock.advance(86_400_000)
    here.pairings.sweep()  # the pairing is over; it has asked about none, a day ahead
    here.clock.advance(-86_400_000)
    one = here.enter(NEW)
    street.loses = True
    here.pairings.send(one, 1, b"lost")
    other = there.enter(EXISTING)
    street.loses = False
    here.pairings.leave(one)
    here.clock.advance(ASK_PAUSE_MS)
    here.enter(NEW)
    after_a_moment(here, there)
    assert other.heard == [(1, b"lost")]


def test_a_side_that_comes_back_at_another_gateway_goes_on_where_it_was() -> None:
    street, here, there = two_gateways()
    one, other = here.enter(NEW), there.enter(EXISTING)
    here.pairings.send(one, 1, b"1")
    here.pairings.send(one, 2, b"2")
    here.pairings.leave(one)
    street.loses = True
    third = Meeting().beside(street)
    again = third.enter(NEW)
    third.pairings.send(again, 3, b"3")
    third.pairings.send(again, 3, b"3")
    assert other.heard == [(1, b"1"), (2, b"2")]
    street.loses = False
    after_a_moment(third)
    assert other.heard == [(1, b"1"), (2, b"2"), (3, b"3")]
    third.pairings.end(again)
    for meeting in (here, there, third):
        assert meeting.pairings.count == 0
        assert meeting.pairings._size_bytes == 0


def test_a_side_that_is_taken_is_taken_at_every_gateway() -> None:
    _, here, there = two_gateways()
    here.enter(NEW, token=b"a" * 16)
    there.enter(EXISTING)
    with refused("pairing_taken"):
        there.enter(NEW, token=b"b" * 16)


def test_of_two_who_take_a_side_at_once_one_stays() -> None:
    street, here, there = two_gateways()
    street.loses = True
    one = here.enter(NEW, token=b"b" * 16)
    other = there.enter(NEW, token=b"a" * 16)
    street.loses = False
    after_a_moment(here, there)
    assert (one.closed[0], other.closed) == ("pairing_taken", [])


@pytest.mark.parametrize(
    "signal",
    [
        PairingPart(NAME, 7, b"t" * 16, 1, [b"x"]),
        PairingPart(NAME, 0, b"t" * 16, -1, [b"x"]),
        PairingPart(NAME, 1, b"t" * 16, 1, [bytes(10_000_000)]),
        PairingPart(NAME, 1, b"t" * 16, 5, [b"x"]),
        PairingPart(b"unknown pairing!", 1, b"t" * 16, 1, [b"x"]),
        PairingHas(NAME, (-5, 2**62)),
        PairingHas(b"unknown pairing!", (0, 0)),
    ],
)
def test_nonsense_from_the_network_changes_nothing(signal: PairingSignal) -> None:
    _, here, _ = two_gateways()
    one = here.enter(NEW)
    here.pairings.hear(signal)
    assert (one.heard, one.closed, here.pairings.count) == ([], [], 1)
    assert here.pairings._size_bytes == 0
