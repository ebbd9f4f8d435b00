"""What can be wrong with an MLS message, and whose fault it is.

`CodecError` (bytes that do not parse) lives in `codec`; it derives from `ProtocolError` too, so
that a caller who catches `ProtocolError` has caught everything a hostile peer can cause.
"""

from plausch.base.errors import LocalError, RemoteError


class ProtocolError(RemoteError):
    """A peer sent what RFC 9420 does not allow, or what this device cannot process."""

    code = "mls_protocol"


class ValidationError(ProtocolError):
    """One of the named checks of spec/mls.md failed.

    `check` is the stable name of the check, e.g. `val_leaf_signature`; it is also the `code`.
    """

    def __init__(self, check: str, sentence: str) -> None:
        super().__init__(sentence, code=check)
        self.check = check


class CredentialRefused(ProtocolError):
    """The caller's credential judge does not accept a leaf, key package or sender."""

    code = "credential_refused"


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
