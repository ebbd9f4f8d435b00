"""Key package bundles: made, saved, loaded."""

import pytest

from plausch.mls.credential import BASIC, PLAUSCH, X509, Credential
from plausch.mls.errors import KeyRefused, SavedStateRefused, UnsupportedSuite
from plausch.mls.extension import is_grease
from plausch.mls.joiner import CLOCK_SLACK_S, KeyPackageBundle, own_capabilities
from plausch.mls.key_package import parse_key_package
from plausch.mls.suite import SUITES, suite
from unit.mls.group_players import ALL_SUITES, DAY_S, NOW_S, Judge, Player


@pytest.mark.parametrize("last_resort", [False, True])
@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_a_bundle_is_valid_and_its_keys_belong_together(suite_id: int, last_resort: bool) -> None:
    anna = Player.make("anna", suite_id, Judge())
    bundle = anna.bundle(last_resort=last_resort)
    crypto = suite(suite_id)
    package = parse_key_package(bundle.message)
    package.validate(crypto, anna.judge, NOW_S)
    assert package.ref(crypto) == bundle.ref
    assert bundle.last_resort == package.last_resort == last_resort
    sealed = crypto.encrypt_with_label(package.init_key, "x", b"", b"hello")
    assert crypto.decrypt_with_label(bundle.init_private, "x", b"", *sealed) == b"hello"
    sealed = crypto.encrypt_with_label(package.leaf_node.encryption_key, "x", b"", b"hello")
    assert crypto.decrypt_with_label(bundle.encryption_private, "x", b"", *sealed) == b"hello"
    assert crypto.signature_public_of(bundle.signer_private) == package.leaf_node.signature_key


def test_the_lifetime() -> None:
    bundle = Player.make("anna", 1, Judge()).bundle(lifetime_s=5 * DAY_S)
    lifetime = bundle.key_package.leaf_node.lifetime
    assert lifetime is not None
    assert lifetime.not_before_s == NOW_S - CLOCK_SLACK_S
    assert lifetime.not_after_s == NOW_S + 5 * DAY_S


def test_capabilities_announce_all_suites_credentials_and_some_grease() -> None:
    able = own_capabilities(Credential(0xF123, b""))
    assert set(SUITES) <= set(able.cipher_suites)
    assert {0xF123, BASIC, X509, PLAUSCH} <= set(able.credentials)
    assert any(is_grease(number) for number in able.cipher_suites)
    assert any(is_grease(number) for number in able.extensions)
    assert any(is_grease(number) for number in able.proposals)
    assert len(set(able.credentials)) == len(able.credentials)


def test_saved_and_loaded() -> None:
    bundle = Player.make("anna", 0xF00D, Judge()).bundle(last_resort=True)
    assert KeyPackageBundle.load(bundle.save()) == bundle


def test_damaged_bytes() -> None:
    saved = Player.make("anna", 1, Judge()).bundle().save()
    for broken in (b"", saved[:-1], saved + b"\0", b"\0\2" + saved[2:], saved[:5] + saved[9:]):
        with pytest.raises(SavedStateRefused):
            KeyPackageBundle.load(broken)


def test_a_suite_that_this_program_does_not_have_is_no_damage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = Player.make("anna", 3, Judge()).bundle().save()
    monkeypatch.delitem(SUITES, 3)
    with pytest.raises(UnsupportedSuite):
        KeyPackageBundle.load(saved)


def test_wrong_keys_and_suites() -> None:
    credential = Credential(PLAUSCH, b"anna")
    with pytest.raises(KeyRefused):
        KeyPackageBundle.create(1, credential, b"short", NOW_S, DAY_S)
    with pytest.raises(UnsupportedSuite):
        KeyPackageBundle.create(4, credential, b"s" * 32, NOW_S, DAY_S)
