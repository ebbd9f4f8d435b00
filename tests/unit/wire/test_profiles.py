"""The frames of profiles and the directory: their limits, and when they may be sent."""

import pytest

from plausch.identity.signed import MAX_SIGNED_BYTES
from plausch.wire import frames as f
from plausch.wire.codec import WireError, decode_client, decode_server, encode
from plausch.wire.profiles import MOST_FOUND, PROFILE_BYTES
from plausch.wire.session import ALLOWED, ANSWERS, State

LISTED = f.Listed("linde", "Zur Linde", "restaurant", "86150", "Augsburg")
FRAMES = (f.PublishProfile, f.WithdrawProfile, f.GetProfile, f.SearchDirectory)


@pytest.mark.parametrize(
    "frame",
    [
        f.PublishProfile(1, bytes(PROFILE_BYTES)),
        f.WithdrawProfile(f.MAX_INTEGER, b""),
        f.GetProfile(1, "x" * 64),
        f.SearchDirectory(1, "", "", "", "", 1),
        f.SearchDirectory(1, "%" * 256, "é" * 64, "_" * 256, "\0" * 64, MOST_FOUND),
    ],
)
def test_a_request_at_its_limits_is_one(frame: f.ClientFrame) -> None:
    assert decode_client(encode(frame)) == frame


@pytest.mark.parametrize(
    "frame",
    [
        f.PublishProfile(1, bytes(PROFILE_BYTES + 1)),
        f.WithdrawProfile(0, b""),
        f.GetProfile(1, "x" * 65),
        f.SearchDirectory(1, "x" * 257, "", "", "", 1),
        f.SearchDirectory(1, "", "x" * 65, "", "", 1),
        f.SearchDirectory(1, "", "", "x" * 257, "", 1),
        f.SearchDirectory(1, "", "", "", "", 0),
        f.SearchDirectory(1, "", "", "", "", MOST_FOUND + 1),
    ],
)
def test_a_request_beyond_its_limits_is_none(frame: f.ClientFrame) -> None:
    with pytest.raises(WireError, match="could not be read: Expected"):
        decode_client(encode(frame))


@pytest.mark.parametrize(
    "frame",
    [f.Profile(1, b""), f.Directory(1, [], False), f.Directory(1, [LISTED] * MOST_FOUND, True)],
)
def test_an_answer_is_read(frame: f.ServerFrame) -> None:
    assert decode_server(encode(frame)) == frame


def test_whatever_is_signed_fits() -> None:
    assert PROFILE_BYTES >= MAX_SIGNED_BYTES


def test_only_who_is_logged_in_asks() -> None:
    for frame in FRAMES:
        assert {state for state in State if frame in ALLOWED[state]} == {
            State.LOGGED_IN,
            State.RESUMED,
        }
    assert [ANSWERS[frame] for frame in FRAMES] == [f.Done, f.Done, f.Profile, f.Directory]
