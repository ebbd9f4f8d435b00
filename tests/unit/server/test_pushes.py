"""Pushes as bytes: WebSocket messages of any size, and envelopes in as few frames as may be."""

import pytest

from plausch.server.pushes import ENVELOPE_OVERHEAD_BYTES, deliveries, websocket_message
from plausch.wire import frames as f
from plausch.wire.codec import decode_server

from .test_hub import ANNA, CONVERSATION, envelope, payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536, 2_000_000])
def test_a_websocket_message_of_any_size(size: int) -> None:
    message = websocket_message(bytes(size))
    assert payload(message) == bytes(size)
    length = message[1]
    if length == 126:
        length = int.from_bytes(message[2:4], "big")
    elif length == 127:
        length = int.from_bytes(message[2:10], "big")
    assert length == size


def told(sizes: list[int], inline_bytes: int) -> list[tuple[int, int]]:
    """By frame: the last place, and how many envelopes are in it."""
    envelopes = [envelope(seq, ANNA, size) for seq, size in enumerate(sizes, start=1)]
    frames = [
        decode_server(payload(one)) for one in deliveries(CONVERSATION, envelopes, inline_bytes)
    ]
    assert all(isinstance(one, f.Delivery) for one in frames)
    return [(one.head, len(one.envelopes)) for one in frames if isinstance(one, f.Delivery)]


def test_envelopes_are_divided_by_their_size() -> None:
    room = 2 * (100 + ENVELOPE_OVERHEAD_BYTES)
    assert told([100, 100], room) == [(2, 2)]
    assert told([100, 100, 100], room) == [(2, 2), (3, 1)]
    assert told([1, room, 1], room) == [(1, 1), (2, 0), (3, 1)], "what is too large is fetched"
