"""A device's own key package with its secrets, until somebody uses it (RFC 9420 section 10)."""

from dataclasses import dataclass
from typing import Self

from plausch.mls.codec import Reader, opaque, u16
from plausch.mls.credential import BASIC, PLAUSCH, X509, Credential
from plausch.mls.errors import ProtocolError, SavedStateRefused, UnsupportedSuite
from plausch.mls.extension import LAST_RESORT, Extension
from plausch.mls.key_package import KeyPackage, parse_key_package
from plausch.mls.leaf_node import MLS10, Capabilities, LeafContent, Lifetime
from plausch.mls.roles import ROLES
from plausch.mls.suite import SUITES, suite

SAVED_VERSION = 1
CLOCK_SLACK_S = 3_600
"""How long before its making a key package is already valid: clocks of others may be behind."""

_GREASE = 0x5A5A
"""An announced capability that does not exist, so that nobody learns to be strict (RFC 9420, 13.5).
"""


def own_capabilities(credential: Credential) -> Capabilities:
    """What this implementation can do, for a leaf with `credential`."""
    return Capabilities(
        versions=(MLS10,),
        cipher_suites=(*SUITES, _GREASE),
        extensions=(LAST_RESORT, ROLES, _GREASE),
        proposals=(_GREASE,),
        credentials=tuple(dict.fromkeys((credential.type, BASIC, X509, PLAUSCH))),
    )


@dataclass(frozen=True, slots=True, repr=False)
class KeyPackageBundle:
    """A key package and its three private keys.

    After the join that uses it is accepted, the caller deletes it (unless `last_resort`): whoever
    keeps the init key can open the Welcome again, and with it that epoch.
    """

    key_package: KeyPackage
    init_private: bytes
    encryption_private: bytes
    signer_private: bytes

    @classmethod
    def create(
        cls,
        suite_id: int,
        credential: Credential,
        signer_private: bytes,
        now_s: int,
        lifetime_s: int,
        last_resort: bool = False,
        capabilities: Capabilities | None = None,
    ) -> Self:
        """A fresh key package, valid from an hour before `now_s` for `lifetime_s` seconds after.

        Raises UnsupportedSuite, KeyRefused.
        """
        crypto = suite(suite_id)
        init_private, init_key = crypto.kem_generate()
        encryption_private, encryption_key = crypto.kem_generate()
        leaf = LeafContent(
            encryption_key,
            crypto.signature_public_of(signer_private),
            credential,
            capabilities or own_capabilities(credential),
            lifetime=Lifetime(max(0, now_s - CLOCK_SLACK_S), now_s + lifetime_s),
        ).sign(crypto, signer_private)
        extensions = (Extension(LAST_RESORT, b""),) if last_resort else ()
        key_package = KeyPackage.sign(crypto, signer_private, init_key, leaf, extensions)
        return cls(key_package, init_private, encryption_private, signer_private)

    @property
    def message(self) -> bytes:
        """The public part as an encoded MLSMessage, for the server."""
        return self.key_package.to_message()

    @property
    def suite_id(self) -> int:
        """The cipher suite's code point."""
        return self.key_package.cipher_suite

    @property
    def ref(self) -> bytes:
        """The reference under which a Welcome names it."""
        return self.key_package.ref(suite(self.suite_id))

    @property
    def last_resort(self) -> bool:
        """Whether it must be kept after use."""
        return self.key_package.last_resort

    def save(self) -> bytes:
        """Everything, secrets included; `load` reads it."""
        return (
            u16(SAVED_VERSION)
            + opaque(self.message)
            + opaque(self.init_private)
            + opaque(self.encryption_private)
            + opaque(self.signer_private)
        )

    @classmethod
    def load(cls, saved: bytes) -> Self:
        """Raises SavedStateRefused; UnsupportedSuite when this program does not have the
        package's."""
        try:
            reader = Reader(saved)
            version = reader.u16()
            if version != SAVED_VERSION:
                raise SavedStateRefused(
                    f"A saved key package has version {version}; this program reads "
                    f"{SAVED_VERSION}: update it."
                )
            bundle = cls(
                parse_key_package(reader.opaque()),
                reader.opaque(),
                reader.opaque(),
                reader.opaque(),
            )
            reader.finish()
            suite(bundle.suite_id)
        except UnsupportedSuite:
            raise
        except ProtocolError as error:
            raise SavedStateRefused(f"A saved key package is damaged: {error}") from error
        return bundle
