"""Rows of bookings: what is written is read again."""

from dataclasses import astuple

from hypothesis import given
from hypothesis import strategies as st

from linde import TUESDAY, ZONE, at
from plausch.agent.rows import (
    COLUMNS,
    NO_CONVERSATION,
    Source,
    booking_of,
    entry_of,
    joined,
    split,
    uid_of,
    values_of,
)
from plausch.base.ids import ConversationId
from plausch.domain.booking import Booking, BookingState

SEVEN = at(TUESDAY, "19:00")
ANNA = ConversationId(b"a" * 16)
BOOKING = Booking(
    "b-1", 3, BookingState.HELD, 4, SEVEN, SEVEN + 7200, ZONE, "Anna", 9, 8, 7, "table"
)


def test_a_booking_is_its_columns() -> None:
    assert booking_of(values_of(BOOKING)) == BOOKING
    assert len(COLUMNS.split(", ")) == len(values_of(BOOKING)) == len(astuple(BOOKING))
    assert isinstance(booking_of(values_of(BOOKING)).state, BookingState)


def test_an_entry_has_what_staff_wrote() -> None:
    row = (*values_of(BOOKING), "1\n2", ANNA, "089 1", "nuts", "staff", 1, "c-1", 1)
    entry = entry_of(row)
    assert entry.booking == BOOKING
    assert (entry.tables, entry.conversation) == (("1", "2"), ANNA)
    assert (entry.telephone, entry.note, entry.source) == ("089 1", "nuts", Source.STAFF)
    assert (entry.pinned, entry.customer, entry.is_coming) == (True, "c-1", True)


@given(st.lists(st.text(st.characters(exclude_characters="\n"), min_size=1), max_size=5))
def test_tables_are_one_column(tables: list[str]) -> None:
    assert split(joined(tuple(tables))) == tuple(tables)


def test_a_uid_follows_from_conversation_and_token() -> None:
    assert uid_of(ANNA, b"1") == uid_of(ANNA, b"1")
    assert uid_of(ANNA, b"1") != uid_of(ANNA, b"2")
    assert uid_of(NO_CONVERSATION, b"1") != uid_of(ANNA, b"1")
    assert uid_of(ANNA, b"1").startswith("b-")
