"""What is pushed, as bytes that go to every device as they are."""

from collections.abc import Iterable, Sequence

from plausch.wire import frames as f
from plausch.wire.codec import encode

ENVELOPE_OVERHEAD_BYTES = 128


def deliveries(
    conversation: bytes, envelopes: Sequence[f.Envelope], inline_bytes: int
) -> Iterable[bytes]:
    """The envelopes in as few frames as the inline limit allows, ready to send."""
    start = size = 0
    for place, envelope in enumerate(envelopes):
        bytes_more = len(envelope.message) + ENVELOPE_OVERHEAD_BYTES
        if place > start and size + bytes_more > inline_bytes:
            yield _delivery(conversation, envelopes[start:place], size <= inline_bytes)
            start, size = place, 0
        size += bytes_more
    yield _delivery(conversation, envelopes[start:], size <= inline_bytes)


def _delivery(conversation: bytes, envelopes: Sequence[f.Envelope], fits: bool) -> bytes:
    inline = list(envelopes) if fits else []
    return websocket_message(encode(f.Delivery(conversation, envelopes[-1].seq, inline)))


def websocket_message(payload: bytes) -> bytes:
    """An unmasked, unfragmented binary WebSocket message (RFC 6455 section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x82, size)) + payload
    if size < 65536:
        return bytes((0x82, 126, size >> 8, size & 0xFF)) + payload
    return b"\x82\x7f" + size.to_bytes(8, "big") + payload
