"""KeyPackage: what a device leaves with the server so that others can add it (RFC 9420, 10).

No secrets here: the server parses and checks key packages with this file too.
"""

from dataclasses import dataclass, field
from typing import Self

from plausch.mls.codec import Reader, opaque, parse_whole, u16
from plausch.mls.credential import CredentialJudge, Role
from plausch.mls.errors import (
    CodecError,
    KeyRefused,
    SignatureRefused,
    ValidationError,
    require,
)
from plausch.mls.extension import (
    LAST_RESORT,
    Extension,
    Extensions,
    encode_extensions,
    find_extension,
    read_extensions,
)
from plausch.mls.leaf_node import KEY_LIMIT, MLS10, SOURCE_KEY_PACKAGE, LeafNode
from plausch.mls.leaf_validation import (
    MAX_LIFETIME_S,
    GroupDemands,
    check_lifetime,
    validate_leaf,
)
from plausch.mls.suite import Suite

_LABEL = "KeyPackageTBS"
_REF_LABEL = "MLS 1.0 KeyPackage Reference"
_WIRE_FORMAT_KEY_PACKAGE = 0x0005

KEY_PACKAGE_EXTENSIONS_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class KeyPackage:
    """A signed offer to be added. Two are equal when their encodings are."""

    version: int
    cipher_suite: int
    init_key: bytes
    leaf_node: LeafNode
    extensions: tuple[Extension, ...]
    signature: bytes = field(repr=False)
    encoded: bytes = field(repr=False)
    """The exact bytes of the key package."""
    unsigned: bytes = field(repr=False)
    """The part of the bytes that the signature covers."""

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        start = reader.position
        version = reader.u16()
        cipher_suite = reader.u16()
        init_key = reader.opaque(KEY_LIMIT)
        leaf_node = LeafNode.read(reader)
        extensions = read_extensions(reader, KEY_PACKAGE_EXTENSIONS_LIMIT)
        unsigned = reader.since(start)
        signature = reader.opaque(KEY_LIMIT)
        encoded = reader.since(start)
        return cls(
            version, cipher_suite, init_key, leaf_node, extensions, signature, encoded, unsigned
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    @classmethod
    def sign(
        cls,
        suite: Suite,
        signer_private: bytes,
        init_key: bytes,
        leaf_node: LeafNode,
        extensions: Extensions = (),
    ) -> Self:
        """A key package around a leaf that is already signed. Raises KeyRefused."""
        unsigned = (
            u16(MLS10)
            + u16(suite.id)
            + opaque(init_key)
            + leaf_node.to_bytes()
            + encode_extensions(extensions)
        )
        signature = suite.sign_with_label(signer_private, _LABEL, unsigned)
        return cls.from_bytes(unsigned + opaque(signature))

    def to_bytes(self) -> bytes:
        """The TLS encoding, without the MLSMessage around it."""
        return self.encoded

    def to_message(self) -> bytes:
        """As an MLSMessage (RFC 9420 section 6)."""
        return u16(MLS10) + u16(_WIRE_FORMAT_KEY_PACKAGE) + self.encoded

    @property
    def last_resort(self) -> bool:
        """Whether it may be handed out more than once, when no other is left."""
        return find_extension(self.extensions, LAST_RESORT) is not None

    def ref(self, suite: Suite) -> bytes:
        """KeyPackageRef (RFC 9420 section 5.2)."""
        return suite.ref_hash(_REF_LABEL, self.encoded)

    def validate(
        self,
        suite: Suite,
        judge: CredentialJudge,
        now_s: int,
        demands: GroupDemands | None = None,
        max_lifetime_s: int | None = MAX_LIFETIME_S,
        role: Role = "key_package",
    ) -> None:
        """All checks of RFC 9420 section 10.1, for a group of `suite` with `demands`;
        `max_lifetime_s` as in `check_lifetime`. `role` is told to the judge; "added": somebody
        else has used the package.

        `key-package-version`, `key-package-suite`, `key-package-init-key`,
        `key-package-init-key-differs`, `key-package-signature`, `key-package-lifetime`, and those
        of its leaf. Raises ValidationError or CredentialRefused.
        """
        require(
            self.version == MLS10,
            "key-package-version",
            f"A key package is for protocol version {self.version}; only MLS 1.0 is spoken here.",
        )
        require(
            self.cipher_suite == suite.id,
            "key-package-suite",
            f"A key package is for cipher suite {self.cipher_suite:#06x}; "
            f"{suite.id:#06x} is needed.",
        )
        require(
            self.init_key != self.leaf_node.encryption_key,
            "key-package-init-key-differs",
            "A key package uses one key for joining and for its leaf; they must differ.",
        )
        try:
            suite.kem_check_public(self.init_key)
        except KeyRefused as error:
            raise ValidationError(
                "key-package-init-key", f"A key package's init key is unusable: {error}"
            ) from error
        self._check_signature(suite)
        validate_leaf(
            self.leaf_node,
            demands or GroupDemands(suite),
            judge,
            source=SOURCE_KEY_PACKAGE,
            binding=None,
            role=role,
        )
        try:
            check_lifetime(self.leaf_node, now_s, max_lifetime_s, was_used=role == "added")
        except ValidationError as error:
            raise ValidationError("key-package-lifetime", str(error)) from error

    def _check_signature(self, suite: Suite) -> None:
        try:
            suite.verify_with_label(
                self.leaf_node.signature_key, _LABEL, self.unsigned, self.signature
            )
        except (SignatureRefused, KeyRefused) as error:
            raise ValidationError(
                "key-package-signature",
                "A key package's signature does not verify: it was altered on the way.",
            ) from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeyPackage) and self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)


def parse_key_package(message: bytes) -> KeyPackage:
    """A key package from an MLSMessage. Raises CodecError."""
    reader = Reader(message)
    version, wire_format = reader.u16(), reader.u16()
    if version != MLS10 or wire_format != _WIRE_FORMAT_KEY_PACKAGE:
        raise CodecError(
            f"Expected an MLSMessage with a key package, got version {version}, "
            f"wire format {wire_format}."
        )
    key_package = KeyPackage.read(reader)
    reader.finish()
    return key_package
