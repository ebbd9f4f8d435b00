"""The frames of wake-ups: their limits, and when they may be sent."""

import pytest

from plausch.wire import frames as f
from plausch.wire.codec import WireError, decode_client, decode_server, encode
from plausch.wire.session import ALLOWED, ANSWERS, State
from plausch.wire.wakes import ENDPOINT_CHARACTERS

KEY = b"\x04" + bytes(64)


@pytest.mark.parametrize(
    "frame",
    [
        f.SetWakeUp(1, ""),
        f.SetWakeUp(f.MAX_INTEGER, "é" * ENDPOINT_CHARACTERS),
        f.DropWakeUp(1),
        f.GetWakeUpKey(f.MAX_INTEGER),
    ],
)
def test_a_request_at_its_limits_is_one(frame: f.ClientFrame) -> None:
    assert decode_client(encode(frame)) == frame


@pytest.mark.parametrize(
    "frame",
    [
        f.SetWakeUp(1, "x" * (ENDPOINT_CHARACTERS + 1)),
        f.SetWakeUp(0, "x"),
        f.SetWakeUp(1, b"x"),  # type: ignore[arg-type]
        f.DropWakeUp(0),
        f.GetWakeUpKey(f.MAX_INTEGER + 1),
    ],
)
def test_a_request_beyond_its_limits_is_none(frame: f.ClientFrame) -> None:
    with pytest.raises(WireError, match="could not be read: Expected"):
        decode_client(encode(frame))


def test_a_key_is_a_point_and_nothing_shorter_or_longer() -> None:
    assert decode_server(encode(f.WakeUpKey(1, KEY))) == f.WakeUpKey(1, KEY)
    for key in (b"", KEY[:-1], KEY + b"x"):
        with pytest.raises(WireError):
            decode_server(encode(f.WakeUpKey(1, key)))


@pytest.mark.parametrize("kind", [f.SetWakeUp, f.DropWakeUp, f.GetWakeUpKey])
def test_only_a_device_that_has_logged_in_may_ask(kind: type[f.Frame]) -> None:
    for state in State:
        allowed = state in (State.LOGGED_IN, State.RESUMED)
        assert (kind in ALLOWED[state]) is allowed
    assert ANSWERS[kind] is (f.WakeUpKey if kind is f.GetWakeUpKey else f.Done)


def test_an_append_is_loud_unless_it_says_otherwise() -> None:
    loud = f.Append(1, bytes(16), 0, f.APPLICATION, b"sealed", bytes(16))
    assert not loud.quiet
    quiet = f.Append(1, bytes(16), 0, f.APPLICATION, b"sealed", bytes(16), True)
    assert decode_client(encode(quiet)) == quiet
    assert decode_client(encode(quiet)) != loud
