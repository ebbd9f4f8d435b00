"""The frames of the mailbox: their limits, and when they may be sent."""

import pytest

from plausch.wire import frames as f
from plausch.wire.codec import WireError, decode_client, decode_server, encode
from plausch.wire.session import ALLOWED, UNANSWERED, State

DEVICE = "mimi://localhost/d/anna/0123456789abcdef"
ITEM = f.MailboxItem(3, bytes(16), 7, 1_800_000_000_000, DEVICE, b"welcome")


@pytest.mark.parametrize(
    "frame", [f.ReadMailbox(1, 0, 1), f.ReadMailbox(1, f.MAX_INTEGER, 50), f.AcknowledgeMailbox(0)]
)
def test_a_request_at_its_limits_is_one(frame: f.ClientFrame) -> None:
    assert decode_client(encode(frame)) == frame


@pytest.mark.parametrize(
    "frame", [f.ReadMailbox(1, 0, 0), f.ReadMailbox(1, 0, 51), f.AcknowledgeMailbox(-1)]
)
def test_a_request_beyond_its_limits_is_none(frame: f.ClientFrame) -> None:
    with pytest.raises(WireError, match="could not be read: Expected"):
        decode_client(encode(frame))


def test_welcomes_come_in_a_stretch_of_the_mailbox() -> None:
    mailbox = f.Mailbox(1, [ITEM, ITEM])
    assert decode_server(encode(mailbox)) == mailbox


def test_only_who_is_logged_in_reads_a_mailbox_and_nobody_is_answered_an_acknowledgement() -> None:
    allowed = {state for state in State if f.ReadMailbox in ALLOWED[state]}
    assert allowed == {State.LOGGED_IN, State.RESUMED}
    assert f.AcknowledgeMailbox in UNANSWERED
