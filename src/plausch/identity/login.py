"""Login: the device signs the server's nonce.

The signature binds the server's domain, so that one server cannot log in at another with it,
and the device URI, so that it speaks for this device only.
"""

import msgspec

from plausch.base.errors import LocalError
from plausch.base.ids import DeviceAddress
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey, verify
from plausch.identity.signed import VERSION

LABEL = "login"
NONCE_BYTES = 32


def login_payload(domain: str, nonce: bytes, device: DeviceAddress) -> bytes:
    """What is signed: msgpack [version, domain, nonce, device URI]."""
    return msgspec.msgpack.encode((VERSION, domain, nonce, device.uri))


def sign_login(key: SigningKey, domain: str, nonce: bytes, device: DeviceAddress) -> bytes:
    """The answer to the server's nonce, by the device's key.

    Raises LocalError when the nonce is not 32 bytes or the device belongs to another domain:
    then the server is not the one the device wants to speak to.
    """
    if len(nonce) != NONCE_BYTES:
        raise LocalError(f"A login nonce has {NONCE_BYTES} bytes, not {len(nonce)}.")
    if device.account.domain != domain:
        raise LocalError(f"{device} cannot log in at {domain[:255]!r}, which is another domain.")
    return key.sign(LABEL, login_payload(domain, nonce, device))


def verify_login(
    public: bytes, domain: str, nonce: bytes, device: DeviceAddress, signature: bytes
) -> None:
    """Check the answer under the device's key as the server knows it.

    Raises IdentityRefused (`wrong_domain`, `bad_signature`, `bad_key`).
    """
    if device.account.domain != domain:
        raise IdentityRefused(f"{device} is not a device of {domain}.", code="wrong_domain")
    verify(public, LABEL, login_payload(domain, nonce, device), signature)
