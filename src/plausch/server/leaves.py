"""What a leaf says about its device: the certificate that is its credential."""

from plausch.identity.certificate import DeviceCertificate, parse_certificate
from plausch.identity.errors import IdentityRefused
from plausch.mls.credential import PLAUSCH, Credential, CredentialRefused, Role
from plausch.mls.leaf_node import LeafNode
from plausch.server.records import DeviceRecord


def certificate_of(credential: Credential, signature_key: bytes, now_s: int) -> DeviceCertificate:
    """A leaf's certificate, in time and for the leaf's key. Raises CredentialRefused."""
    if credential.type != PLAUSCH:
        raise CredentialRefused(
            f"A leaf has a credential of type {credential.type:#06x}; a device certificate is "
            f"{PLAUSCH:#06x}."
        )
    try:
        certificate = parse_certificate(credential.body)
        certificate.check(now_s)
    except IdentityRefused as error:
        raise CredentialRefused(str(error)) from error
    if certificate.signature_key != signature_key:
        raise CredentialRefused(
            f"A leaf has another key than the certificate of {certificate.device}."
        )
    return certificate


def device_of_leaf(leaf: LeafNode, now_s: int) -> str:
    """The URI of the device whose leaf it claims to be. Raises CredentialRefused."""
    return certificate_of(leaf.credential, leaf.signature_key, now_s).device.uri


def check_listed(certificate: DeviceCertificate, known: DeviceRecord | None) -> DeviceRecord:
    """The device, if this server lists it with the certificate's keys.

    Raises CredentialRefused.
    """
    if known is None:
        raise CredentialRefused(f"{certificate.device} is not a listed device here.")
    if (certificate.signature_key, certificate.identity_key) != (
        known.signature_key,
        known.identity_key,
    ):
        raise CredentialRefused(f"The certificate of {certificate.device} has other keys.")
    return known


class LeafJudge:
    """Judges credentials by their certificates at one moment (mls.credential.CredentialJudge)."""

    def __init__(self, now_s: int) -> None:
        self._now_s = now_s

    def __call__(self, credential: Credential, signature_key: bytes, role: Role) -> None:
        """Raises CredentialRefused."""
        certificate_of(credential, signature_key, self._now_s)
