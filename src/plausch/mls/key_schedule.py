"""The key schedule: from one epoch's secrets to the next (RFC 9420 section 8)."""

from dataclasses import dataclass, fields
from typing import Self

from plausch.mls.codec import Reader, opaque
from plausch.mls.suite import Suite

SECRET_LIMIT = 64
EXPORT_LIMIT_BYTES = 255 * 32
"""The most that HKDF gives with the shortest hash of a suite, SHA-256 (RFC 5869 section 2.3)."""


@dataclass(frozen=True, slots=True, repr=False)
class EpochSecrets:
    """The secrets of one epoch that outlive its derivation.

    `epoch_secret` and `joiner_secret` are not here: everything is derived from them at once and
    they are forgotten. `encryption_secret` goes into the secret tree and nowhere else.
    """

    sender_data: bytes
    exporter: bytes
    external: bytes
    confirmation_key: bytes
    membership_key: bytes
    resumption: bytes
    authenticator: bytes
    init: bytes

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """From saved bytes. Raises CodecError."""
        return cls(*[reader.opaque(SECRET_LIMIT) for _ in fields(cls)])

    def to_bytes(self) -> bytes:
        """For saving; the order is that of the fields."""
        return b"".join([opaque(getattr(self, item.name)) for item in fields(self)])

    def export(self, suite: Suite, label: str, context: bytes, length: int) -> bytes:
        """MLS-Exporter (RFC 9420 section 8.5); `length` in bytes."""
        secret = suite.derive_secret(self.exporter, label)
        return suite.expand_with_label(secret, "exported", suite.hash(context), length)


@dataclass(frozen=True, slots=True, repr=False)
class EpochKeys:
    """Everything one step of the key schedule yields; only `secrets` is kept."""

    joiner: bytes
    welcome: bytes
    encryption: bytes
    secrets: EpochSecrets


def joiner_secret(suite: Suite, init_secret: bytes, commit_secret: bytes, context: bytes) -> bytes:
    """What a Welcome carries; `context` is the encoded GroupContext of the new epoch."""
    extracted = suite.extract(init_secret, commit_secret)
    return suite.expand_with_label(extracted, "joiner", context, suite.hash_length)


def welcome_secret(suite: Suite, joiner: bytes, psk_secret: bytes) -> bytes:
    """The secret that encrypts the GroupInfo of a Welcome."""
    return suite.derive_secret(suite.extract(joiner, psk_secret), "welcome")


def epoch_keys(suite: Suite, joiner: bytes, psk_secret: bytes, context: bytes) -> EpochKeys:
    """All secrets of an epoch from its joiner secret (RFC 9420 figure 22, table 4)."""
    intermediate = suite.extract(joiner, psk_secret)
    epoch_secret = suite.expand_with_label(intermediate, "epoch", context, suite.hash_length)
    return _derive(suite, joiner, suite.derive_secret(intermediate, "welcome"), epoch_secret)


def next_epoch_keys(
    suite: Suite, init_secret: bytes, commit_secret: bytes, psk_secret: bytes, context: bytes
) -> EpochKeys:
    """One Commit's step; `commit_secret` is zeros when the Commit has no path."""
    joiner = joiner_secret(suite, init_secret, commit_secret, context)
    return epoch_keys(suite, joiner, psk_secret, context)


def first_epoch_keys(suite: Suite, epoch_secret: bytes) -> EpochKeys:
    """Epoch 0 of a new group: `epoch_secret` is random, KDF.Nh bytes (RFC 9420 section 11)."""
    return _derive(suite, b"", b"", epoch_secret)


def _derive(suite: Suite, joiner: bytes, welcome: bytes, epoch_secret: bytes) -> EpochKeys:
    derive = suite.derive_secret
    return EpochKeys(
        joiner=joiner,
        welcome=welcome,
        encryption=derive(epoch_secret, "encryption"),
        secrets=EpochSecrets(
            sender_data=derive(epoch_secret, "sender data"),
            exporter=derive(epoch_secret, "exporter"),
            external=derive(epoch_secret, "external"),
            confirmation_key=derive(epoch_secret, "confirm"),
            membership_key=derive(epoch_secret, "membership"),
            resumption=derive(epoch_secret, "resumption"),
            authenticator=derive(epoch_secret, "authentication"),
            init=derive(epoch_secret, "init"),
        ),
    )
