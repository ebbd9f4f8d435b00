"""Credentials, and the judge that accepts or refuses them (RFC 9420 section 5.3).

MLS does not know who somebody is: the authentication service does. It enters here as a
`CredentialJudge`, a required argument wherever a credential is taken on trust; there is no
default, because a default would accept anybody.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, Self

from plausch.mls.codec import Reader, opaque, parse_whole, u16
from plausch.mls.errors import CodecError, CredentialRefused

__all__ = [
    "BASIC",
    "PLAUSCH",
    "X509",
    "Credential",
    "CredentialJudge",
    "CredentialRefused",
    "Role",
]

BASIC = 0x0001
X509 = 0x0002
PLAUSCH = 0xF0A1
"""Private use: a signed device certificate as `opaque<V>`."""

CREDENTIAL_LIMIT = 1 << 14
"""Bytes of a credential's body: 16 KiB, room for a chain of X.509 certificates."""

Role = Literal["member", "key_package", "added", "joiner", "external_sender"]
"""Where a credential stands: in a leaf of the tree, in a key package that is to be used now, in one
that somebody else has used, in the leaf of who comes in by an external commit, in external_senders.
"""


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential type and its body.

    The body is the identity of `basic`, the encoded certificate chain of `x509`, and the bytes
    inside `opaque<V>` for any other type: all of these are one `opaque<V>` on the wire, so that
    types unknown here (GREASE included, RFC 9420 section 13.5) pass through unharmed.
    """

    type: int
    body: bytes

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Raises CodecError."""
        credential = cls(reader.u16(), reader.opaque(CREDENTIAL_LIMIT))
        if credential.type == X509 and not credential.certificates():
            raise CodecError("An x509 credential holds no certificate; it must hold at least one.")
        return credential

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Raises CodecError."""
        return parse_whole(cls.read, raw)

    @classmethod
    def basic(cls, identity: bytes) -> Self:
        """A bare name; only a test or another application's judge would accept it."""
        return cls(BASIC, identity)

    @classmethod
    def x509(cls, certificates: list[bytes]) -> Self:
        """A chain of DER certificates, the member's own first."""
        return cls(X509, b"".join([opaque(certificate) for certificate in certificates]))

    def certificates(self) -> tuple[bytes, ...]:
        """The DER certificates of an `x509` credential, the member's own first.

        Raises CodecError for a credential of another type or a malformed chain.
        """
        if self.type != X509:
            raise CodecError(f"A credential of type {self.type:#06x} holds no certificates.")
        reader = Reader(self.body)
        chain: list[bytes] = []
        while reader.remaining:
            chain.append(reader.opaque(CREDENTIAL_LIMIT))
        return tuple(chain)

    def to_bytes(self) -> bytes:
        """The TLS encoding."""
        return u16(self.type) + opaque(self.body)


class CredentialJudge(Protocol):
    """The authentication service's answer for one credential and signature key."""

    def __call__(self, credential: Credential, signature_key: bytes, role: Role) -> None:
        """Return when `signature_key` belongs to whom `credential` names.

        Raises CredentialRefused with a sentence that a person can read.
        """
        ...
