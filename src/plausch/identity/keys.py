"""Ed25519 keys (RFC 8032) and signatures with domain separation.

A signature over an object of Plausch is Ed25519 over `"Plausch 1.0 " label NUL payload`, so
that one kind of object never passes for another. The same device key signs MLS content; those
inputs begin with the length of an MLS label (RFC 9420 section 5.1.2), never with `Plausch`.
"""

from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from plausch.base.ed25519 import has_small_order
from plausch.base.errors import LocalError
from plausch.identity.errors import IdentityRefused

KEY_BYTES = 32
SIGNATURE_BYTES = 64

_CONTEXT = b"Plausch 1.0 "


class SigningKey:
    """An Ed25519 private key: an account's identity key, or a device's signature key."""

    __slots__ = ("_private", "public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public: bytes = private.public_key().public_bytes_raw()
        """The 32 bytes of the public key."""

    @classmethod
    def generate(cls) -> Self:
        """A new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """From the 32 bytes of `to_bytes`. Raises LocalError."""
        if len(raw) != KEY_BYTES:
            raise LocalError(f"A private signing key has {KEY_BYTES} bytes, not {len(raw)}.")
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    def to_bytes(self) -> bytes:
        """The 32 secret bytes (the seed of RFC 8032 section 5.1.5)."""
        return self._private.private_bytes_raw()

    def sign(self, label: str, payload: bytes) -> bytes:
        """64 bytes over the label and the payload."""
        return self._private.sign(signed_bytes(label, payload))

    def sign_raw(self, message: bytes) -> bytes:
        """64 bytes over exactly these bytes; only for MLS, which brings its own label."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.hex()})"


def signed_bytes(label: str, payload: bytes) -> bytes:
    """What is signed for a payload under a label."""
    return _CONTEXT + label.encode() + b"\0" + payload


def check_public_key(public: bytes) -> None:
    """Refuse what cannot be anybody's own key: a wrong length, or a point of small order.

    Under a point of small order a signature for every message can be forged by anybody.
    Raises IdentityRefused (`bad_key`).
    """
    if len(public) != KEY_BYTES:
        raise IdentityRefused(
            f"A public key has {KEY_BYTES} bytes, not {len(public)}.", code="bad_key"
        )
    if has_small_order(public):
        raise IdentityRefused("A public key is a point of small order.", code="bad_key")


def verify(public: bytes, label: str, payload: bytes, signature: bytes) -> None:
    """Check a signature made by `SigningKey.sign`.

    Raises IdentityRefused (`bad_signature`, `bad_key`).
    """
    check_public_key(public)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed_bytes(label, payload))
    except (InvalidSignature, ValueError) as error:
        raise IdentityRefused(
            f"The signature of the {label} is not by key {public.hex()[:16]}.",
            code="bad_signature",
        ) from error
