"""Device certificates: an account's identity key vouches for one device's MLS signature key.

The signed bytes are the MLS credential of the device's leaf (spec/identity.md).
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from plausch.base.errors import LocalError
from plausch.base.ids import AccountAddress, DeviceAddress, NameRefused
from plausch.identity import signed
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey, check_public_key, verify

CREDENTIAL_TYPE = 0xF0A1
"""MLS credential type (RFC 9420 section 17.5, private use): a signed device certificate."""

LABEL = "device certificate"

_Seconds = Annotated[int, msgspec.Meta(ge=0, le=signed.MAX_SECONDS)]


class _Payload(signed.Payload, frozen=True):
    device: str
    signature_key: bytes
    identity_key: bytes
    not_before_s: _Seconds
    expires_s: _Seconds


@dataclass(frozen=True, slots=True)
class DeviceCertificate:
    """What a certificate says, after its signature was found right.

    It proves that the holder of `identity_key` accepts the device; that this identity key is
    the account's is proven elsewhere (pin, key transparency). Times are seconds since 1970,
    `expires_s` exclusive.
    """

    device: DeviceAddress
    signature_key: bytes
    identity_key: bytes
    not_before_s: int
    expires_s: int

    @property
    def account(self) -> AccountAddress:
        """Whose device it is."""
        return self.device.account

    @classmethod
    def issue(
        cls,
        identity: SigningKey,
        device: DeviceAddress,
        signature_key: bytes,
        not_before_s: int,
        expires_s: int,
    ) -> bytes:
        """The signed certificate. Raises LocalError when the times or the key make no sense."""
        if not 0 <= not_before_s < expires_s <= signed.MAX_SECONDS:
            raise LocalError(
                f"A certificate cannot run from {not_before_s} to {expires_s} seconds: "
                "the end must be after the beginning."
            )
        try:
            _check_keys(signature_key, identity.public)
        except IdentityRefused as error:
            raise LocalError(str(error)) from error
        payload = _Payload(
            signed.VERSION, device.uri, signature_key, identity.public, not_before_s, expires_s
        )
        return signed.pack(identity, LABEL, payload)

    def check(self, now_s: int) -> None:
        """Refuse a certificate outside its time.

        Raises IdentityRefused (`certificate_not_yet_valid`, `certificate_expired`).
        """
        if now_s < self.not_before_s:
            raise IdentityRefused(
                f"The certificate of {self.device} is valid only from {self.not_before_s} "
                f"(seconds since 1970); it is {now_s}. Check both clocks.",
                code="certificate_not_yet_valid",
            )
        if now_s >= self.expires_s:
            raise IdentityRefused(
                f"The certificate of {self.device} expired at {self.expires_s} "
                f"(seconds since 1970); it is {now_s}. The device must renew it.",
                code="certificate_expired",
            )


def parse_certificate(raw: bytes) -> DeviceCertificate:
    """Parse strictly and verify the identity key's signature; the time is not judged here.

    Raises IdentityRefused (`malformed`, `unknown_version`, `bad_key`, `key_reuse`,
    `certificate_never_valid`, `bad_signature`).
    """
    payload, signed_payload, signature = signed.unpack(raw, LABEL, _Payload)
    try:
        device = DeviceAddress.parse_uri(payload.device)
    except NameRefused as error:
        raise IdentityRefused(f"A {LABEL} names no device: {error}", code="malformed") from error
    _check_keys(payload.signature_key, payload.identity_key)
    if payload.not_before_s >= payload.expires_s:
        raise IdentityRefused(
            f"The certificate of {device} ends before it begins.", code="certificate_never_valid"
        )
    verify(payload.identity_key, LABEL, signed_payload, signature)
    return DeviceCertificate(
        device,
        payload.signature_key,
        payload.identity_key,
        payload.not_before_s,
        payload.expires_s,
    )


def _check_keys(signature_key: bytes, identity_key: bytes) -> None:
    check_public_key(signature_key)
    check_public_key(identity_key)
    if signature_key == identity_key:
        raise IdentityRefused(
            "A device's signature key must not be the account's identity key.", code="key_reuse"
        )
