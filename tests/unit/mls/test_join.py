"""Joining by a Welcome: what is checked before the first epoch begins."""

from dataclasses import replace

import pytest

from plausch.mls.commit import CommitPlan, MadeCommit, make_commit
from plausch.mls.epoch import Epoch, NextEpoch
from plausch.mls.errors import DecryptionFailed
from plausch.mls.group import join
from plausch.mls.group_info import GroupInfo
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.key_schedule import welcome_secret
from plausch.mls.leaf_validation import LATE_GRACE_S
from plausch.mls.process import Pending
from plausch.mls.psk import NO_PSKS, KnownPsks, combine_psks
from plausch.mls.psk_id import PreSharedKeyId, ResumptionUsage
from plausch.mls.suite import suite
from plausch.mls.welcome import GroupSecrets, parse_welcome, seal_welcome
from unit.mls.group_players import ALL_SUITES, DAY_S, NOW_S, Player, Scene, refused


def add(scene: Scene, newcomer: Player) -> tuple[KeyPackageBundle, MadeCommit]:
    """A commit that adds somebody, not yet delivered."""
    bundle = newcomer.bundle()
    anna = scene["anna"]
    plan = CommitPlan(adds=(bundle.key_package,))
    epoch = anna.group.state.epoch
    return bundle, make_commit(epoch, Pending({}, {}, NO_PSKS), anna.around(), plan)


def reseal(
    made: MadeCommit,
    bundle: KeyPackageBundle,
    change: GroupInfo | None = None,
    secrets: GroupSecrets | None = None,
    psks: KnownPsks = NO_PSKS,
) -> bytes:
    """The Welcome of a hostile member: other secrets, another GroupInfo, all well sealed."""
    crypto = made.following.epoch.suite
    welcome = parse_welcome(made.welcome)
    honest = welcome.open_secrets(crypto, bundle.ref, bundle.init_private)
    zeros = bytes(crypto.hash_length)
    group_info = welcome.open_group_info(
        crypto, welcome_secret(crypto, honest.joiner_secret, zeros)
    )
    chosen = secrets or honest
    psk_secret = combine_psks(crypto, chosen.psks, psks)
    secret = welcome_secret(crypto, chosen.joiner_secret, psk_secret)
    entries = [(bundle.key_package, chosen)]
    return seal_welcome(crypto, change or group_info, secret, entries).to_message()


def group_info_of(made: MadeCommit, **changes: object) -> GroupInfo:
    """The committer's GroupInfo, changed and signed again."""
    epoch: Epoch = made.following.epoch
    honest = epoch.group_info(with_tree=True, with_external_pub=False)
    return replace(honest, **changes).signed(epoch.suite, epoch.signer_private)


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_a_newcomer_knows_what_the_committer_knows(suite_id: int) -> None:
    scene = Scene.of("anna", "bela", suite_id=suite_id)
    cora = scene.newcomer("cora")
    bundle, made = add(scene, cora)
    group = join(made.welcome, bundle, scene.judge, NOW_S).accept()
    theirs: NextEpoch = made.following
    assert group.epoch_authenticator == theirs.epoch.secrets.authenticator
    assert group.own_leaf == 2
    path = theirs.epoch.private.keys
    ours = group.state.epoch.private.keys
    root = theirs.epoch.tree.root
    assert ours[root] == path[root]
    assert ours[4] == bundle.encryption_private


def test_the_checks_of_a_group_info() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle, made = add(scene, cora)
    context = made.following.epoch.context

    def attempt(group_info: GroupInfo) -> object:
        return join(reseal(made, bundle, group_info), bundle, scene.judge, NOW_S)

    attempt(group_info_of(made))
    refused(
        "group-info-suite",
        lambda: attempt(group_info_of(made, group_context=replace(context, cipher_suite=3))),
    )
    refused("group-info-tree", lambda: attempt(group_info_of(made, extensions=())))
    refused("group-info-signer", lambda: attempt(group_info_of(made, signer=12)))
    refused("group-info-signature", lambda: attempt(group_info_of(made, signer=1)))
    refused("confirmation-tag", lambda: attempt(group_info_of(made, confirmation_tag=bytes(32))))
    wrong_tree = replace(context, tree_hash=bytes(32))
    refused("tree-hash", lambda: attempt(group_info_of(made, group_context=wrong_tree)))
    other_epoch = replace(context, epoch=9)
    refused("confirmation-tag", lambda: attempt(group_info_of(made, group_context=other_epoch)))


def test_the_path_secret_must_fit_the_tree() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle, made = add(scene, cora)
    crypto = suite(1)
    honest = parse_welcome(made.welcome).open_secrets(crypto, bundle.ref, bundle.init_private)
    wrong = reseal(made, bundle, secrets=replace(honest, path_secret=b"p" * 32))
    refused("path-public-key", lambda: join(wrong, bundle, scene.judge, NOW_S))
    wrong = reseal(
        made, bundle, change=group_info_of(made), secrets=replace(honest, joiner_secret=b"j" * 32)
    )
    refused("confirmation-tag", lambda: join(wrong, bundle, scene.judge, NOW_S))


def test_the_path_secret_must_be_there() -> None:
    """Whoever joined without it would be lost at the first Commit from farther away."""
    scene = Scene.of("anna", "bela")
    bundle, made = add(scene, scene.newcomer("cora"))
    honest = parse_welcome(made.welcome).open_secrets(suite(1), bundle.ref, bundle.init_private)
    raw = reseal(made, bundle, secrets=replace(honest, path_secret=None))
    refused("welcome-path-secret", lambda: join(raw, bundle, scene.judge, NOW_S))


def test_psks_of_a_welcome() -> None:
    scene = Scene.of("anna", "bela")
    bundle, made = add(scene, scene.newcomer("cora"))
    crypto = suite(1)
    honest = parse_welcome(made.welcome).open_secrets(crypto, bundle.ref, bundle.init_private)
    known = KnownPsks({}, {(b"old group", 5): b"r" * 32})
    branch = PreSharedKeyId.resumption(ResumptionUsage.BRANCH, b"old group", 5, b"n" * 32)
    reinit = PreSharedKeyId.resumption(ResumptionUsage.REINIT, b"old group", 5, b"n" * 32)
    for psks in ((branch,), (branch, reinit)):
        raw = reseal(made, bundle, group_info_of(made), replace(honest, psks=psks), known)
        refused("psk-known", lambda raw=raw: join(raw, bundle, scene.judge, NOW_S))
        refused(
            "welcome-resumption",
            lambda raw=raw: join(raw, bundle, scene.judge, NOW_S, psks=known),
        )


def test_a_branch_begins_in_epoch_one() -> None:
    """The first commit of a new group may carry a PSK of the old one into its Welcome."""
    scene = Scene.of("anna")
    cora = scene.newcomer("cora")
    bundle, made = add(scene, cora)
    assert made.following.epoch.number == 1
    crypto = suite(1)
    honest = parse_welcome(made.welcome).open_secrets(crypto, bundle.ref, bundle.init_private)
    known = KnownPsks({}, {(b"old group", 5): b"r" * 32})
    branch = PreSharedKeyId.resumption(ResumptionUsage.BRANCH, b"old group", 5, b"n" * 32)
    raw = reseal(made, bundle, group_info_of(made), replace(honest, psks=(branch,)), known)
    # Its usage is in order; that this committer did not mix the PSK in shows one check later.
    refused("confirmation-tag", lambda: join(raw, bundle, scene.judge, NOW_S, psks=known))


def test_the_tree_may_come_beside() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle = cora.bundle()
    pending = scene["anna"].commit(adds=[bundle.message], tree_in_welcome=False)
    refused("group-info-tree", lambda: join(pending.welcome, bundle, scene.judge, NOW_S))
    stale = scene["anna"].group.ratchet_tree()
    refused(
        "tree-hash",
        lambda: join(pending.welcome, bundle, scene.judge, NOW_S, ratchet_tree=stale),
    )
    pending.accept()
    tree = scene["anna"].group.ratchet_tree()
    join(pending.welcome, bundle, scene.judge, NOW_S, ratchet_tree=tree).accept()


def test_the_init_key_is_what_opens_it() -> None:
    scene = Scene.of("anna", "bela")
    bundle, made = add(scene, scene.newcomer("cora"))
    other = replace(bundle, init_private=suite(1).kem_generate()[0])
    with pytest.raises(DecryptionFailed):
        join(made.welcome, other, scene.judge, NOW_S)


def test_how_long_a_welcome_may_wait() -> None:
    scene = Scene.of("anna", "bela")
    bundle, made = add(scene, scene.newcomer("cora"))
    last = NOW_S + 30 * DAY_S + LATE_GRACE_S
    join(made.welcome, bundle, scene.judge, last)
    refused("welcome-lifetime", lambda: join(made.welcome, bundle, scene.judge, last + 1))


def test_a_last_resort_package_can_be_used_twice() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle = cora.bundle(last_resort=True)
    first = scene["anna"].commit(adds=[bundle.message])
    join(first.welcome, bundle, scene.judge, NOW_S).accept()
    other = Scene.of("anna")
    other.judge.learn(cora.credential, cora.signature_key)
    second = other["anna"].commit(adds=[bundle.message])
    assert join(second.welcome, bundle, other.judge, NOW_S).accept().own_leaf == 1
