"""What is wrong with an append by itself, whoever sends it."""

from plausch.mls.errors import ProtocolError
from plausch.mls.framing import header
from plausch.server.errors import Refusal
from plausch.wire import frames as f

IDEMPOTENCY_BYTES = 16


def request_refusal(request: f.Append, most_bytes: int) -> Refusal | None:
    """What is wrong with the request by itself."""
    if len(request.message) > most_bytes:
        return Refusal(
            "too_large",
            f"A message has {len(request.message)} bytes; {most_bytes} is the most.",
        )
    if request.kind not in (f.APPLICATION, f.PROPOSAL):
        return Refusal("bad_message", f"An append cannot be of kind {request.kind}.")
    if not 0 <= request.epoch < 1 << 63:
        return Refusal("bad_message", f"There is no epoch {request.epoch}.")
    if len(request.idempotency_id) != IDEMPOTENCY_BYTES:
        return Refusal("bad_message", f"An idempotency id has {IDEMPOTENCY_BYTES} bytes.")
    return None


_PRIVATE_MESSAGE_16 = b"\x00\x01\x00\x02\x10"
"""MLS 1.0, mls_private_message, and a group id of 16 bytes follows (RFC 9420 section 6)."""


def message_refusal(request: f.Append) -> Refusal | None:
    """Whether the outside of the message is what the request says it is."""
    prefix = _PRIVATE_MESSAGE_16 + request.conversation + request.epoch.to_bytes(8, "big") + b"\x01"
    if request.kind == f.PROPOSAL or request.message.startswith(prefix):
        return None
    try:
        seen = header(request.message)
    except ProtocolError as error:
        return Refusal("bad_message", f"This is no MLS message: {error}")
    return Refusal(
        "bad_message",
        "An append of an application message must be an MLS PrivateMessage of this conversation "
        f"and epoch {request.epoch}, not a {seen.wire_format.name} of epoch {seen.epoch}.",
    )
