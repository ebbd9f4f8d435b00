"""Ed25519 public keys under which anybody can sign (RFC 8032; section 5.1.7 lets them pass).

OpenSSL verifies under points of small order, browsers and noble refuse them: who took such a key
could sign everything for everybody, and could split a group between implementations.
"""

_FIELD_PRIME = 2**255 - 19
_ORDER_EIGHT_Y = (
    int.from_bytes(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        "little",
    ),
    int.from_bytes(
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        "little",
    ),
)
_SMALL_ORDER_Y = frozenset((0, 1, _FIELD_PRIME - 1, *_ORDER_EIGHT_Y))


def has_small_order(public: bytes) -> bool:
    """Whether 32 bytes are the encoding, canonical or not, of a point of order 1, 2, 4 or 8."""
    y = int.from_bytes(public, "little") & (2**255 - 1)
    return y % _FIELD_PRIME in _SMALL_ORDER_Y
