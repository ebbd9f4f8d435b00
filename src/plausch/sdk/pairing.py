"""What two devices say to each other while one is linked to the other's account (spec/linking.md).

The server passes these messages on and may alter them. What keeps the new device's keys true is
the code that a person carries from one screen to the other: the hash of the keys themselves, or,
when it is the old device that shows the code, a number of six digits that both know. For that
number the new device commits itself before it knows what the other one adds to it.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from hashlib import sha256

from plausch.base.errors import RemoteError
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey, verify
from plausch.mls.codec import Reader, opaque, parse_whole, u8
from plausch.mls.errors import CodecError, DecryptionFailed, KeyRefused
from plausch.mls.suite import MLS_256_XWING, suite
from plausch.sdk.errors import SdkError
from plausch.wire.linking import EXISTING_SIDE, NEW_SIDE

PAIRING_BYTES = 16
NONCE_BYTES = 32

NAME_CHARACTERS = 64
"""Most of what a new device says it is called, in UTF-16 units, as JavaScript counts."""

VERSION = 1
KEYS_HASH_BYTES = 32
PATH = "/#/link/"

_HPKE_LABEL = "Plausch linking"
_OFFER_LABEL = "link offer"

NO_NONCE = bytes(NONCE_BYTES)
"""In the place of a new device's nonce when its keys are known by its code: it chooses nothing."""


class PairingRefused(RemoteError):
    """What the other device says cannot be believed, or is none of what is said in a pairing."""

    code = "pairing_refused"


class ShownBy(IntEnum):
    """Which device shows the code, and which side of a pairing that is."""

    NEW = NEW_SIDE
    EXISTING = EXISTING_SIDE


@dataclass(frozen=True, slots=True)
class LinkCode:
    """A code as it is scanned. `keys_hash` is empty in one that an existing device shows."""

    shown_by: ShownBy
    pairing: bytes
    keys_hash: bytes = b""


@dataclass(frozen=True, slots=True)
class Offer:
    """The new device's keys: by `hpke_key` it is written to, `device_key` is listed.

    `signature` is by the device key, over all of it and the pairing: nobody offers a key that is
    another device's.
    """

    hpke_key: bytes
    device_key: bytes
    name: str
    signature: bytes = b""

    def unsigned(self) -> bytes:
        """What is signed, beside the pairing."""
        return opaque(self.hpke_key) + opaque(self.device_key) + opaque(self.name.encode())

    def to_bytes(self) -> bytes:
        """As it travels."""
        return self.unsigned() + opaque(self.signature)


@dataclass(frozen=True, slots=True)
class Offered:
    """The new device's offer, whose code was scanned."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a new device has bound itself to before it hears the challenge."""

    commitment: bytes


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the existing device adds to the digits."""

    nonce: bytes


@dataclass(frozen=True, slots=True)
class Reveal:
    """What the new device had bound itself to."""

    nonce: bytes
    offer: Offer


@dataclass(frozen=True, slots=True)
class Sealed:
    """The handover, for the new device only."""

    kem_output: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """The new device has written everything down."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """One of the two persons has said no."""


PairingMessage = Offered | Commitment | Challenge | Reveal | Sealed | Finished | Cancelled

_KINDS: tuple[type[PairingMessage], ...] = (
    Offered,
    Commitment,
    Challenge,
    Reveal,
    Sealed,
    Finished,
    Cancelled,
)

# --- the code --------------------------------------------------------------------------------


def link_text(server_url: str, code: LinkCode) -> str:
    """The link that is shown as a code and may be pasted."""
    raw = u8(VERSION) + u8(code.shown_by) + code.pairing + code.keys_hash
    encoded = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return f"{server_url.rstrip('/')}{PATH}{encoded}"


def server_of(text: str) -> str:
    """The server that a link is for. Raises SdkError `bad_link`."""
    server_url, path, _ = text.strip().partition(PATH)
    if not path or not server_url:
        raise _bad_link()
    return server_url


def parse_link(text: str, server_url: str) -> LinkCode:
    """A link that was given to a device of the server at `server_url`.

    Raises SdkError `bad_link`, `other_server` (it is for another one), `link_version`.
    """
    _, _, encoded = text.strip().partition(PATH)
    raw = _from_base64url(encoded)
    named = server_of(text)
    if named != server_url.rstrip("/"):
        raise SdkError(
            f"This link is for {named[:128]!r}, and this device uses {server_url}: use the same "
            "address on both devices.",
            code="other_server",
        )
    if raw[0] != VERSION:
        raise SdkError(
            "This link was made by a newer Plausch: update both devices.", code="link_version"
        )
    try:
        return parse_whole(_read_code, raw)
    except CodecError as error:
        raise _bad_link() from error


def _read_code(reader: Reader) -> LinkCode:
    reader.u8()
    side = reader.u8()
    if side not in (NEW_SIDE, EXISTING_SIDE):
        raise _bad_link()
    pairing = reader.fixed(PAIRING_BYTES)
    return LinkCode(ShownBy(side), pairing, reader.fixed(KEYS_HASH_BYTES) if side == 0 else b"")


def _from_base64url(encoded: str) -> bytes:
    """Only the one text that stands for the bytes. Raises SdkError `bad_link`."""
    try:
        padded = (encoded + "=" * (-len(encoded) % 4)).encode()
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeError) as error:
        raise _bad_link() from error
    if not raw or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != encoded:
        raise _bad_link()
    return raw


def _bad_link() -> SdkError:
    return SdkError(
        "This is not a whole link of another device: copy all of it, or scan the code again.",
        code="bad_link",
    )


# --- the offer -------------------------------------------------------------------------------


def make_offer(pairing: bytes, device_key: SigningKey, hpke_key: bytes, name: str) -> Offer:
    """What a new device offers in a pairing."""
    units = name.encode("utf-16-le", "ignore")[: 2 * NAME_CHARACTERS]
    offer = Offer(hpke_key, device_key.public, units.decode("utf-16-le", "ignore"))
    return replace(offer, signature=device_key.sign(_OFFER_LABEL, pairing + offer.unsigned()))


def check_offer(pairing: bytes, offer: Offer) -> None:
    """Raises PairingRefused unless the device has the key that it offers in this pairing."""
    try:
        verify(offer.device_key, _OFFER_LABEL, pairing + offer.unsigned(), offer.signature)
    except IdentityRefused as error:
        raise not_understood() from error


# --- what the code proves --------------------------------------------------------------------


def _hash(purpose: str, *parts: bytes) -> bytes:
    """Of one purpose, so that no hash is taken for another one."""
    return sha256(f"Plausch 1.0 {purpose}\0".encode() + b"".join(parts)).digest()


def keys_hash(offer: Offer) -> bytes:
    """What the code of a new device holds of its keys."""
    return _hash("link keys", offer.to_bytes())


def check_keys(code: LinkCode, offer: Offer) -> None:
    """Raises PairingRefused unless these are the keys of which the code was shown."""
    if not hmac.compare_digest(keys_hash(offer), code.keys_hash):
        raise PairingRefused(
            "The keys that came over the server are not those of the device that shows this code: "
            "nothing was linked; try it with a new code, and if it happens again, do not trust "
            "the server.",
            code="link_keys_swapped",
        )


def commitment_to(nonce: bytes, offer: Offer) -> bytes:
    """What a new device binds itself to before it hears the other one's nonce."""
    return _hash("link commitment", nonce, offer.to_bytes())


def check_commitment(commitment: bytes, nonce: bytes, offer: Offer) -> None:
    """Raises PairingRefused unless this is what the new device had bound itself to."""
    if not hmac.compare_digest(commitment_to(nonce, offer), commitment):
        raise PairingRefused(
            "The new device did not show the keys that it had announced: nothing was linked; try "
            "it with a new code.",
            code="link_keys_swapped",
        )


def short_code(pairing: bytes, challenge: bytes, nonce: bytes, offer: Offer) -> str:
    """Six digits: the new device shows them, and whoever says yes types them on the other one."""
    digest = _hash("link code", pairing, challenge, nonce, offer.to_bytes())
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


# --- the secrets -----------------------------------------------------------------------------


def make_hpke_keys() -> tuple[bytes, bytes]:
    """The new device's key pair for what is sent to it: private, public."""
    return suite(MLS_256_XWING).kem_generate()


def seal_for(hpke_key: bytes, pairing: bytes, secret: bytes) -> Sealed:
    """For the new device, in this pairing only. Raises PairingRefused for a key that is none."""
    try:
        crypto = suite(MLS_256_XWING)
        return Sealed(*crypto.encrypt_with_label(hpke_key, _HPKE_LABEL, pairing, secret))
    except KeyRefused as error:
        raise not_understood() from error


def open_sealed(private_key: bytes, pairing: bytes, sealed: Sealed) -> bytes:
    """What was sealed for this device. Raises PairingRefused `link_altered`."""
    crypto = suite(MLS_256_XWING)
    try:
        return crypto.decrypt_with_label(
            private_key, _HPKE_LABEL, pairing, sealed.kem_output, sealed.ciphertext
        )
    except (DecryptionFailed, KeyRefused) as error:
        raise PairingRefused(
            "What came for this device was altered on its way or is for another one: nothing was "
            "linked; try it with a new code.",
            code="link_altered",
        ) from error


# --- messages as bytes -----------------------------------------------------------------------


def message_bytes(message: PairingMessage) -> bytes:
    """A message as it travels."""
    head = u8(_KINDS.index(type(message)))
    match message:
        case Offered(offer):
            return head + offer.to_bytes()
        case Commitment(content) | Challenge(content):
            return head + content
        case Reveal(nonce, offer):
            return head + nonce + offer.to_bytes()
        case Sealed(kem_output, ciphertext):
            return head + opaque(kem_output) + opaque(ciphertext)
    return head


def parse_message(raw: bytes) -> PairingMessage:
    """A message that came. Raises PairingRefused."""
    try:
        return parse_whole(_read_message, raw)
    except (CodecError, UnicodeError) as error:
        raise not_understood() from error


def _read_message(reader: Reader) -> PairingMessage:
    kind = reader.u8()
    if kind >= len(_KINDS):
        raise not_understood()
    return _READERS[_KINDS[kind]](reader)


def _read_offer(reader: Reader) -> Offer:
    hpke_key, device_key = reader.opaque(), reader.opaque()
    name = reader.opaque().decode()
    if len(name.encode("utf-16-le")) > 2 * NAME_CHARACTERS:
        raise not_understood()
    return Offer(hpke_key, device_key, name, reader.opaque())


_READERS: dict[type[PairingMessage], Callable[[Reader], PairingMessage]] = {
    Offered: lambda reader: Offered(_read_offer(reader)),
    Commitment: lambda reader: Commitment(reader.fixed(NONCE_BYTES)),
    Challenge: lambda reader: Challenge(reader.fixed(NONCE_BYTES)),
    Reveal: lambda reader: Reveal(reader.fixed(NONCE_BYTES), _read_offer(reader)),
    Sealed: lambda reader: Sealed(reader.opaque(), reader.opaque()),
    Finished: lambda _: Finished(),
    Cancelled: lambda _: Cancelled(),
}


def not_understood() -> PairingRefused:
    """The other device said something else than what is said now."""
    return PairingRefused(
        "What came from the other device is not understood: update both, and try it with a new "
        "code.",
        code="link_not_understood",
    )
