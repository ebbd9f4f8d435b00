"""Key encapsulation for HPKE: DHKEM(X25519), DHKEM(P-256) (RFC 9180 section 4.1) and X-Wing.

Keys travel as bytes; the objects of the crypto library stay inside this file and `hpke`.
Private keys are never cached: forward secrecy needs them to be forgotten when their owner
forgets them.
"""

import hashlib
import hmac
import os
from abc import ABC, abstractmethod

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from plausch.mls.errors import DecryptionFailed, KeyRefused

PublicKey = x25519.X25519PublicKey | ec.EllipticCurvePublicKey | hpke.MLKEM768X25519PublicKey
PrivateKey = x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey | hpke.MLKEM768X25519PrivateKey

_X25519_LOW_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "00" * 32,
        "01" + "00" * 31,
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    )
)
"""Points whose shared secret is always zero (RFC 7748 section 6.1). Encryption to them fails,
so one such leaf would keep everybody else from committing: they are refused at the door."""


class Kem(ABC):
    """One KEM of RFC 9180: key pairs, and shared secrets between them."""

    id: int
    """The HPKE code point of the KEM."""

    encapsulated_length: int
    """Bytes of the encapsulation that goes in front of a ciphertext."""

    library: hpke.KEM

    @abstractmethod
    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair: the private and public key that follow from `ikm`."""

    @abstractmethod
    def public_of(self, private: bytes) -> bytes:
        """The public key of a private one. Raises KeyRefused."""

    @abstractmethod
    def load_public(self, raw: bytes) -> PublicKey:
        """Raises KeyRefused for bytes that are no usable public key."""

    @abstractmethod
    def load_private(self, raw: bytes) -> PrivateKey:
        """Raises KeyRefused for bytes that are no private key."""

    @abstractmethod
    def encapsulate(self, public: bytes) -> tuple[bytes, bytes]:
        """A fresh shared secret and its encapsulation to `public`. Raises KeyRefused."""

    @abstractmethod
    def decapsulate(self, private: bytes, encapsulated: bytes) -> bytes:
        """The shared secret. Raises KeyRefused or DecryptionFailed."""

    def generate(self) -> tuple[bytes, bytes]:
        """A fresh private and public key."""
        return self.derive_key_pair(os.urandom(64))


def labeled_extract(hash_name: str, suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    """LabeledExtract of RFC 9180 section 4."""
    return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, hash_name)


def labeled_expand(
    hash_name: str, suite: bytes, secret: bytes, label: bytes, context: bytes, length: int
) -> bytes:
    """LabeledExpand of RFC 9180 section 4, for at most one block of the hash."""
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context
    return hmac.digest(secret, labeled + b"\x01", hash_name)[:length]


class _DhKem(Kem):
    """What the two Diffie-Hellman KEMs of MLS share: HKDF-SHA256 and ExtractAndExpand."""

    @property
    def _suite(self) -> bytes:
        return b"KEM" + self.id.to_bytes(2, "big")

    def _shared(self, exchanged: bytes, context: bytes) -> bytes:
        secret = labeled_extract("sha256", self._suite, b"", b"eae_prk", exchanged)
        return labeled_expand("sha256", self._suite, secret, b"shared_secret", context, 32)

    @abstractmethod
    def _exchange(self, private: bytes, public: bytes) -> bytes:
        """The raw Diffie-Hellman value. Raises KeyRefused."""

    def encapsulate(self, public: bytes) -> tuple[bytes, bytes]:
        """A fresh shared secret and its encapsulation. Raises KeyRefused."""
        ephemeral, encapsulated = self.generate()
        exchanged = self._exchange(ephemeral, public)
        return self._shared(exchanged, encapsulated + public), encapsulated

    def decapsulate(self, private: bytes, encapsulated: bytes) -> bytes:
        """The shared secret. Raises KeyRefused or DecryptionFailed."""
        try:
            exchanged = self._exchange(private, encapsulated)
        except KeyRefused as error:
            raise DecryptionFailed(f"The encapsulation is no public key: {error}") from error
        return self._shared(exchanged, encapsulated + self.public_of(private))


class X25519Kem(_DhKem):
    """DHKEM(X25519, HKDF-SHA256)."""

    id = 0x0020
    encapsulated_length = 32
    library = hpke.KEM.X25519

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair of the KEM."""
        secret = labeled_extract("sha256", self._suite, b"", b"dkp_prk", ikm)
        private = labeled_expand("sha256", self._suite, secret, b"sk", b"", 32)
        return private, self.public_of(private)

    def public_of(self, private: bytes) -> bytes:
        """The public key of a private one. Raises KeyRefused."""
        return self.load_private(private).public_key().public_bytes_raw()

    def load_public(self, raw: bytes) -> x25519.X25519PublicKey:
        """Raises KeyRefused."""
        return _load_x25519(raw)

    def load_private(self, raw: bytes) -> x25519.X25519PrivateKey:
        """Raises KeyRefused."""
        if len(raw) != 32:
            raise KeyRefused(f"An X25519 private key has 32 bytes, not {len(raw)}.")
        return x25519.X25519PrivateKey.from_private_bytes(raw)

    def _exchange(self, private: bytes, public: bytes) -> bytes:
        return self.load_private(private).exchange(self.load_public(public))


class P256Kem(_DhKem):
    """DHKEM(P-256, HKDF-SHA256): public keys are uncompressed points, private ones 32 bytes."""

    id = 0x0010
    encapsulated_length = 65
    library = hpke.KEM.P256
    _order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair of the KEM."""
        secret = labeled_extract("sha256", self._suite, b"", b"dkp_prk", ikm)
        for counter in range(256):
            private = labeled_expand(
                "sha256", self._suite, secret, b"candidate", bytes((counter,)), 32
            )
            if 0 < int.from_bytes(private, "big") < self._order:
                return private, self.public_of(private)
        raise KeyRefused("No P-256 key follows from this secret; choose another one.")

    def public_of(self, private: bytes) -> bytes:
        """The public key of a private one. Raises KeyRefused."""
        public = self.load_private(private).public_key()
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def load_public(self, raw: bytes) -> ec.EllipticCurvePublicKey:
        """Raises KeyRefused."""
        return load_p256(raw)

    def load_private(self, raw: bytes) -> ec.EllipticCurvePrivateKey:
        """Raises KeyRefused."""
        scalar = int.from_bytes(raw, "big")
        if len(raw) > 32 or not 0 < scalar < self._order:
            raise KeyRefused("A P-256 private key is a number of 32 bytes below the group's order.")
        return ec.derive_private_key(scalar, ec.SECP256R1())

    def _exchange(self, private: bytes, public: bytes) -> bytes:
        return self.load_private(private).exchange(ec.ECDH(), self.load_public(public))


class XWingKem(Kem):
    """X-Wing = ML-KEM-768 and X25519 (draft-connolly-cfrg-xwing-kem).

    The private key is the 32-byte seed; the public key is ML-KEM's 1184 bytes, then X25519's 32.
    DeriveKeyPair takes SHAKE256(ikm) as the seed, as that draft's section on HPKE says.
    """

    id = 0x647A
    encapsulated_length = 1120
    library = hpke.KEM.MLKEM768_X25519
    _split = 1184
    _label = b"\\.//^\\"

    def generate(self) -> tuple[bytes, bytes]:
        """A fresh seed and its public key."""
        private = os.urandom(32)
        return private, self.public_of(private)

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair of the KEM."""
        private = hashlib.shake_256(ikm).digest(32)
        return private, self.public_of(private)

    def _parts(self, private: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        if len(private) != 32:
            raise KeyRefused(f"An X-Wing private key has 32 bytes, not {len(private)}.")
        expanded = hashlib.shake_256(private).digest(96)
        return (
            mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
            x25519.X25519PrivateKey.from_private_bytes(expanded[64:]),
        )

    def public_of(self, private: bytes) -> bytes:
        """The public key of a private one. Raises KeyRefused."""
        lattice, curve = self._parts(private)
        return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()

    def _public_parts(self, raw: bytes) -> tuple[mlkem.MLKEM768PublicKey, x25519.X25519PublicKey]:
        if len(raw) != self._split + 32:
            raise KeyRefused(f"An X-Wing public key has 1216 bytes, not {len(raw)}.")
        try:
            lattice = mlkem.MLKEM768PublicKey.from_public_bytes(raw[: self._split])
        except ValueError as error:
            raise KeyRefused("The ML-KEM half of an X-Wing public key is malformed.") from error
        return lattice, _load_x25519(raw[self._split :])

    def load_public(self, raw: bytes) -> hpke.MLKEM768X25519PublicKey:
        """Raises KeyRefused."""
        return hpke.MLKEM768X25519PublicKey(*self._public_parts(raw))

    def load_private(self, raw: bytes) -> hpke.MLKEM768X25519PrivateKey:
        """Raises KeyRefused."""
        return hpke.MLKEM768X25519PrivateKey(*self._parts(raw))

    def _combine(self, lattice: bytes, curve: bytes, encapsulated: bytes, public: bytes) -> bytes:
        return hashlib.sha3_256(lattice + curve + encapsulated + public + self._label).digest()

    def encapsulate(self, public: bytes) -> tuple[bytes, bytes]:
        """A fresh shared secret and its encapsulation. Raises KeyRefused."""
        lattice, curve = self._public_parts(public)
        ephemeral = x25519.X25519PrivateKey.generate()
        lattice_secret, lattice_part = lattice.encapsulate()
        curve_part = ephemeral.public_key().public_bytes_raw()
        shared = self._combine(
            lattice_secret, ephemeral.exchange(curve), curve_part, public[self._split :]
        )
        return shared, lattice_part + curve_part

    def decapsulate(self, private: bytes, encapsulated: bytes) -> bytes:
        """The shared secret. Raises KeyRefused or DecryptionFailed."""
        if len(encapsulated) != self.encapsulated_length:
            raise DecryptionFailed(
                f"An X-Wing encapsulation has 1120 bytes, not {len(encapsulated)}."
            )
        lattice, curve = self._parts(private)
        lattice_part, curve_part = encapsulated[:-32], encapsulated[-32:]
        try:
            exchanged = curve.exchange(_load_x25519(curve_part))
        except KeyRefused as error:
            raise DecryptionFailed(f"The encapsulation is no public key: {error}") from error
        return self._combine(
            lattice.decapsulate(lattice_part),
            exchanged,
            curve_part,
            curve.public_key().public_bytes_raw(),
        )


def _load_x25519(raw: bytes) -> x25519.X25519PublicKey:
    if len(raw) != 32:
        raise KeyRefused(f"An X25519 public key has 32 bytes, not {len(raw)}.")
    if raw[:31] + bytes((raw[31] & 0x7F,)) in _X25519_LOW_ORDER:
        raise KeyRefused("An X25519 public key of low order gives no secret; it is refused.")
    return x25519.X25519PublicKey.from_public_bytes(raw)


def load_p256(raw: bytes) -> ec.EllipticCurvePublicKey:
    """An uncompressed point on P-256. Raises KeyRefused."""
    if len(raw) != 65 or raw[0] != 4:
        raise KeyRefused("A P-256 public key is an uncompressed point of 65 bytes.")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError as error:
        raise KeyRefused("A P-256 public key does not lie on the curve.") from error
