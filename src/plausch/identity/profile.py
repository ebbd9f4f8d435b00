"""A business's public profile, signed by its identity key and numbered.

It comes through the server, which could otherwise write imprints and opening hours of its own. The
number grows with each profile: whoever has seen one is shown no older one. An empty body says that
the profile was withdrawn; that too is signed. What the body says is `domain.profile_codec`'s.
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from plausch.base.errors import LocalError
from plausch.base.ids import AccountAddress, NameRefused
from plausch.identity import signed
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey, check_public_key, verify

LABEL = "profile"

_Natural = Annotated[int, msgspec.Meta(ge=0, le=signed.MAX_SECONDS)]


class _Payload(signed.Payload, frozen=True):
    account: str
    identity_key: bytes
    seq: _Natural
    issued_at_s: _Natural
    body: bytes


@dataclass(frozen=True, slots=True)
class SignedProfile:
    """What was signed, after the signature was found right. `seq` counts from 1; `raw` the signed
    bytes; `body` is empty when the profile is withdrawn."""

    account: AccountAddress
    identity_key: bytes
    seq: int
    issued_at_s: int
    body: bytes
    raw: bytes

    @property
    def is_withdrawn(self) -> bool:
        """Whether it says that there is no profile any more."""
        return not self.body

    def supersedes(self, known_raw: bytes) -> bool:
        """Whether this is newer than the known one; False when it is the same.

        Raises IdentityRefused: `profile_account`, `identity_key_changed`, `profile_rollback` (an
        older one), `profile_fork` (another one of the same number).
        """
        if self.raw == known_raw:
            return False
        known = parse_profile(known_raw)
        if self.account != known.account:
            raise IdentityRefused(
                f"A profile of {self.account} cannot follow one of {known.account}.",
                code="profile_account",
            )
        if self.identity_key != known.identity_key:
            raise IdentityRefused(
                f"The profile of {self.account} is signed by another key than the known one.",
                code="identity_key_changed",
            )
        if self.seq < known.seq:
            raise IdentityRefused(
                f"Profile {self.seq} of {self.account} is older than profile {known.seq}, which "
                "is known already.",
                code="profile_rollback",
            )
        if self.seq == known.seq:
            raise IdentityRefused(
                f"There are two profiles {self.seq} of {self.account}: somebody shows different "
                "ones to different people.",
                code="profile_fork",
            )
        return True


def issue_profile(
    identity: SigningKey, account: AccountAddress, seq: int, issued_at_s: int, body: bytes
) -> bytes:
    """The signed bytes of profile number `seq`; an empty body withdraws it. Raises LocalError."""
    if seq < 1:
        raise LocalError(f"Profiles are numbered from 1, not {seq}.")
    payload = _Payload(signed.VERSION, account.uri, identity.public, seq, issued_at_s, body)
    return signed.pack(identity, LABEL, payload)


def parse_profile(raw: bytes) -> SignedProfile:
    """Parse strictly and verify the signature; the body is not looked into.

    Raises IdentityRefused (`malformed`, `unknown_version`, `bad_key`, `bad_signature`).
    """
    payload, signed_payload, signature = signed.unpack(raw, LABEL, _Payload)
    try:
        account = AccountAddress.parse_uri(payload.account)
    except NameRefused as error:
        raise IdentityRefused(f"A {LABEL} names no account: {error}", code="malformed") from error
    check_public_key(payload.identity_key)
    if payload.seq < 1:
        raise IdentityRefused(f"A {LABEL} is numbered from 1.", code="malformed")
    verify(payload.identity_key, LABEL, signed_payload, signature)
    return SignedProfile(
        account, payload.identity_key, payload.seq, payload.issued_at_s, payload.body, raw
    )
