"""Adoption: a device that no other one can link proves the backup's key, over the server's nonce.

Every device of an account has the identity key, a device that was removed had it too: the identity
key alone therefore brings nobody back in. The adoption key follows from the recovery key, which no
device keeps.
"""

import hashlib

import msgspec

from plausch.base.errors import LocalError
from plausch.base.ids import AccountAddress
from plausch.identity.errors import IdentityRefused
from plausch.identity.keys import SigningKey, verify
from plausch.identity.login import NONCE_BYTES
from plausch.identity.signed import VERSION

LABEL = "adoption"


def adoption_payload(
    domain: str, nonce: bytes, account: AccountAddress, device_list: bytes
) -> bytes:
    """What is signed: msgpack [version, domain, nonce, account URI, SHA-256 of the signed list]."""
    digest = hashlib.sha256(device_list).digest()
    return msgspec.msgpack.encode((VERSION, domain, nonce, account.uri, digest))


def sign_adoption(
    key: SigningKey, domain: str, nonce: bytes, account: AccountAddress, device_list: bytes
) -> bytes:
    """The answer to the server's nonce, by the adoption key.

    Raises LocalError when the nonce is not 32 bytes or the account lives on another domain.
    """
    if len(nonce) != NONCE_BYTES:
        raise LocalError(f"A nonce has {NONCE_BYTES} bytes, not {len(nonce)}.")
    if account.domain != domain:
        raise LocalError(f"{account} cannot be restored at {domain[:255]!r}: another domain.")
    return key.sign(LABEL, adoption_payload(domain, nonce, account, device_list))


def verify_adoption(
    public: bytes,
    domain: str,
    nonce: bytes,
    account: AccountAddress,
    device_list: bytes,
    signature: bytes,
) -> None:
    """Check the answer under the adoption key as the server knows it.

    Raises IdentityRefused (`wrong_domain`, `bad_signature`, `bad_key`).
    """
    if account.domain != domain:
        raise IdentityRefused(f"{account} is not an account of {domain}.", code="wrong_domain")
    verify(public, LABEL, adoption_payload(domain, nonce, account, device_list), signature)
