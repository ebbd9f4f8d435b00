"""Every named check of a leaf has a leaf that fails it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from plausch.mls.credential import BASIC, Credential, Role
from plausch.mls.errors import CredentialRefused, ValidationError
from plausch.mls.extension import (
    APPLICATION_ID,
    REQUIRED_CAPABILITIES,
    Extension,
    RequiredCapabilities,
)
from plausch.mls.leaf_node import (
    SOURCE_COMMIT,
    SOURCE_KEY_PACKAGE,
    SOURCE_UPDATE,
    LeafBinding,
    LeafNode,
    Lifetime,
)
from plausch.mls.leaf_validation import (
    EARLY_GRACE_S,
    LATE_GRACE_S,
    MAX_LIFETIME_S,
    GroupDemands,
    check_among_members,
    check_lifetime,
    validate_leaf,
)
from unit.mls.tree_players import CRYPTO, GROUP_ID, NOW_S, Device, able, anybody

HERE = LeafBinding(GROUP_ID, 0)
PLAIN = GroupDemands(CRYPTO)
ANN = Device.make(b"ann")


def failed(check: Callable[[], None]) -> str:
    with pytest.raises(ValidationError) as caught:
        check()
    assert str(caught.value).endswith(".")
    assert caught.value.code == caught.value.check
    return caught.value.check


def verdict(
    leaf: LeafNode,
    demands: GroupDemands = PLAIN,
    source: int | None = SOURCE_KEY_PACKAGE,
    binding: LeafBinding | None = HERE,
) -> str:
    """The check that fails, or nothing."""
    try:
        validate_leaf(leaf, demands, anybody, source=source, binding=binding, role="member")
    except ValidationError as error:
        return error.check
    return ""


def test_an_honest_leaf_passes() -> None:
    assert verdict(ANN.leaf()) == ""
    assert verdict(ANN.leaf(), source=None) == ""
    update = ANN.content(lifetime=None).sign(CRYPTO, ANN.signer, HERE)
    assert verdict(update, source=SOURCE_UPDATE) == ""
    commit = ANN.content(lifetime=None, parent_hash=b"h").sign(CRYPTO, ANN.signer, HERE)
    assert verdict(commit, source=SOURCE_COMMIT) == ""


def test_leaf_source() -> None:
    assert verdict(ANN.leaf(), source=SOURCE_UPDATE) == "leaf-source"
    assert verdict(ANN.leaf(), source=SOURCE_COMMIT) == "leaf-source"
    update = ANN.content(lifetime=None).sign(CRYPTO, ANN.signer, HERE)
    assert verdict(update) == "leaf-source"


def test_leaf_signature() -> None:
    stranger = Device.make(b"eve")
    assert verdict(ANN.content().sign(CRYPTO, stranger.signer)) == "leaf-signature"
    moved = ANN.content(lifetime=None).sign(CRYPTO, ANN.signer, LeafBinding(GROUP_ID, 1))
    assert verdict(moved, source=SOURCE_UPDATE) == "leaf-signature"
    other_group = ANN.content(lifetime=None).sign(CRYPTO, ANN.signer, LeafBinding(b"x", 0))
    assert verdict(other_group, source=SOURCE_UPDATE) == "leaf-signature"
    no_key = ANN.content(signature_key=b"short").sign(CRYPTO, ANN.signer)
    assert verdict(no_key, binding=None) == "leaf-signature"


@pytest.mark.parametrize("key", [b"", bytes(32), b"x" * 33])
def test_leaf_encryption_key(key: bytes) -> None:
    assert verdict(ANN.leaf(encryption_key=key)) == "leaf-encryption-key"


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"versions": ()}, "leaf-capabilities-version"),
        ({"versions": (2,)}, "leaf-capabilities-version"),
        ({"cipher_suites": (2,)}, "leaf-capabilities-suite"),
        ({"credentials": (0xF0A1,)}, "leaf-capabilities-credential"),
    ],
)
def test_leaf_capabilities(changes: dict[str, tuple[int, ...]], check: str) -> None:
    assert verdict(ANN.leaf(capabilities=able(CRYPTO, **changes))) == check


def test_leaf_capabilities_extensions() -> None:
    unlisted = (Extension(0xF001, b""),)
    assert verdict(ANN.leaf(extensions=unlisted)) == "leaf-capabilities-extensions"
    listed = able(CRYPTO, extensions=(0xF001,))
    assert verdict(ANN.leaf(extensions=unlisted, capabilities=listed)) == ""
    assert verdict(ANN.leaf(extensions=(Extension(APPLICATION_ID, b"a"),))) == ""


def test_grease_is_tolerated() -> None:
    greasy = able(
        CRYPTO,
        versions=(0x0A0A, 1),
        cipher_suites=(0x1A1A, CRYPTO.id),
        extensions=(0x2A2A,),
        proposals=(0x3A3A,),
        credentials=(0x4A4A, BASIC),
    )
    assert verdict(ANN.leaf(capabilities=greasy, extensions=(Extension(0x2A2A, b"x"),))) == ""


@pytest.mark.parametrize(
    "needed",
    [
        RequiredCapabilities(extensions=(0xF001,)),
        RequiredCapabilities(proposals=(0xF002,)),
        RequiredCapabilities(credentials=(0xF003,)),
    ],
)
def test_leaf_required_capabilities(needed: RequiredCapabilities) -> None:
    demands = GroupDemands.of_context(CRYPTO, (needed.to_extension(),))
    assert verdict(ANN.leaf(), demands) == "leaf-required-capabilities"
    enough = able(CRYPTO, extensions=(0xF001,), proposals=(0xF002,), credentials=(BASIC, 0xF003))
    assert verdict(ANN.leaf(capabilities=enough), demands) == ""


def test_defaults_may_be_required() -> None:
    demands = GroupDemands(CRYPTO, RequiredCapabilities((REQUIRED_CAPABILITIES,), (1, 2, 3), ()))
    assert verdict(ANN.leaf(), demands) == ""


def test_leaf_context_extensions() -> None:
    demands = GroupDemands.of_context(CRYPTO, (Extension(0xF001, b""),))
    assert verdict(ANN.leaf(), demands) == "leaf-context-extensions"
    assert verdict(ANN.leaf(capabilities=able(CRYPTO, extensions=(0xF001,))), demands) == ""


def test_the_judge_has_the_last_word() -> None:
    asked: list[tuple[Credential, bytes, Role]] = []

    def nobody(credential: Credential, signature_key: bytes, role: Role) -> None:
        asked.append((credential, signature_key, role))
        raise CredentialRefused("Nobody is known here.")

    with pytest.raises(CredentialRefused):
        validate_leaf(ANN.leaf(), PLAIN, nobody, source=None, binding=HERE, role="member")
    assert asked == [(Credential.basic(b"ann"), ANN.signature_key, "member")]


@pytest.mark.parametrize(
    ("lifetime", "now_s"),
    [
        (Lifetime(NOW_S + 1, NOW_S + 2), NOW_S),
        (Lifetime(NOW_S - 2, NOW_S - 1), NOW_S),
        (Lifetime(NOW_S + 1, NOW_S - 1), NOW_S),
        (Lifetime(NOW_S, NOW_S + MAX_LIFETIME_S + 1), NOW_S),
        (Lifetime(0, 2**64 - 1), NOW_S),
    ],
)
def test_leaf_lifetime(lifetime: Lifetime, now_s: int) -> None:
    leaf = ANN.leaf(lifetime=lifetime)
    assert failed(lambda: check_lifetime(leaf, now_s)) == "leaf-lifetime"


def test_lifetimes_that_pass() -> None:
    check_lifetime(ANN.leaf(lifetime=Lifetime(NOW_S, NOW_S)), NOW_S)
    check_lifetime(ANN.leaf(lifetime=Lifetime(NOW_S, NOW_S + MAX_LIFETIME_S)), NOW_S)
    check_lifetime(ANN.leaf(lifetime=Lifetime(0, 2**64 - 1)), NOW_S, None)
    check_lifetime(ANN.content(lifetime=None).sign(CRYPTO, ANN.signer, HERE), NOW_S)


def test_who_was_away_has_some_grace() -> None:
    leaf = ANN.leaf(lifetime=Lifetime(NOW_S - 9, NOW_S))
    assert failed(lambda: check_lifetime(leaf, NOW_S + 1)) == "leaf-lifetime"
    last_s = NOW_S + LATE_GRACE_S
    check_lifetime(leaf, last_s, was_used=True)
    assert failed(lambda: check_lifetime(leaf, last_s + 1, was_used=True)) == "leaf-lifetime"


def test_whose_clock_is_behind_has_some_grace() -> None:
    leaf = ANN.leaf(lifetime=Lifetime(NOW_S, NOW_S + 9))
    assert failed(lambda: check_lifetime(leaf, NOW_S - 1)) == "leaf-lifetime"
    first_s = NOW_S - EARLY_GRACE_S
    check_lifetime(leaf, first_s, was_used=True)
    assert failed(lambda: check_lifetime(leaf, first_s - 1, was_used=True)) == "leaf-lifetime"


def test_no_grace_makes_a_time_of_what_ends_before_it_begins() -> None:
    leaf = ANN.leaf(lifetime=Lifetime(NOW_S + 1, NOW_S - 1))
    assert failed(lambda: check_lifetime(leaf, NOW_S, was_used=True)) == "leaf-lifetime"


def test_members_must_differ() -> None:
    ben = Device.make(b"ben")
    check_among_members([ANN.leaf(), ben.leaf()])
    same_signer = replace(ben, signer=ANN.signer, signature_key=ANN.signature_key)
    assert (
        failed(lambda: check_among_members([ANN.leaf(), same_signer.leaf()]))
        == "leaf-unique-signature-key"
    )
    same_key = ben.leaf(encryption_key=ANN.encryption_key)
    assert (
        failed(lambda: check_among_members(iter([ANN.leaf(), same_key])))
        == "leaf-unique-encryption-key"
    )


def test_credentials_must_be_known_to_all() -> None:
    ben = Device.make(b"ben")
    product = ben.leaf(credential=Credential(0xF0A1, b"certificate"))
    only_basic = ANN.leaf(capabilities=able(CRYPTO, credentials=(BASIC,)))
    check_among_members([ANN.leaf(), product])
    assert (
        failed(lambda: check_among_members([only_basic, product]))
        == "leaf-credential-supported-by-members"
    )
