"""VAPID: how a server says to a push service who it is (RFC 8292).

A token (JWT, ES256) for the push service's origin, signed by the server's key. A token is made
once in a while for each origin; nothing in it names a device.
"""

import base64
from collections import OrderedDict

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from plausch.base.clock import Clock
from plausch.base.errors import OperatorError

LIFE_S = 12 * 3600
"""How long a token is valid; 24 hours is the most that push services take."""

RENEWED_S = 6 * 3600
ORIGINS = 256
"""Tokens kept at most: devices name origins as they like."""

_HEADER = b'{"typ":"JWT","alg":"ES256"}'


class KeyDamaged(OperatorError):
    """What the database has as the server's key for wake-ups is none."""

    code = "wake_up_key_damaged"


class Signer:
    """Signs for one server. `contact` is whom a push service may turn to: a URL."""

    def __init__(self, private: bytes, clock: Clock, contact: str) -> None:
        self._key = _parsed(private)
        self._clock, self._contact = clock, contact
        self._tokens: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self.public = self._key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        """A point of P-256, uncompressed: what browsers take as `applicationServerKey`."""

    def authorization(self, origin: str) -> str:
        """The header `Authorization` of a request to this origin."""
        now_s = self._clock.now_ms() // 1000
        made_s, value = self._tokens.pop(origin, (0, ""))
        if not made_s <= now_s < made_s + RENEWED_S:
            made_s, value = now_s, f"vapid t={self._token(origin, now_s)}, k={_text(self.public)}"
        self._tokens[origin] = (made_s, value)
        if len(self._tokens) > ORIGINS:
            self._tokens.popitem(last=False)
        return value

    def _token(self, origin: str, now_s: int) -> str:
        claims = {"aud": origin, "exp": now_s + LIFE_S, "sub": self._contact}
        signed = f"{_text(_HEADER)}.{_text(msgspec.json.encode(claims))}"
        der = self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        return f"{signed}.{_text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def new_private_key() -> bytes:
    """A new key, as the database keeps it (PKCS #8)."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _parsed(private: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_der_private_key(private, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise KeyDamaged(
            "The server's key for wake-ups in the table wake_up_key is no key: delete that row, "
            "then a new one is made, and devices hand in their endpoints again."
        )
    return key


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
