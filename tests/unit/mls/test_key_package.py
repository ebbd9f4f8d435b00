"""Key packages: every named check has one that fails it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.codec import CodecError, u16
from plausch.mls.credential import Credential, Role
from plausch.mls.errors import CredentialRefused, ValidationError
from plausch.mls.extension import LAST_RESORT, Extension
from plausch.mls.key_package import KeyPackage, parse_key_package
from plausch.mls.leaf_node import LeafBinding, Lifetime
from plausch.mls.leaf_validation import GroupDemands
from plausch.mls.suite import suite
from unit.mls.tree_players import ALL_SUITES, CRYPTO, GROUP_ID, NOW_S, Device, able, anybody

ANN = Device.make(b"ann")


def verdict(package: KeyPackage, number: int = 1, demands: GroupDemands | None = None) -> str:
    """The check that fails, or nothing."""
    try:
        package.validate(suite(number), anybody, NOW_S, demands)
    except ValidationError as error:
        assert str(error).endswith(".")
        return error.check
    return ""


def signed_again(package: KeyPackage, unsigned: bytes) -> KeyPackage:
    """Other content under a good signature."""
    signature = CRYPTO.sign_with_label(ANN.signer, "KeyPackageTBS", unsigned)
    return replace(package, unsigned=unsigned, signature=signature)


@pytest.mark.parametrize("number", ALL_SUITES)
def test_an_honest_package_passes(number: int) -> None:
    package = Device.make(b"ann", suite(number)).key_package()
    assert verdict(package, number) == ""
    again = parse_key_package(package.to_message())
    assert again == package
    assert hash(again) == hash(package)
    assert again.to_bytes() == package.to_bytes()
    assert verdict(again, number) == ""
    assert len(package.ref(suite(number))) == suite(number).hash_length


def test_packages_differ() -> None:
    one, other = ANN.key_package(), ANN.key_package()
    assert one != other
    assert one != "a key package"
    assert one.ref(CRYPTO) != other.ref(CRYPTO)


def test_last_resort_is_marked() -> None:
    assert not ANN.key_package().last_resort
    package = ANN.key_package((Extension(LAST_RESORT, b""),))
    assert package.last_resort
    assert verdict(package) == ""


def test_key_package_version() -> None:
    package = ANN.key_package()
    other = signed_again(replace(package, version=2), u16(2) + package.unsigned[2:])
    assert verdict(other) == "key-package-version"


def test_key_package_suite() -> None:
    package = ANN.key_package()
    assert verdict(package, 3) == "key-package-suite"
    assert verdict(replace(package, cipher_suite=83)) == "key-package-suite"


def test_key_package_init_key_differs() -> None:
    package = KeyPackage.sign(CRYPTO, ANN.signer, ANN.encryption_key, ANN.leaf())
    assert verdict(package) == "key-package-init-key-differs"


def test_key_package_init_key() -> None:
    for key in (b"", bytes(32), b"k" * 31):
        package = KeyPackage.sign(CRYPTO, ANN.signer, key, ANN.leaf())
        assert verdict(package) == "key-package-init-key"


def test_key_package_signature() -> None:
    package = ANN.key_package()
    stranger = Device.make(b"eve")
    forged = KeyPackage.sign(CRYPTO, stranger.signer, package.init_key, package.leaf_node)
    assert verdict(forged) == "key-package-signature"
    assert verdict(replace(package, signature=b"")) == "key-package-signature"
    swapped = KeyPackage.from_bytes(package.to_bytes().replace(package.init_key, bytes(31) + b"9"))
    assert verdict(swapped) == "key-package-signature"


def test_leaf_checks_apply() -> None:
    update = ANN.content(lifetime=None).sign(CRYPTO, ANN.signer, LeafBinding(GROUP_ID, 0))
    package = KeyPackage.sign(CRYPTO, ANN.signer, CRYPTO.kem_generate()[1], update)
    assert verdict(package) == "leaf-source"
    unable = ANN.key_package(capabilities=able(CRYPTO, versions=()))
    assert verdict(unable) == "leaf-capabilities-version"
    demands = GroupDemands(CRYPTO, context_extensions=(0xF001,))
    assert verdict(ANN.key_package(), demands=demands) == "leaf-context-extensions"


@pytest.mark.parametrize(
    "lifetime",
    [Lifetime(NOW_S + 1, NOW_S + 9), Lifetime(NOW_S - 9, NOW_S - 1), Lifetime(0, 2**64 - 1)],
)
def test_key_package_lifetime(lifetime: Lifetime) -> None:
    assert verdict(ANN.key_package(lifetime=lifetime)) == "key-package-lifetime"


@pytest.mark.parametrize(
    "lifetime", [Lifetime(NOW_S - 99, NOW_S - 10), Lifetime(NOW_S + 10, NOW_S + 99)]
)
def test_a_package_that_somebody_else_has_used_may_be_untimely(lifetime: Lifetime) -> None:
    untimely = ANN.key_package(lifetime=lifetime)
    assert verdict(untimely) == "key-package-lifetime"
    untimely.validate(CRYPTO, anybody, NOW_S, role="added")


def test_another_maximum_lifetime() -> None:
    package = ANN.key_package(lifetime=Lifetime(0, 2**64 - 1))
    package.validate(CRYPTO, anybody, NOW_S, max_lifetime_s=None)
    with pytest.raises(ValidationError):
        ANN.key_package().validate(CRYPTO, anybody, NOW_S, max_lifetime_s=60)


def test_the_judge_hears_that_it_is_a_key_package() -> None:
    heard: list[Role] = []

    def nobody(credential: Credential, signature_key: bytes, role: Role) -> None:
        heard.append(role)
        raise CredentialRefused("Nobody is known here.")

    with pytest.raises(CredentialRefused):
        ANN.key_package().validate(CRYPTO, nobody, NOW_S)
    assert heard == ["key_package"]


def test_only_an_mls_message_with_a_key_package_is_one() -> None:
    message = ANN.key_package().to_message()
    for raw in (
        message[4:],
        b"\x00\x02" + message[2:],
        message[:2] + b"\x00\x01" + message[4:],
        message + b"\0",
        b"",
    ):
        with pytest.raises(CodecError):
            parse_key_package(raw)


def test_every_truncation_is_a_codec_error() -> None:
    message = ANN.key_package().to_message()
    for end in range(len(message)):
        with pytest.raises(CodecError):
            parse_key_package(message[:end])


@given(st.integers(4, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_noticed(position: int, mask: int) -> None:
    raw = bytearray(ANN.key_package().to_message())
    raw[4 + position % (len(raw) - 4)] ^= mask
    try:
        package = parse_key_package(bytes(raw))
    except CodecError:
        return
    assert verdict(package) != ""


@given(st.binary(max_size=300))
def test_random_bytes(raw: bytes) -> None:
    with pytest.raises(CodecError):
        parse_key_package(raw)
    with pytest.raises(CodecError):
        KeyPackage.from_bytes(raw)
