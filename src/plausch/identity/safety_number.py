"""Safety numbers and the QR code that two people compare.

The construction is Signal's numeric fingerprint (libsignal, `NumericFingerprintGenerator`):
5200 rounds of SHA-512 over version, key and stable identifier, 30 decimal digits a party,
both parties' halves in ascending order. Identifier: the account URI.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

import msgspec

from plausch.base.ids import AccountAddress, NameRefused
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import check_public_key
from plausch.identity.signed import VERSION, decode_exactly

ITERATIONS = 5200
_FINGERPRINT_VERSION = (0).to_bytes(2, "big")
_DIGIT_GROUP = 5
_GROUPS_PER_PARTY = 6
_QR_PREFIX = "plausch-verify:"
_MAX_QR_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class Party:
    """An account and the identity key that somebody holds to be its own."""

    account: AccountAddress
    identity_key: bytes


@dataclass(frozen=True, slots=True)
class Verification:
    """What a scanned code claims: whose phone shows it, and whom that phone believes to see."""

    shown_by: Party
    shown_to: Party


class _Qr(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: int
    shown_by: str
    shown_by_key: bytes
    shown_to: str
    shown_to_key: bytes


def safety_number(one: Party, other: Party) -> str:
    """60 digits in 12 groups of 5; the same whichever party comes first."""
    digits = "".join(sorted((_fingerprint(one), _fingerprint(other))))
    return " ".join(
        digits[start : start + _DIGIT_GROUP] for start in range(0, len(digits), _DIGIT_GROUP)
    )


def is_same_number(compared: str, number: str) -> bool:
    """Whether a number that somebody compared or typed is this one; white space does not count."""
    return "".join(compared.split()) == number.replace(" ", "")


def _fingerprint(party: Party) -> str:
    digest = _FINGERPRINT_VERSION + party.identity_key + party.account.uri.encode()
    for _ in range(ITERATIONS):
        digest = hashlib.sha512(digest + party.identity_key).digest()
    groups = (
        int.from_bytes(digest[start : start + 5], "big") % 100_000
        for start in range(0, 5 * _GROUPS_PER_PARTY, 5)
    )
    return "".join(f"{group:05d}" for group in groups)


def qr_payload(own: Party, other: Party) -> str:
    """The text of the code that `own` shows to `other`: both addresses and full keys."""
    raw = msgspec.msgpack.encode(
        _Qr(VERSION, own.account.uri, own.identity_key, other.account.uri, other.identity_key)
    )
    return _QR_PREFIX + _to_base64url(raw)


def is_qr_payload(text: str) -> bool:
    """Whether a text is meant to be such a code."""
    return text.startswith(_QR_PREFIX)


def parse_qr_payload(text: str) -> Verification:
    """Parse a scanned code strictly. Raises IdentityRefused (`malformed`, `bad_key`, ...)."""
    if not is_qr_payload(text) or len(text) > _MAX_QR_CHARACTERS:
        raise IdentityRefused("This is not a Plausch verification code.", code="malformed")
    raw = _from_base64url(text.removeprefix(_QR_PREFIX))
    code = decode_exactly(raw, "verification code", _Qr)
    if code.version != VERSION:
        raise IdentityRefused(
            f"This verification code has version {code.version}; this program knows "
            f"version {VERSION}.",
            code="unknown_version",
        )
    return Verification(
        _party(code.shown_by, code.shown_by_key), _party(code.shown_to, code.shown_to_key)
    )


def check_scanned(text: str, own: Party, other: Party) -> None:
    """Compare a scanned code with what this device believes of itself and the other party.

    Raises IdentityRefused: `wrong_party` (somebody else's code), `safety_number_differs` (the
    keys are not the same on both devices: do not trust this conversation).
    """
    seen = parse_qr_payload(text)
    if (seen.shown_by.account, seen.shown_to.account) != (other.account, own.account):
        raise IdentityRefused(
            f"This code verifies {seen.shown_by.account} and {seen.shown_to.account}, "
            f"not {other.account} and {own.account}.",
            code="wrong_party",
        )
    if (seen.shown_by, seen.shown_to) != (other, own):
        raise IdentityRefused(
            f"The keys of {other.account} and {own.account} are not the same on both devices. "
            "Somebody may be listening: do not trust this conversation.",
            code="safety_number_differs",
        )


def _to_base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_base64url(encoded: str) -> bytes:
    """Only the one text that stands for the bytes. Raises IdentityRefused (`malformed`)."""
    try:
        padding = "=" * (-len(encoded) % 4)
        raw = base64.b64decode((encoded + padding).encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeError):
        raw = b""
    if not raw or _to_base64url(raw) != encoded:
        raise IdentityRefused(
            "This Plausch verification code is damaged; scan it again.", code="malformed"
        )
    return raw


def _party(uri: str, identity_key: bytes) -> Party:
    try:
        account = AccountAddress.parse_uri(uri)
    except NameRefused as error:
        raise IdentityRefused(
            f"A verification code names no account: {error}", code="malformed"
        ) from error
    check_public_key(identity_key)
    return Party(account, identity_key)
