"""The check of one leaf, as a pure function: may this device be encrypted to?

Every client asks it for every leaf of every group and every key package it uses; there is no
"notify and go on" (spec/identity.md).
"""

from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.errors import IdentityRefused


def judge_leaf(
    certificate: DeviceCertificate,
    leaf_signature_key: bytes,
    pinned_identity_key: bytes,
    device_list: DeviceList,
    now_s: int,
) -> None:
    """Return when the leaf is the listed device of the account whose key is pinned, else raise.

    `certificate` and `device_list` come from their parsers, which verified their signatures.
    Raises IdentityRefused: `leaf_key_mismatch`, `identity_key_changed`, `device_list_account`,
    `device_not_listed`, `staff_expired`, `certificate_not_yet_valid`, `certificate_expired`.
    """
    if certificate.signature_key != leaf_signature_key:
        raise IdentityRefused(
            f"A leaf shows the certificate of {certificate.device} with a key that is not the "
            "certificate's.",
            code="leaf_key_mismatch",
        )
    if certificate.identity_key != pinned_identity_key:
        raise IdentityRefused(
            f"The identity key of {certificate.account} is not the one known so far. Compare "
            "safety numbers before you go on.",
            code="identity_key_changed",
        )
    if device_list.account != certificate.account:
        raise IdentityRefused(
            f"{certificate.device} was looked up in the device list of {device_list.account}.",
            code="device_list_account",
        )
    if device_list.identity_key != pinned_identity_key:
        raise IdentityRefused(
            f"The device list of {certificate.account} is signed by another identity key than "
            "the one known so far. Compare safety numbers before you go on.",
            code="identity_key_changed",
        )
    if not device_list.lists(certificate.device, leaf_signature_key):
        raise IdentityRefused(
            f"{certificate.device} is not (or no longer) among the devices of "
            f"{certificate.account}.",
            code="device_not_listed",
        )
    device_list.check_time(certificate.device, now_s)
    certificate.check(now_s)
