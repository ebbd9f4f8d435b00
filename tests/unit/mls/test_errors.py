"""Errors say whose fault it is, and keep the name of the check."""

import pytest

from plausch.base.errors import Fault, PlauschError
from plausch.mls import errors


def test_a_check_is_named() -> None:
    error = errors.ValidationError("leaf-signature", "A leaf is not signed.")
    assert (error.check, error.code, str(error)) == (
        "leaf-signature",
        "leaf-signature",
        "A leaf is not signed.",
    )


def test_require_raises_only_when_false() -> None:
    errors.require(True, "some-check", "never said")
    with pytest.raises(errors.ValidationError) as caught:
        errors.require(False, "some-check", "This is said.")
    assert caught.value.check == "some-check"


@pytest.mark.parametrize(
    "kind",
    [
        errors.CodecError,
        errors.CredentialRefused,
        errors.SignatureRefused,
        errors.DecryptionFailed,
        errors.KeyRefused,
        errors.UnsupportedSuite,
    ],
)
def test_what_a_peer_causes_is_a_protocol_error(kind: type[PlauschError]) -> None:
    assert issubclass(kind, errors.ProtocolError)
    assert kind("A sentence.").fault is Fault.REMOTE


@pytest.mark.parametrize("kind", [errors.GroupUsageError, errors.SavedStateRefused])
def test_what_the_caller_causes_is_local(kind: type[PlauschError]) -> None:
    assert kind("A sentence.").fault is Fault.LOCAL


def test_codes_are_distinct() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = [kind.code for kind in kinds if kind is not errors.ValidationError]
    assert len(set(codes)) == len(codes)
