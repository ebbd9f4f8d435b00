"""Stamps: which envelopes have one, and what the server takes for genuine."""

import secrets

import msgspec
import pytest

from plausch.server.franking import KEY_BYTES, Franking, ReportingKeyDamaged
from plausch.wire import frames as f
from plausch.wire.franking import MARK_BYTES, frank

CONVERSATION = bytes(range(16))
DEVICE = "mimi://localhost/d/anna/0123456789abcdef"
AT_MS = 1_800_000_000_000
SALT, CONTENT = bytes(range(16)), b"Buy now!"


def message(franked: bytes) -> bytes:
    outside = b"\x00\x01\x00\x02\x10" + CONVERSATION + bytes(8) + b"\x01"
    return outside + bytes([MARK_BYTES + len(franked)]) + bytes(MARK_BYTES) + franked + b"sealed"


def stored(kind: int = f.APPLICATION, raw: bytes = b"") -> tuple[int, int, int, int, str, bytes]:
    return (7, 0, kind, AT_MS, DEVICE, raw or message(frank(SALT, CONTENT)))


@pytest.fixture
def franking() -> Franking:
    return Franking(secrets.token_bytes(KEY_BYTES))


def reported(franking: Franking) -> f.ReportedMessage:
    stamp = franking.envelope(CONVERSATION, stored()).stamp
    return f.ReportedMessage(CONVERSATION, DEVICE, AT_MS, stamp, SALT, CONTENT)


def test_what_was_stamped_is_genuine(franking: Franking) -> None:
    one = franking.envelope(CONVERSATION, stored())
    assert one == f.Envelope(*stored(), one.stamp)
    assert franking.is_genuine(reported(franking))


@pytest.mark.parametrize(
    "changed",
    [
        {"content": b"Buy now?"},
        {"key": bytes(16)},
        {"sender": DEVICE[:-1] + "0"},
        {"accepted_at_ms": AT_MS - 1},
        {"conversation": bytes(16)},
        {"stamp": bytes(32)},
    ],
)
def test_nothing_else_is(franking: Franking, changed: dict[str, object]) -> None:
    assert not franking.is_genuine(msgspec.structs.replace(reported(franking), **changed))


def test_without_the_servers_key_nobody_can_check_a_report(franking: Franking) -> None:
    """To everybody else a stamp is random bytes: what is reported can be denied."""
    assert not Franking(secrets.token_bytes(KEY_BYTES)).is_genuine(reported(franking))


def test_only_application_messages_with_a_frank_have_a_stamp(franking: Franking) -> None:
    for one in (
        stored(f.COMMIT),
        stored(f.PROPOSAL),
        stored(raw=message(b"")),
        stored(raw=message(bytes(31))),
        stored(raw=b"short"),
    ):
        assert franking.envelope(CONVERSATION, one).stamp == b""


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_a_key_that_is_none_is_said(key: bytes) -> None:
    with pytest.raises(ReportingKeyDamaged, match="reporting_key"):
        Franking(key)
