"""Lengths of stays, quanta, pacing windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linde import TUESDAY, at, restaurant
from plausch.domain.service import QUANTUM_S, Pacing, Service, TurnTime

SERVICE = restaurant().service()


@pytest.mark.parametrize(
    ("party", "minutes"), [(1, 90), (2, 90), (3, 120), (4, 120), (5, 150), (99, 150)]
)
def test_larger_parties_stay_longer(party: int, minutes: int) -> None:
    assert SERVICE.duration_s(party) == minutes * 60


def test_a_stay_claims_its_quanta() -> None:
    start = at(TUESDAY, "19:00")
    assert len(SERVICE.claimed_quanta(start, start + 5400)) == 18
    assert SERVICE.claimed_quanta(start, start + 5400).start * QUANTUM_S == start


def test_buffers_are_claimed_too() -> None:
    buffered = Service(15, (TurnTime(2, 60),), buffer_before_minutes=5, buffer_after_minutes=10)
    start = at(TUESDAY, "19:00")
    quanta = buffered.claimed_quanta(start, start + 3600)
    assert quanta.start * QUANTUM_S == start - 300
    assert quanta.stop * QUANTUM_S == start + 4200


@given(st.integers(0, 2**33), st.integers(1, 86_400), st.integers(0, 60), st.integers(0, 60))
def test_quanta_cover_the_whole_stay(start: int, length: int, before: int, after: int) -> None:
    service = Service(
        15, (TurnTime(2, 60),), buffer_before_minutes=before, buffer_after_minutes=after
    )
    quanta = service.claimed_quanta(start, start + length)
    assert quanta.start * QUANTUM_S <= start - before * 60 < (quanta.start + 1) * QUANTUM_S
    ends = start + length + after * 60
    assert (quanta.stop - 1) * QUANTUM_S < ends <= quanta.stop * QUANTUM_S


def test_back_to_back_stays_share_no_quantum() -> None:
    start = at(TUESDAY, "18:00")
    first = SERVICE.claimed_quanta(start, start + 5400)
    second = SERVICE.claimed_quanta(start + 5400, start + 10800)
    assert set(first).isdisjoint(second)


def test_a_pacing_window_is_half_open() -> None:
    pacing = Pacing(30, 12)
    start = at(TUESDAY, "19:00")
    assert pacing.window(start) == pacing.window(start + 1799)
    assert pacing.window(start + 1800) == pacing.window(start) + 1
