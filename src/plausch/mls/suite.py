"""Cipher suites and the functions MLS builds from them (RFC 9420 sections 5.1, 5.2, 8)."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from plausch.base.ed25519 import has_small_order
from plausch.mls.codec import opaque, u16, u32
from plausch.mls.errors import (
    DecryptionFailed,
    KeyRefused,
    SignatureRefused,
    UnsupportedSuite,
)
from plausch.mls.kem import (
    Kem,
    P256Kem,
    X25519Kem,
    XWingKem,
    labeled_expand,
    labeled_extract,
    load_p256,
)

__all__ = [
    "MLS_128_P256_AES128",
    "MLS_128_X25519_AES128",
    "MLS_128_X25519_CHACHA",
    "MLS_256_XWING",
    "SUITES",
    "Suite",
    "suite",
]

MLS_128_X25519_AES128 = 0x0001
MLS_128_P256_AES128 = 0x0002
MLS_128_X25519_CHACHA = 0x0003
MLS_256_XWING = 0xF00D
"""MLS_256_XWING_AES256GCM_SHA512_Ed25519, at a private-use code point until IANA registers one."""

_EXPORT_LABEL = b"MLS 1.0 external init secret"


@dataclass(frozen=True, slots=True, eq=False)
class Aead:
    """An AEAD: its cipher and the lengths of its key and nonce, in bytes."""

    id: int
    cipher: type[AESGCM] | type[ChaCha20Poly1305]
    library: hpke.AEAD
    key_length: int
    nonce_length: int = 12


@dataclass(frozen=True, slots=True, eq=False)
class Kdf:
    """HKDF over a hash; `id` is its HPKE code point."""

    id: int
    library: hpke.KDF
    hash_name: str
    hash_length: int
    digest: Callable[..., "hashlib._Hash"]


class Ed25519:
    """Signatures with Ed25519: private and public keys of 32 bytes."""

    def generate(self) -> tuple[bytes, bytes]:
        """A fresh private and public key."""
        key = ed25519.Ed25519PrivateKey.generate()
        return key.private_bytes_raw(), key.public_key().public_bytes_raw()

    def public_of(self, private: bytes) -> bytes:
        """Raises KeyRefused."""
        return self._load(private).public_key().public_bytes_raw()

    def sign(self, private: bytes, message: bytes) -> bytes:
        """Raises KeyRefused."""
        return self._load(private).sign(message)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> None:
        """Raises SignatureRefused; KeyRefused for a malformed public key or one of low order."""
        if has_small_order(public):
            raise KeyRefused("An Ed25519 public key of low order binds nobody; it is refused.")
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except InvalidSignature as error:
            raise SignatureRefused("The signature does not verify.") from error
        except ValueError as error:
            raise KeyRefused("An Ed25519 public key has 32 bytes.") from error

    def _load(self, private: bytes) -> ed25519.Ed25519PrivateKey:
        try:
            return ed25519.Ed25519PrivateKey.from_private_bytes(private)
        except ValueError as error:
            raise KeyRefused("An Ed25519 private key has 32 bytes.") from error


class EcdsaP256:
    """ECDSA over P-256 with SHA-256: DER signatures, uncompressed points, 32-byte scalars."""

    def generate(self) -> tuple[bytes, bytes]:
        """A fresh private and public key."""
        return P256Kem().generate()

    def public_of(self, private: bytes) -> bytes:
        """Raises KeyRefused."""
        public = P256Kem().load_private(private).public_key()
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(self, private: bytes, message: bytes) -> bytes:
        """Raises KeyRefused."""
        return P256Kem().load_private(private).sign(message, ec.ECDSA(hashes.SHA256()))

    def verify(self, public: bytes, message: bytes, signature: bytes) -> None:
        """Raises SignatureRefused; KeyRefused for a malformed public key."""
        key = load_p256(public)
        try:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise SignatureRefused("The signature does not verify.") from error


@lru_cache(maxsize=256)
def _labelled(label: str) -> bytes:
    """`opaque label<V>` with the prefix of the protocol version."""
    return opaque(b"MLS 1.0 " + label.encode())


class Suite:
    """One cipher suite: hash, KDF, AEAD, HPKE and signatures with MLS's labels.

    Keys are bytes. Instances come from `suite(id)`; there is one for each code point.
    """

    def __init__(
        self, id: int, name: str, kem: Kem, kdf: Kdf, aead: Aead, signature: Ed25519 | EcdsaP256
    ) -> None:
        self.id = id
        self.name = name
        self.kem = kem
        self.signature = signature
        self.hash_length = kdf.hash_length
        self.key_length = aead.key_length
        self.nonce_length = aead.nonce_length
        self._kdf = kdf
        self._aead = aead
        self._digest = kdf.digest
        self._hash_name = kdf.hash_name
        self._hpke = hpke.Suite(kem.library, kdf.library, aead.library)
        self._hpke_id = b"HPKE" + u16(kem.id) + u16(kdf.id) + u16(aead.id)

    def __repr__(self) -> str:
        return f"<Suite {self.id:#06x} {self.name}>"

    def hash(self, content: bytes) -> bytes:
        """The suite's hash."""
        return self._digest(content).digest()

    def mac(self, key: bytes, content: bytes) -> bytes:
        """HMAC over the suite's hash."""
        return hmac.digest(key, content, self._hash_name)

    def check_mac(self, key: bytes, content: bytes, tag: bytes) -> bool:
        """Whether `tag` is the MAC of `content`, compared in constant time."""
        return hmac.compare_digest(hmac.digest(key, content, self._hash_name), tag)

    def extract(self, salt: bytes, ikm: bytes) -> bytes:
        """KDF.Extract."""
        return hmac.digest(salt, ikm, self._hash_name)

    def expand(self, secret: bytes, info: bytes, length: int) -> bytes:
        """KDF.Expand; at most 255 blocks of the hash."""
        block = hmac.digest(secret, info + b"\x01", self._hash_name)
        if length <= self.hash_length:
            return block[:length]
        out = block
        for counter in range(2, -(-length // self.hash_length) + 1):
            block = hmac.digest(secret, block + info + bytes((counter,)), self._hash_name)
            out += block
        return out[:length]

    def expand_with_label(self, secret: bytes, label: str, context: bytes, length: int) -> bytes:
        """ExpandWithLabel (RFC 9420 section 8)."""
        return self.expand(secret, u16(length) + _labelled(label) + opaque(context), length)

    def derive_secret(self, secret: bytes, label: str) -> bytes:
        """DeriveSecret (RFC 9420 section 8)."""
        return self.expand_with_label(secret, label, b"", self.hash_length)

    def derive_tree_secret(self, secret: bytes, label: str, generation: int, length: int) -> bytes:
        """DeriveTreeSecret (RFC 9420 section 9)."""
        return self.expand_with_label(secret, label, u32(generation), length)

    def ref_hash(self, label: str, content: bytes) -> bytes:
        """RefHash (RFC 9420 section 5.2); `label` is complete, with its "MLS 1.0 "."""
        return self._digest(opaque(label.encode()) + opaque(content)).digest()

    def sign_with_label(self, private: bytes, label: str, content: bytes) -> bytes:
        """SignWithLabel (RFC 9420 section 5.1.2). Raises KeyRefused."""
        return self.signature.sign(private, _labelled(label) + opaque(content))

    def verify_with_label(
        self, public: bytes, label: str, content: bytes, signature: bytes
    ) -> None:
        """VerifyWithLabel. Raises SignatureRefused, or KeyRefused for a malformed public key."""
        self.signature.verify(public, _labelled(label) + opaque(content), signature)

    def encrypt_with_label(
        self, public: bytes, label: str, context: bytes, plaintext: bytes
    ) -> tuple[bytes, bytes]:
        """EncryptWithLabel (RFC 9420 section 5.1.3): KEM output and ciphertext.

        Raises KeyRefused.
        """
        sealed = self._hpke.encrypt(
            plaintext, self.kem.load_public(public), info=_labelled(label) + opaque(context)
        )
        split = self.kem.encapsulated_length
        return sealed[:split], sealed[split:]

    def decrypt_with_label(
        self, private: bytes, label: str, context: bytes, kem_output: bytes, ciphertext: bytes
    ) -> bytes:
        """DecryptWithLabel. Raises DecryptionFailed."""
        if len(kem_output) != self.kem.encapsulated_length:
            raise DecryptionFailed(
                f"The KEM output has {len(kem_output)} bytes; {self.name} needs "
                f"{self.kem.encapsulated_length}."
            )
        try:
            return self._hpke.decrypt(
                kem_output + ciphertext,
                self.kem.load_private(private),
                info=_labelled(label) + opaque(context),
            )
        except (InvalidTag, ValueError) as error:
            raise DecryptionFailed(f"An HPKE ciphertext ({label}) does not open.") from error

    def aead_seal(self, key: bytes, nonce: bytes, aad: bytes, plaintext: bytes) -> bytes:
        """AEAD.Seal."""
        return self._aead.cipher(key).encrypt(nonce, plaintext, aad)

    def aead_open(self, key: bytes, nonce: bytes, aad: bytes, ciphertext: bytes) -> bytes:
        """AEAD.Open. Raises DecryptionFailed."""
        try:
            return self._aead.cipher(key).decrypt(nonce, ciphertext, aad)
        except (InvalidTag, ValueError) as error:
            raise DecryptionFailed(
                "A ciphertext does not open: it was altered, or encrypted under another key."
            ) from error

    def kem_derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair: private and public key."""
        return self.kem.derive_key_pair(ikm)

    def kem_generate(self) -> tuple[bytes, bytes]:
        """A fresh private and public key."""
        return self.kem.generate()

    def kem_check_public(self, public: bytes) -> None:
        """Raises KeyRefused unless a ciphertext can be made for this key."""
        self.kem.load_public(public)

    def signature_generate(self) -> tuple[bytes, bytes]:
        """A fresh signature key pair: private and public."""
        return self.signature.generate()

    def signature_public_of(self, private: bytes) -> bytes:
        """The public half of a signature key. Raises KeyRefused."""
        return self.signature.public_of(private)

    def export_send(self, public: bytes) -> tuple[bytes, bytes]:
        """KEM output and init secret for an external commit (RFC 9420 section 8.3).

        SetupBaseS with empty info, then Export. Raises KeyRefused.
        """
        shared, encapsulated = self.kem.encapsulate(public)
        return encapsulated, self._export(shared)

    def export_receive(self, private: bytes, kem_output: bytes) -> bytes:
        """The init secret of an external commit. Raises DecryptionFailed."""
        return self._export(self.kem.decapsulate(private, kem_output))

    def _export(self, shared: bytes) -> bytes:
        """KeySchedule in base mode and Export (RFC 9180 sections 5.1, 5.3)."""
        name, hpke_id = self._hash_name, self._hpke_id
        context = (
            b"\0"
            + labeled_extract(name, hpke_id, b"", b"psk_id_hash", b"")
            + labeled_extract(name, hpke_id, b"", b"info_hash", b"")
        )
        secret = labeled_extract(name, hpke_id, shared, b"secret", b"")
        exporter = labeled_expand(name, hpke_id, secret, b"exp", context, self.hash_length)
        return labeled_expand(name, hpke_id, exporter, b"sec", _EXPORT_LABEL, self.hash_length)


_SHA256 = Kdf(0x0001, hpke.KDF.HKDF_SHA256, "sha256", 32, hashlib.sha256)
_SHA512 = Kdf(0x0003, hpke.KDF.HKDF_SHA512, "sha512", 64, hashlib.sha512)
_AES128 = Aead(0x0001, AESGCM, hpke.AEAD.AES_128_GCM, 16)
_AES256 = Aead(0x0002, AESGCM, hpke.AEAD.AES_256_GCM, 32)
_CHACHA = Aead(0x0003, ChaCha20Poly1305, hpke.AEAD.CHACHA20_POLY1305, 32)

SUITES: dict[int, Suite] = {
    known.id: known
    for known in (
        Suite(
            MLS_128_X25519_AES128,
            "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
            X25519Kem(),
            _SHA256,
            _AES128,
            Ed25519(),
        ),
        Suite(
            MLS_128_P256_AES128,
            "MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
            P256Kem(),
            _SHA256,
            _AES128,
            EcdsaP256(),
        ),
        Suite(
            MLS_128_X25519_CHACHA,
            "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
            X25519Kem(),
            _SHA256,
            _CHACHA,
            Ed25519(),
        ),
        Suite(
            MLS_256_XWING,
            "MLS_256_XWING_AES256GCM_SHA512_Ed25519",
            XWingKem(),
            _SHA512,
            _AES256,
            Ed25519(),
        ),
    )
}


def suite(id: int) -> Suite:
    """The cipher suite at a code point. Raises UnsupportedSuite."""
    try:
        return SUITES[id]
    except KeyError:
        raise UnsupportedSuite(
            f"Cipher suite {id:#06x} is not supported; use one of "
            f"{', '.join(f'{known:#06x}' for known in SUITES)}."
        ) from None
