"""What can be wrong with an MLS message, and whose fault it is.

`ProtocolError` is the base of everything a hostile peer can cause: a caller who catches it has
caught all of it.
"""

from plausch.base.errors import LocalError, RemoteError


class ProtocolError(RemoteError):
    """A peer sent what RFC 9420 does not allow, or what this device cannot process."""

    code = "mls_protocol"


class CodecError(ProtocolError):
    """Bytes are not in the TLS presentation language as RFC 9420 section 2.1 uses it."""

    code = "mls_codec"


class ValidationError(ProtocolError):
    """One of the named checks of spec/mls.md failed.

    `check` is the stable name of the check, e.g. `leaf-signature`; it is also the `code`.
    """

    def __init__(self, check: str, sentence: str) -> None:
        super().__init__(sentence, code=check)
        self.check = check


class CredentialRefused(ProtocolError):
    """The caller's credential judge does not accept a leaf, key package or sender."""

    code = "credential_refused"


class SignatureRefused(ProtocolError):
    """A signature does not verify under the public key it claims."""

    code = "mls_signature"


class DecryptionFailed(ProtocolError):
    """A ciphertext does not open under the key it was looked up for."""

    code = "mls_decryption"


class KeyRefused(ProtocolError):
    """Bytes that should be a key of the cipher suite are none."""

    code = "mls_key"


class UnsupportedSuite(ProtocolError):
    """A cipher suite that this implementation does not know."""

    code = "mls_suite"


class SavedStateRefused(LocalError):
    """Saved bytes of a group or key package are damaged, too new, or do not belong together."""

    code = "mls_saved_state"


class GroupUsageError(LocalError):
    """The caller asked the group for something that its state does not allow."""

    code = "mls_usage"


def require(truth: bool, check: str, sentence: str) -> None:
    """Raise ValidationError `check` with `sentence` unless `truth`."""
    if not truth:
        raise ValidationError(check, sentence)
