"""Errors say whose fault it is, in a stable word and a sentence."""

import inspect

import pytest

from plausch.base.errors import Fault, PlauschError
from plausch.base.ids import AccountAddress
from plausch.sdk import errors
from plausch.sdk.errors import IdentityChanged, ServerRefused, TrustRefused, VaultError

CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, PlauschError) and found.__module__ == errors.__name__
]


def test_each_has_a_code_of_its_own() -> None:
    codes = [found.code for found in CLASSES]
    assert len(set(codes)) == len(codes) > 10
    assert all(code.islower() and code.replace("_", "").isalpha() for code in codes)


@pytest.mark.parametrize(
    "found", [one for one in CLASSES if issubclass(one, VaultError)], ids=lambda one: one.__name__
)
def test_vault_errors_can_be_caught_together(found: type[VaultError]) -> None:
    assert isinstance(found("A sentence."), VaultError)


def test_a_refusal_keeps_what_the_server_said() -> None:
    refused = ServerRefused(
        "Stale.", code="stale_epoch", fault=Fault.LOCAL, retry_after_ms=5, epoch=3, head=9
    )
    assert (refused.code, refused.fault) == ("stale_epoch", Fault.LOCAL)
    assert (refused.retry_after_ms, refused.epoch, refused.head) == (5, 3, 9)


def test_a_changed_identity_names_the_account_and_what_to_do() -> None:
    changed = IdentityChanged(AccountAddress("cem", "localhost"))
    assert isinstance(changed, TrustRefused)
    assert str(changed).startswith("cem@localhost has a new identity key")
    assert "compare safety numbers" in str(changed)
