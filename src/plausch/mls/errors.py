"""What can go wrong in MLS, and whose fault it is. Every sentence names the place and the cure."""

from plausch.base.errors import LocalError, RemoteError


class CodecError(RemoteError):
    """Bytes are not in the TLS presentation language as RFC 9420 section 2.1 uses it."""

    code = "mls_codec"


class ProtocolError(RemoteError):
    """A well-formed message that the protocol does not allow here."""

    code = "mls_protocol"


class ValidationError(ProtocolError):
    """A named check of RFC 9420 failed; `check` is its stable name, e.g. `leaf-signature`."""

    code = "mls_validation"

    def __init__(self, check: str, sentence: str) -> None:
        super().__init__(f"{sentence} [{check}]")
        self.check = check


class CredentialRefused(ProtocolError):
    """The authentication service (the caller's judge) does not accept a credential."""

    code = "mls_credential"


class SignatureRefused(ProtocolError):
    """A signature does not verify under the public key it claims."""

    code = "mls_signature"


class DecryptionFailed(ProtocolError):
    """A ciphertext does not open under the key it was looked up for."""

    code = "mls_decryption"


class KeyRefused(ProtocolError):
    """Bytes that should be a public or private key of the suite are none."""

    code = "mls_key"


class UnsupportedSuite(ProtocolError):
    """A cipher suite this implementation does not speak."""

    code = "mls_suite"


class UsageError(LocalError):
    """The caller asked for something the group's state does not allow."""

    code = "mls_usage"
