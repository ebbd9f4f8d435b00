"""The one error of this room."""

from plausch.base.errors import RemoteError


class IdentityRefused(RemoteError):
    """A signed identity object, a login or a leaf is not what it must be.

    `code` says which check failed; spec/identity.md lists the codes.
    """

    code = "identity_refused"
