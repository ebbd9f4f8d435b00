"""What a linked device is handed: who it is from now on (spec/linking.md).

A device of staff is handed everything but the identity key: when it is removed, it never had it.
"""

from dataclasses import dataclass

from plausch.base.ids import DeviceAddress, NameRefused
from plausch.content import stream
from plausch.content.attachment import BLOB_ID_BYTES
from plausch.identity.certificate import parse_certificate
from plausch.identity.device_list import parse_device_list
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import KEY_BYTES, SigningKey
from plausch.mls.codec import Reader, opaque, optional, parse_whole, u8
from plausch.mls.errors import CodecError
from plausch.sdk.pairing import PairingRefused
from plausch.sdk.vault.own import AccountKind

_VERSION = 2
_KINDS: tuple[AccountKind, ...] = ("person", "business")
_OWNER, _STAFF = 0, 1

_NOTE_LENGTHS = (BLOB_ID_BYTES, stream.KEY_BYTES, stream.PREFIX_BYTES)
"""The parts of the place of the note about the history: blob, key, prefix of the nonces."""

_RECOVERY_LENGTHS = (32, 32, 1216)
"""The public parts of a recovery key: lookup hash, adoption key, sealing key."""


@dataclass(frozen=True, slots=True)
class Handover:
    """`identity` is None for a device of staff.

    This program neither fetches a history nor makes backups: it hands neither over, and passes
    over what is said of them.
    """

    kind: AccountKind
    identity: SigningKey | None
    device: DeviceAddress
    certificate: bytes
    device_list: bytes

    def to_bytes(self) -> bytes:
        """For sealing; it holds secrets."""
        identity = self.identity
        return b"".join(
            (
                u8(_VERSION),
                u8(_KINDS.index(self.kind)),
                u8(_STAFF if identity is None else _OWNER),
                opaque(b"" if identity is None else identity.to_bytes()),
                opaque(self.device.uri.encode()),
                opaque(self.certificate),
                opaque(self.device_list),
                optional(None),
                optional(None),
            )
        )


def read_handover(raw: bytes, device_key: SigningKey, domain: str, now_s: int) -> Handover:
    """What was handed over to the device of this key, by the server of this domain; all of it fits
    together. Raises PairingRefused `link_unfit`.
    """
    try:
        handover = parse_whole(_read, raw)
        _check(handover, device_key, domain, now_s)
    except (CodecError, IdentityRefused, NameRefused, UnicodeError) as error:
        raise _unfit(str(error)) from error
    return handover


def _read(reader: Reader) -> Handover:
    if reader.u8() != _VERSION:
        raise _unfit("it was made by another version of Plausch")
    kind, role, secret = reader.u8(), reader.u8(), reader.opaque()
    if kind >= len(_KINDS) or len(secret) != {_OWNER: KEY_BYTES, _STAFF: 0}.get(role):
        raise _unfit("a field is not what it must be")
    handover = Handover(
        _KINDS[kind],
        SigningKey.from_bytes(secret) if secret else None,
        DeviceAddress.parse_uri(reader.opaque().decode()),
        reader.opaque(),
        reader.opaque(),
    )
    reader.optional(lambda inside: _passed_over(inside, _NOTE_LENGTHS))
    reader.optional(lambda inside: _passed_over(inside, _RECOVERY_LENGTHS))
    return handover


def _passed_over(reader: Reader, lengths: tuple[int, ...]) -> None:
    if any(len(reader.opaque()) != length for length in lengths):
        raise _unfit("a field is not what it must be")


def _check(handover: Handover, device_key: SigningKey, domain: str, now_s: int) -> None:
    device = handover.device
    if device.account.domain != domain:
        raise _unfit(f"the account lives at {device.account.domain}, and this is {domain[:128]}")
    certificate = parse_certificate(handover.certificate)
    certificate.check(now_s)
    listed = parse_device_list(handover.device_list)
    listed.check_time(device, now_s)
    identity_key = listed.identity_key if handover.identity is None else handover.identity.public
    if not (
        certificate.device == device
        and certificate.signature_key == device_key.public
        and certificate.identity_key == listed.identity_key == identity_key
        and listed.lists(device, device_key.public)
        and listed.is_staff(device) == (handover.identity is None)
    ):
        raise _unfit("its keys do not belong together")


def _unfit(why: str) -> PairingRefused:
    return PairingRefused(
        f"What the other device has handed over cannot be used ({why.rstrip('.')}): nothing was "
        "linked; try it with a new code.",
        code="link_unfit",
    )
