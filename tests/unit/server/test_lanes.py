"""What waits for its transaction is answered once."""

import pytest

from plausch.base.ids import ConversationId
from plausch.server.lanes import Waiting, answer
from plausch.server.records import Accepted, DeviceRecord, Roster
from plausch.wire import frames as f

CONVERSATION = ConversationId(b"c" * 16)
DEVICE = DeviceRecord(3, "mimi://localhost/u/anna/d/1", 1, "anna", "person", b"", b"")
REQUEST = f.Append(1, CONVERSATION, 0, f.APPLICATION, b"", b"i" * 16)


def test_it_is_answered_once() -> None:
    told: list[object] = []
    one = Waiting(DEVICE, REQUEST, told.append)
    assert one.is_open
    answer(one, Accepted(1, 2))
    answer(one, Accepted(3, 4))
    assert not one.is_open
    assert told == [Accepted(1, 2)]


def test_who_cannot_be_answered_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(result: object) -> None:
        raise RuntimeError("gone")

    one = Waiting(DEVICE, REQUEST, fail)
    answer(one, Accepted(1, 2))
    assert not one.is_open
    assert "could not be answered" in caplog.text


def test_its_key_is_known_with_its_roster() -> None:
    one = Waiting(DEVICE, REQUEST, lambda result: None)
    one.found(Roster(9, CONVERSATION, 0, 1, {}, (), frozenset()))
    assert one.key == (9, 3, b"i" * 16)
    one.found(None)
    assert one.roster is None
