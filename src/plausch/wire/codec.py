"""Frames to bytes and back (spec/wire.md): msgpack, decoded strictly into types.

Nothing but `WireError` is raised on hostile bytes.
"""

import msgspec

from plausch.base.errors import Fault, RemoteError
from plausch.wire.frames import (
    Append,
    AppendCommit,
    ClientFrame,
    CreateConversation,
    Report,
    SendEphemeral,
    ServerFrame,
)

FRAME_BYTES = 256 * 1024
"""Limit of an ordinary frame from a device."""

BUNDLE_BYTES = 2 * 1024 * 1024
"""Limit of a frame that carries a GroupInfo, a Commit's bundle or a report, and of any server's."""

MESSAGE_BYTES = 64 * 1024
"""Limit of the MLS message in `Append` and `SendEphemeral`."""

BUNDLE_FRAMES = (AppendCommit, CreateConversation, Report)


class WireError(RemoteError):
    """The other side sent what the protocol does not allow; the connection cannot go on.

    `code` is `bad_frame`, `too_large`, `wrong_state` or `bad_answer`.
    """

    code = "bad_frame"


class MessageTooLarge(WireError):
    """One request is over a limit: it is refused with its `request_id`, the connection goes on.

    `request_id` is 0 for a frame without an id.
    """

    code = "too_large"

    def __init__(self, sentence: str, request_id: int) -> None:
        super().__init__(sentence, fault=Fault.LOCAL)
        self.request_id = request_id


# msgspec decodes strings strictly but lets Python's own error through when they are not UTF-8.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_encoder = msgspec.msgpack.Encoder()
_client_decoder = msgspec.msgpack.Decoder(ClientFrame)
_server_decoder = msgspec.msgpack.Decoder(ServerFrame)


def encode(frame: ClientFrame | ServerFrame) -> bytes:
    """The frame as one WebSocket binary message."""
    return _encoder.encode(frame)


def decode_client(raw: bytes | memoryview) -> ClientFrame:
    """A frame from a device. Raises WireError, and MessageTooLarge for one oversized message."""
    size = len(raw)
    if size > BUNDLE_BYTES:
        raise _too_large(size, BUNDLE_BYTES)
    try:
        frame: ClientFrame = _client_decoder.decode(raw)
    except _UNREADABLE as error:
        raise _unreadable(error) from None
    if size > MESSAGE_BYTES:
        _check_size(frame, size)
    return frame


def decode_server(raw: bytes | memoryview) -> ServerFrame:
    """A frame from the server. Raises WireError."""
    if len(raw) > BUNDLE_BYTES:
        raise _too_large(len(raw), BUNDLE_BYTES)
    try:
        frame: ServerFrame = _server_decoder.decode(raw)
    except _UNREADABLE as error:
        raise _unreadable(error) from None
    return frame


def _check_size(frame: ClientFrame, size: int) -> None:
    if size > FRAME_BYTES and not isinstance(frame, BUNDLE_FRAMES):
        raise _too_large(size, FRAME_BYTES)
    if isinstance(frame, Append | SendEphemeral) and len(frame.message) > MESSAGE_BYTES:
        raise MessageTooLarge(
            f"The message has {len(frame.message)} bytes, and at most {MESSAGE_BYTES} are "
            "accepted; send large content as a file.",
            frame.id if isinstance(frame, Append) else 0,
        )


def _too_large(size: int, limit: int) -> WireError:
    return WireError(
        f"The frame has {size} bytes, and at most {limit} are accepted here; send less at once.",
        code="too_large",
    )


def _unreadable(error: Exception) -> WireError:
    # msgspec names types and places, never the bytes themselves beyond an unknown tag.
    reason = str(error).partition("\n")[0][:200]
    if isinstance(error, UnicodeDecodeError):
        reason = "a text is not UTF-8"
    return WireError(
        f"The frame could not be read: {reason}. Frames are described in spec/wire.md."
    )
