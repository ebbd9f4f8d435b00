"""Welcome: how a new member gets the secrets of its first epoch (RFC 9420 section 12.4.3.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from plausch.mls.codec import Reader, opaque, optional, parse_whole, vector
from plausch.mls.errors import ValidationError
from plausch.mls.group_info import GroupInfo
from plausch.mls.key_package import KeyPackage
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.suite import Suite
from plausch.mls.welcome_header import EncryptedGroupSecrets, SealedWelcome

SECRET_LIMIT = 64


@dataclass(frozen=True, slots=True, repr=False)
class GroupSecrets:
    """What a Welcome tells one new member: joiner secret, its path secret, the PSKs used."""

    joiner_secret: bytes
    path_secret: bytes | None
    psks: tuple[PreSharedKeyId, ...]

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(
            reader.opaque(SECRET_LIMIT),
            reader.optional(lambda inner: inner.opaque(SECRET_LIMIT)),
            tuple(reader.vector(PreSharedKeyId.read)),
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        path = None if self.path_secret is None else opaque(self.path_secret)
        return (
            opaque(self.joiner_secret)
            + optional(path)
            + vector([psk.to_bytes() for psk in self.psks])
        )


@dataclass(frozen=True, slots=True)
class Welcome(SealedWelcome):
    """A Welcome that can be opened."""

    def open_secrets(self, suite: Suite, reference: bytes, init_private: bytes) -> GroupSecrets:
        """The secrets for the key package named `reference`.

        Raises ValidationError `welcome-for-us`, DecryptionFailed, CodecError.
        """
        for item in self.secrets:
            if item.new_member == reference:
                plain = suite.decrypt_with_label(
                    init_private,
                    "Welcome",
                    self.encrypted_group_info,
                    item.kem_output,
                    item.ciphertext,
                )
                return GroupSecrets.from_bytes(plain)
        raise ValidationError(
            "welcome-for-us", "This Welcome is not for the key package it was opened with."
        )

    def open_group_info(self, suite: Suite, welcome_secret: bytes) -> GroupInfo:
        """Raises DecryptionFailed, CodecError, ValidationError `version`."""
        key, nonce = _welcome_key(suite, welcome_secret)
        return GroupInfo.from_bytes(suite.aead_open(key, nonce, b"", self.encrypted_group_info))


def parse_welcome(raw: bytes) -> Welcome:
    """A whole MLSMessage that must be a Welcome. Raises CodecError, ValidationError."""
    return Welcome.from_message(raw)


def seal_welcome(
    suite: Suite,
    group_info: GroupInfo,
    welcome_secret: bytes,
    newcomers: Sequence[tuple[KeyPackage, GroupSecrets]],
) -> Welcome:
    """A Welcome for `newcomers`. Raises KeyRefused for an init key that is none."""
    key, nonce = _welcome_key(suite, welcome_secret)
    sealed = suite.aead_seal(key, nonce, b"", group_info.to_bytes())
    entries = []
    for key_package, secrets in newcomers:
        kem_output, ciphertext = suite.encrypt_with_label(
            key_package.init_key, "Welcome", sealed, secrets.to_bytes()
        )
        entries.append(EncryptedGroupSecrets(key_package.ref(suite), kem_output, ciphertext))
    return Welcome(suite.id, tuple(entries), sealed)


def _welcome_key(suite: Suite, welcome_secret: bytes) -> tuple[bytes, bytes]:
    expand = suite.expand_with_label
    return (
        expand(welcome_secret, "key", b"", suite.key_length),
        expand(welcome_secret, "nonce", b"", suite.nonce_length),
    )
