"""A WebSocket message that comes in pieces (RFC 6455 section 5.4).

Whoever writes for a browser cannot help it: Chromium cuts whatever does not fit into its buffer,
64 KiB of it at most.
"""

from plausch.wire.codec import BUNDLE_BYTES, WireError


class Pieces:
    """The beginning of a message. No more of it is kept than a frame may have."""

    __slots__ = ("_bytes",)

    def __init__(self, first: bytes) -> None:
        """Raises WireError."""
        self._bytes = bytearray()
        self.add(first)

    def add(self, piece: bytes) -> None:
        """One that others follow. Raises WireError: empty, which never ends, or too much."""
        if not piece or len(self._bytes) + len(piece) > BUNDLE_BYTES:
            raise WireError(
                "A message in pieces has no empty ones before the last, and at most "
                f"{BUNDLE_BYTES} bytes."
            )
        self._bytes += piece

    def whole(self, last: bytes) -> bytes:
        """The message, with its last piece; what is too large the codec refuses."""
        return bytes(self._bytes + last)
