"""The outside of a Welcome: its cipher suite and whom it is for (RFC 9420 section 12.4.3.1).

No secrets here: the delivery service looks at Welcomes with this file, welcome.py opens them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from plausch.mls.codec import Reader, opaque, u16, vector
from plausch.mls.errors import require
from plausch.mls.framing import MESSAGE_LIMIT, WireFormat, mls_message, open_message


@dataclass(frozen=True, slots=True)
class EncryptedGroupSecrets:
    """GroupSecrets sealed to the init key of the key package named `new_member`."""

    new_member: bytes
    kem_output: bytes
    ciphertext: bytes

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(reader.opaque(255), reader.opaque(), reader.opaque())

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return opaque(self.new_member) + opaque(self.kem_output) + opaque(self.ciphertext)


@dataclass(frozen=True, slots=True)
class SealedWelcome:
    """The sealed secrets of all members that one Commit adds, and the encrypted GroupInfo."""

    cipher_suite: int
    secrets: tuple[EncryptedGroupSecrets, ...]
    encrypted_group_info: bytes

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        return cls(
            reader.u16(),
            tuple(reader.vector(EncryptedGroupSecrets.read)),
            reader.opaque(MESSAGE_LIMIT),
        )

    @classmethod
    def from_message(cls, raw: bytes) -> Self:
        """A whole MLSMessage that must be a Welcome. Raises CodecError, ValidationError."""
        _, reader = open_message(raw, WireFormat.WELCOME)
        welcome = cls.read(reader)
        reader.finish()
        return welcome

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return (
            u16(self.cipher_suite)
            + vector([item.to_bytes() for item in self.secrets])
            + opaque(self.encrypted_group_info)
        )

    def to_message(self) -> bytes:
        """The encoded MLSMessage."""
        return mls_message(WireFormat.WELCOME, self.to_bytes())


def welcome_references(raw: bytes) -> tuple[bytes, ...]:
    """The references of the key packages a Welcome is for. Raises CodecError, ValidationError."""
    return tuple([item.new_member for item in SealedWelcome.from_message(raw).secrets])


def check_welcome(raw: bytes, suite_id: int, references: Sequence[bytes]) -> None:
    """A Commit's Welcome: of the group's suite, with one secret for each added key package, and
    absent when none is added.

    Raises CodecError, ValidationError `welcome-unasked`, `welcome-suite`, `welcome-references`.
    """
    if not references:
        require(not raw, "welcome-unasked", "There is a Welcome, but the Commit adds nobody.")
        return
    welcome = SealedWelcome.from_message(raw)
    require(
        welcome.cipher_suite == suite_id,
        "welcome-suite",
        f"The Welcome is of cipher suite {welcome.cipher_suite:#06x}, not of its group's.",
    )
    require(
        sorted([item.new_member for item in welcome.secrets]) == sorted(references),
        "welcome-references",
        "The Welcome has not one secret for each added key package.",
    )
