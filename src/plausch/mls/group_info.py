"""GroupInfo: what somebody outside needs to know of an epoch (RFC 9420 section 12.4.3)."""

from dataclasses import dataclass
from typing import Self

from plausch.mls.codec import Reader, opaque, u32
from plausch.mls.errors import SignatureRefused, ValidationError
from plausch.mls.extension import (
    Extensions,
    encode_extensions,
    find_extension,
    read_extensions,
)
from plausch.mls.framing import (
    MAC_LIMIT,
    SIGNATURE_LIMIT,
    WireFormat,
    mls_message,
    open_message,
)
from plausch.mls.group_context import GroupContext
from plausch.mls.suite import Suite


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """An epoch's GroupContext with extensions, signed by the member at leaf `signer`."""

    group_context: GroupContext
    extensions: Extensions
    confirmation_tag: bytes
    signer: int
    signature: bytes = b""

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError, ValidationError `version`."""
        return cls(
            GroupContext.read(reader),
            read_extensions(reader),
            reader.opaque(MAC_LIMIT),
            reader.u32(),
            reader.opaque(SIGNATURE_LIMIT),
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError, ValidationError `version`."""
        reader = Reader(raw)
        group_info = cls.read(reader)
        reader.finish()
        return group_info

    def to_be_signed(self) -> bytes:
        """GroupInfoTBS."""
        return (
            self.group_context.encoded
            + encode_extensions(self.extensions)
            + opaque(self.confirmation_tag)
            + u32(self.signer)
        )

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return self.to_be_signed() + opaque(self.signature)

    def to_message(self) -> bytes:
        """The encoded MLSMessage."""
        return mls_message(WireFormat.GROUP_INFO, self.to_bytes())

    def extension(self, kind: int) -> bytes | None:
        """The body of the extension of type `kind`, or None."""
        return find_extension(self.extensions, kind)

    def signed(self, suite: Suite, private: bytes) -> "GroupInfo":
        """The same with the signer's signature."""
        signature = suite.sign_with_label(private, "GroupInfoTBS", self.to_be_signed())
        return GroupInfo(
            self.group_context, self.extensions, self.confirmation_tag, self.signer, signature
        )

    def verify(self, suite: Suite, public: bytes) -> None:
        """Raises ValidationError `group-info-signature`, KeyRefused."""
        try:
            suite.verify_with_label(public, "GroupInfoTBS", self.to_be_signed(), self.signature)
        except SignatureRefused as error:
            raise ValidationError(
                "group-info-signature", "The GroupInfo is not signed by the member it names."
            ) from error


def parse_group_info(raw: bytes) -> GroupInfo:
    """A whole MLSMessage that must be a GroupInfo. Raises CodecError, ValidationError."""
    _, reader = open_message(raw, WireFormat.GROUP_INFO)
    group_info = GroupInfo.read(reader)
    reader.finish()
    return group_info
