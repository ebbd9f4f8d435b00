"""The named checks of a LeafNode (RFC 9420 section 7.3).

Each failure is a `ValidationError` whose `check` is one of the names below. Which member a
leaf's credential names is the judge's business and fails with `CredentialRefused`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from plausch.mls.credential import CredentialJudge, Role
from plausch.mls.errors import KeyRefused, SignatureRefused, ValidationError, require
from plausch.mls.extension import (
    DEFAULT_EXTENSIONS,
    Extensions,
    RequiredCapabilities,
    required_capabilities,
)
from plausch.mls.leaf_node import (
    MLS10,
    SOURCE_COMMIT,
    SOURCE_KEY_PACKAGE,
    SOURCE_UPDATE,
    LeafBinding,
    LeafNode,
)
from plausch.mls.suite import Suite

MAX_LIFETIME_S = 400 * 86_400
"""The longest lifetime a key package may claim: 400 days, a year and some slack. A stolen init
key is worth something to its thief for as long as somebody accepts the package (RFC 9420, 7.2:
applications MUST define a maximum); last-resort packages must outlive a long holiday."""

LATE_GRACE_S = 31 * 86_400
"""How long after a key package has expired a device still follows what was done with it in time:
the 30 days that the delivery service keeps messages for a device that is away, and a day for
clocks. Without it, who was away when a package expired could not follow the Commit that used it."""

EARLY_GRACE_S = 23 * 3_600
"""How long before a key package begins a device follows what others did with it: with the hour by
which packages are dated back, a clock may be a day behind, as that of certificates. Without it,
such a device would refuse every Commit that adds somebody and lose the group."""

_SOURCE_NAMES = {
    SOURCE_KEY_PACKAGE: "a key package",
    SOURCE_UPDATE: "an update",
    SOURCE_COMMIT: "a commit",
}


@dataclass(frozen=True, slots=True)
class GroupDemands:
    """What a group asks of every leaf: its suite, required capabilities and extensions."""

    suite: Suite
    required: RequiredCapabilities = field(default_factory=RequiredCapabilities)
    context_extensions: tuple[int, ...] = ()

    @classmethod
    def of_context(cls, suite: Suite, extensions: Extensions) -> "GroupDemands":
        """From a GroupContext's suite and extensions. Raises CodecError."""
        types = tuple(item.type for item in extensions if item.type not in DEFAULT_EXTENSIONS)
        return cls(suite, required_capabilities(extensions), types)


def check_source(leaf: LeafNode, expected: int) -> None:
    """`leaf-source`: the leaf was made for the place where it stands."""
    require(
        leaf.source == expected,
        "leaf-source",
        f"A leaf made for {_SOURCE_NAMES[leaf.source]} stands where one for "
        f"{_SOURCE_NAMES[expected]} belongs.",
    )


def check_signature(leaf: LeafNode, suite: Suite, binding: LeafBinding | None) -> None:
    """`leaf-signature`: the leaf is signed by its own key, for its group and position."""
    try:
        leaf.verify_signature(suite, binding)
    except (SignatureRefused, KeyRefused) as error:
        place = f"leaf {binding.leaf_index}" if binding is not None else "a key package"
        raise ValidationError(
            "leaf-signature", f"The signature of {place} does not verify: it was altered or moved."
        ) from error


def check_encryption_key(leaf: LeafNode, suite: Suite) -> None:
    """`leaf-encryption-key`: something can be encrypted to it."""
    try:
        suite.kem_check_public(leaf.encryption_key)
    except KeyRefused as error:
        raise ValidationError(
            "leaf-encryption-key", f"A leaf's encryption key is unusable: {error}"
        ) from error


def check_capabilities(leaf: LeafNode, demands: GroupDemands) -> None:
    """What a leaf says it supports, against itself and the group.

    `leaf-capabilities-version`, `leaf-capabilities-suite`, `leaf-capabilities-credential`,
    `leaf-capabilities-extensions`, `leaf-required-capabilities`, `leaf-context-extensions`.
    """
    able = leaf.capabilities
    require(
        MLS10 in able.versions,
        "leaf-capabilities-version",
        "A leaf does not list MLS 1.0 among its versions.",
    )
    require(
        demands.suite.id in able.cipher_suites,
        "leaf-capabilities-suite",
        f"A leaf does not list the group's cipher suite {demands.suite.id:#06x}.",
    )
    require(
        leaf.credential.type in able.credentials,
        "leaf-capabilities-credential",
        f"A leaf does not list the type {leaf.credential.type:#06x} of its own credential.",
    )
    for item in leaf.extensions:
        require(
            able.supports_extension(item.type),
            "leaf-capabilities-extensions",
            f"A leaf carries extension {item.type:#06x}, which it does not list as supported.",
        )
    needed = demands.required
    missing = (
        [number for number in needed.extensions if not able.supports_extension(number)]
        + [number for number in needed.proposals if not able.supports_proposal(number)]
        + [number for number in needed.credentials if number not in able.credentials]
    )
    require(
        not missing,
        "leaf-required-capabilities",
        f"A leaf lacks capabilities that the group requires: {[hex(item) for item in missing]}.",
    )
    for number in demands.context_extensions:
        require(
            able.supports_extension(number),
            "leaf-context-extensions",
            f"A leaf does not support extension {number:#06x} of the group's context.",
        )


def check_lifetime(
    leaf: LeafNode,
    now_s: int,
    max_lifetime_s: int | None = MAX_LIFETIME_S,
    *,
    was_used: bool = False,
) -> None:
    """`leaf-lifetime`: it does not end before it begins, `now_s` lies within it, and it is no
    longer than allowed.

    A leaf that is not a key package's has no lifetime and passes. `max_lifetime_s` None accepts
    any length, for peers whose applications define another maximum. `was_used`: somebody else has
    used the package, at a moment that need not be now: it may begin in `EARLY_GRACE_S` or have
    ended `LATE_GRACE_S` ago. Whoever uses it itself has no such grace (RFC 9420 section 7.3).
    """
    lifetime = leaf.lifetime
    if lifetime is None:
        return
    require(
        lifetime.not_before_s <= lifetime.not_after_s,
        "leaf-lifetime",
        "A key package ends before it begins; ask its owner for a fresh one.",
    )
    early_s, late_s = (EARLY_GRACE_S, LATE_GRACE_S) if was_used else (0, 0)
    require(
        lifetime.not_before_s - early_s <= now_s <= lifetime.not_after_s + late_s,
        "leaf-lifetime",
        f"A key package is valid from {lifetime.not_before_s} to {lifetime.not_after_s} "
        f"(seconds since 1970), but now is {now_s}; ask its owner for a fresh one.",
    )
    if max_lifetime_s is not None:
        require(
            lifetime.not_after_s - lifetime.not_before_s <= max_lifetime_s,
            "leaf-lifetime",
            f"A key package claims to live longer than {max_lifetime_s} seconds.",
        )


def validate_leaf(
    leaf: LeafNode,
    demands: GroupDemands,
    judge: CredentialJudge,
    *,
    source: int | None,
    binding: LeafBinding | None,
    role: Role,
) -> None:
    """All checks of RFC 9420 section 7.3 that need only this leaf and the group's context.

    `source` None accepts any source, for leaves of a tree one joins. Lifetime
    (`check_lifetime`) and the other members (`check_among_members`) are asked separately,
    because they depend on when and where the leaf appears.
    Raises ValidationError or CredentialRefused.
    """
    if source is not None:
        check_source(leaf, source)
    check_encryption_key(leaf, demands.suite)
    check_capabilities(leaf, demands)
    check_signature(leaf, demands.suite, binding)
    judge(leaf.credential, leaf.signature_key, role)


def check_among_members(members: Iterable[LeafNode]) -> None:
    """The checks between the leaves of one tree, all of them given.

    `leaf-unique-signature-key`, `leaf-unique-encryption-key`,
    `leaf-credential-supported-by-members`. Raises ValidationError.
    """
    leaves = list(members)
    require(
        len({leaf.signature_key for leaf in leaves}) == len(leaves),
        "leaf-unique-signature-key",
        "Two members have the same signature key; each device needs its own.",
    )
    require(
        len({leaf.encryption_key for leaf in leaves}) == len(leaves),
        "leaf-unique-encryption-key",
        "Two members have the same encryption key; each device needs its own.",
    )
    in_use = {leaf.credential.type for leaf in leaves}
    for supported in {leaf.capabilities.credentials for leaf in leaves}:
        missing = in_use.difference(supported)
        require(
            not missing,
            "leaf-credential-supported-by-members",
            "A member does not support credential types in use in the group: "
            f"{[hex(item) for item in sorted(missing)]}.",
        )
