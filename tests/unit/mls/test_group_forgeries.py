"""Commits that no honest client makes, by members with real keys and by outsiders: each fails by
a named check and leaves the group byte for byte as it was.
"""

from copy import deepcopy
from dataclasses import replace

import pytest

from plausch.mls.errors import (
    CodecError,
    CredentialRefused,
    ValidationError,
)
from plausch.mls.framing import (
    PublicMessage,
    Sender,
    SenderType,
    parse_public_message,
)
from plausch.mls.group import external_join
from plausch.mls.group_info import parse_group_info
from plausch.mls.key_package import KeyPackage
from plausch.mls.leaf_validation import LATE_GRACE_S
from plausch.mls.process import ExternalJoin
from plausch.mls.proposal import Add, ExternalInit, PreSharedKey, ProposalRef, Remove
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.suite import suite
from unit.mls.group_players import (
    DAY_S,
    NOW_S,
    Player,
    Scene,
    refused,
    untouched,
    welcome_anybody,
)

# -- forbidden commits by a member with real keys


def test_a_commit_that_removes_without_a_path() -> None:
    scene = Scene.of("anna", "bela", "cora")
    with untouched(scene["bela"]):
        for proposals in ([Remove(2)], []):
            forged = scene["anna"].forge(proposals)
            refused("path-required", lambda forged=forged: scene["bela"].stage(forged))


def test_a_commit_that_removes_its_sender() -> None:
    scene = Scene.of("anna", "bela")
    refused("remove-of-committer", lambda: scene["anna"].commit(removes=[0]))
    forged = scene["anna"].forge([Remove(0)])
    with untouched(scene["bela"]):
        refused("remove-of-committer", lambda: scene["bela"].stage(forged))


def test_a_commit_with_an_update_of_its_sender() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    raw = anna.group.propose_update()
    update = parse_public_message(raw).authenticated.content.body
    bela.follow(raw)
    reference = next(iter(bela.group.proposals))
    with untouched(bela):
        for entry in (ProposalRef(reference), update):
            forged = anna.forge([entry])
            refused("update-by-committer", lambda forged=forged: bela.stage(forged))


def test_duplicate_proposals() -> None:
    scene = Scene.of("anna", "bela", "cora", "dora")
    anna, bela = scene["anna"], scene["bela"]
    package = scene.newcomer("emil").bundle().key_package
    scene.deliver(scene["cora"], scene["cora"].group.propose_update())
    reference = next(iter(bela.group.proposals))
    psk = PreSharedKey(PreSharedKeyId.external(b"x", bytes(32)))
    cases = [
        ("leaf-touched-once", [Remove(2), Remove(2)]),
        ("leaf-touched-once", [ProposalRef(reference), Remove(2)]),
        ("add-once", [Add(package), Add(package)]),
        ("proposal-once", [ProposalRef(reference), ProposalRef(reference)]),
        ("psk-unique", [psk, psk]),
    ]
    with untouched(bela):
        for check, proposals in cases:
            forged = anna.forge(proposals)
            refused(check, lambda forged=forged: bela.stage(forged))


def test_adding_a_device_that_is_in_already() -> None:
    scene = Scene.of("anna", "bela", "cora")
    again = scene["cora"].bundle()
    refused("leaf-unique-signature-key", lambda: scene["anna"].commit(adds=[again.message]))
    forged = scene["anna"].forge([Add(again.key_package)])
    with untouched(scene["bela"]):
        refused("leaf-unique-signature-key", lambda: scene["bela"].stage(forged))


def test_a_device_may_be_replaced_in_one_commit() -> None:
    scene = Scene.of("anna", "bela", "cora")
    cora = scene["cora"]
    bundle = cora.bundle()
    pending = scene["anna"].commit(adds=[bundle.message], removes=[2])
    scene["bela"].follow(pending.commit)
    pending.accept()
    cora.join(pending.welcome, bundle)
    scene.agree()
    scene.chat()


def test_an_expired_key_package() -> None:
    scene = Scene.of("anna", "bela")
    old = scene.newcomer("cora").bundle(now_s=NOW_S - 62 * DAY_S)
    refused("key-package-lifetime", lambda: scene["anna"].commit(adds=[old.message]))
    with untouched(scene["bela"]):
        forged = scene["anna"].forge([Add(old.key_package)])
        refused("key-package-lifetime", lambda: scene["bela"].stage(forged))
        proposed = scene["anna"].frame(Add(old.key_package))
        refused("key-package-lifetime", lambda: scene["bela"].stage(proposed))


def refused_everywhere(scene: Scene, check: str, package: KeyPackage) -> None:
    """Nobody adds it, follows a Commit that adds it, or keeps a proposal that would."""
    refused(check, lambda: scene["anna"].commit(adds=[package]))
    with untouched(scene["bela"]):
        forged = scene["anna"].forge([Add(package)])
        refused(check, lambda: scene["bela"].stage(forged))
        proposed = scene["anna"].frame(Add(package))
        refused(check, lambda: scene["bela"].stage(proposed))


def test_a_key_package_of_the_far_future() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    for bundle in (cora.bundle(now_s=NOW_S + 2 * DAY_S), cora.bundle(lifetime_s=3_650 * DAY_S)):
        refused_everywhere(scene, "key-package-lifetime", bundle.key_package)


def test_a_key_package_of_another_suite() -> None:
    scene = Scene.of("anna", "bela")
    wrong = Player.make("cora", 3, scene.judge).bundle()
    refused_everywhere(scene, "key-package-suite", wrong.key_package)


def test_a_key_package_whose_init_key_is_its_leaf_key() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    leaf = cora.bundle().key_package.leaf_node
    doubled = KeyPackage.sign(suite(1), cora.signer, leaf.encryption_key, leaf)
    refused_everywhere(scene, "key-package-init-key-differs", doubled)


def test_a_key_package_that_expires_between_proposal_and_commit() -> None:
    scene = Scene.of("anna", "bela")
    bundle = scene.newcomer("cora").bundle(lifetime_s=DAY_S)
    scene.deliver(scene["anna"], scene["anna"].group.propose_add(bundle.message))
    later = NOW_S + 2 * DAY_S
    pending = scene["anna"].group.commit(scene.judge, later)
    assert pending.added == ()
    reference = next(iter(scene["bela"].group.proposals))
    forged = scene["anna"].forge([ProposalRef(reference)])
    much_later = NOW_S + DAY_S + LATE_GRACE_S
    with untouched(scene["bela"]):
        refused("key-package-lifetime", lambda: scene["bela"].stage(forged, now_s=much_later + 1))
        refused("confirmation-tag", lambda: scene["bela"].stage(forged, now_s=much_later))


def test_who_was_away_when_a_key_package_expired_follows_the_commit_that_used_it() -> None:
    scene = Scene.of("anna", "bela")
    bundle = scene.newcomer("cora").bundle(lifetime_s=DAY_S)
    pending = scene["anna"].commit(adds=[bundle.message])
    scene["bela"].stage(pending.commit, now_s=NOW_S + 30 * DAY_S).accept()
    pending.accept()
    assert scene["bela"].group.epoch_authenticator == scene["anna"].group.epoch_authenticator


def test_whose_clock_is_a_day_behind_follows_the_commit_that_adds_somebody() -> None:
    scene = Scene.of("anna", "bela")
    pending = scene["anna"].commit(adds=[scene.newcomer("cora").bundle().message])
    scene["bela"].stage(pending.commit, now_s=NOW_S - DAY_S).accept()
    pending.accept()
    assert scene["bela"].group.epoch_authenticator == scene["anna"].group.epoch_authenticator


def test_a_tampered_key_package_inside_a_commit() -> None:
    scene = Scene.of("anna", "bela")
    raw = bytearray(scene.newcomer("cora").bundle().key_package.to_bytes())
    raw[10] ^= 1
    forged = scene["anna"].forge([Add(KeyPackage.from_bytes(bytes(raw)))])
    with untouched(scene["bela"]), pytest.raises(ValidationError):
        scene["bela"].stage(forged)


def test_unknown_proposal_types_and_references() -> None:
    scene = Scene.of("anna", "bela")
    known = scene["anna"].frame(Remove(1))
    unknown = known.replace(b"\x02\x00\x03\x00\x00\x00\x01", b"\x02\xf1\x23\x00\x00\x00\x01", 1)
    assert unknown != known
    with untouched(scene["bela"]):
        with pytest.raises(CodecError):
            scene["bela"].stage(unknown)
        forged = scene["anna"].forge([ProposalRef(b"r" * 32)])
        refused("proposal-known", lambda: scene["bela"].stage(forged))


def test_removing_nobody() -> None:
    scene = Scene.of("anna", "bela")
    with untouched(scene["bela"]):
        for place in (1 << 31, 5):
            forged = scene["anna"].forge([Remove(place)])
            refused("remove-member", lambda forged=forged: scene["bela"].stage(forged))


def test_a_commit_under_the_own_leaf_that_this_device_does_not_know() -> None:
    """After a restored backup, or by somebody who has stolen the keys."""
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    saved = anna.group.save()
    pending = anna.commit()
    anna.restart(saved)
    with untouched(anna):
        refused("own-commit", lambda: anna.stage(pending.commit))


# -- external commits


def test_external_commits_are_refused_unless_the_application_lets_them_pass() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    group_info = scene["anna"].group.group_info()
    raw = external_join(group_info, cora.credential, cora.signer, scene.judge, NOW_S).commit

    def never(request: ExternalJoin) -> None:
        assert request.newcomer.credential == cora.credential
        assert request.replaces is None
        raise CredentialRefused("no visitors")

    with untouched(scene["bela"]):
        refused("external-refused", lambda: scene["bela"].stage(raw))
        with pytest.raises(CredentialRefused):
            scene["bela"].stage(raw, allow_external=never)


def test_resync_shows_whom_it_would_evict() -> None:
    scene = Scene.of("anna", "bela", "cora")
    mallory = scene.newcomer("mallory")
    raw = external_join(
        scene["anna"].group.group_info(),
        mallory.credential,
        mallory.signer,
        scene.judge,
        NOW_S,
        resync_leaf=2,
    ).commit

    def only_oneself(request: ExternalJoin) -> None:
        if request.replaces is None or request.replaces.credential != request.newcomer.credential:
            raise CredentialRefused("A resync may only replace the same device.")

    with untouched(scene["bela"]), pytest.raises(CredentialRefused):
        scene["bela"].stage(raw, allow_external=only_oneself)
    cora = scene["cora"]
    identity = cora.new_identity()
    pending = external_join(
        scene["anna"].group.group_info(),
        cora.credential,
        identity.signer_private,
        scene.judge,
        NOW_S,
        resync_leaf=2,
    )
    assert [item.leaf_index for item in pending.removed] == [2]
    staged = cora.stage_commit(pending.commit, allow_external=only_oneself)
    assert staged.is_self_removed
    assert staged.is_external
    for name in ("anna", "bela"):
        scene[name].follow(pending.commit, allow_external=only_oneself)
    cora.group = pending.accept()
    scene.agree()
    scene.chat()


def test_an_external_commit_under_anothers_name() -> None:
    """Mallory has a stolen certificate but not its key: signature and judge disagree with her."""
    scene = Scene.of("anna", "bela")
    mallory = Player.make("mallory", 1, type(scene.judge)())
    friendly = deepcopy(scene.judge)
    friendly.learn(scene["anna"].credential, mallory.signature_key)
    raw = external_join(
        scene["anna"].group.group_info(),
        scene["anna"].credential,
        mallory.signer,
        friendly,
        NOW_S,
    ).commit
    with untouched(scene["bela"]), pytest.raises(CredentialRefused):
        scene["bela"].stage(raw, allow_external=welcome_anybody)
    tampered = raw.replace(mallory.signature_key, scene["anna"].signature_key, 1)
    with untouched(scene["bela"]):
        refused(
            "message-signature",
            lambda: scene["bela"].stage(tampered, allow_external=welcome_anybody),
        )


def test_an_external_commit_whose_signature_is_wrong_says_so() -> None:
    scene = Scene.of("anna", "bela")
    dora, known = scene.newcomer("dora"), scene["anna"].group.group_info()
    honest = parse_public_message(
        external_join(known, dora.credential, dora.signer, scene.judge, NOW_S).commit
    )
    first, *rest = honest.authenticated.signature
    signature = bytes([first ^ 1, *rest])
    forged = PublicMessage(replace(honest.authenticated, signature=signature)).to_message()
    with untouched(scene["bela"]):
        refused(
            "message-signature",
            lambda: scene["bela"].stage(forged, allow_external=welcome_anybody),
        )
        refused("external-refused", lambda: scene["bela"].stage(honest.to_message()))


def external_forgeries(scene: Scene) -> list[tuple[str, bytes]]:
    """External commits with right signatures and wrong lists of proposals."""
    mallory = scene.newcomer("mallory")
    raw = external_join(
        scene["anna"].group.group_info(), mallory.credential, mallory.signer, scene.judge, NOW_S
    ).commit
    body = parse_public_message(raw).authenticated.content.body
    init = body.proposals[0]
    sender = Sender(SenderType.NEW_MEMBER_COMMIT)
    scene.deliver(scene["anna"], scene["anna"].group.propose_update())
    reference = next(iter(scene["bela"].group.proposals))
    package = Add(scene.newcomer("nina").bundle().key_package)
    lists = [
        ("external-init-once", []),
        ("external-init-once", [init, ExternalInit(b"x")]),
        ("external-remove-once", [init, Remove(0), Remove(1)]),
        ("external-types", [init, package]),
        ("external-by-value", [init, ProposalRef(reference)]),
    ]
    forged = []
    outsider = replace(scene["anna"], signer=mallory.signer)
    outsider.group = scene["anna"].group
    for check, proposals in lists:
        forged.append((check, outsider.forge(proposals, body.path, sender)))
    forged.append(("path-required", outsider.forge([init], None, sender)))
    return forged


def test_external_commits_with_wrong_proposals() -> None:
    scene = Scene.of("anna", "bela")
    for check, forged in external_forgeries(scene):
        with untouched(scene["bela"]):
            refused(
                check,
                lambda forged=forged: scene["bela"].stage(forged, allow_external=welcome_anybody),
            )


def test_an_external_init_by_a_member() -> None:
    scene = Scene.of("anna", "bela")
    with untouched(scene["bela"]):
        forged = scene["anna"].forge([ExternalInit(bytes(32))])
        refused("external-init-by-member", lambda: scene["bela"].stage(forged))
        proposed = scene["anna"].frame(ExternalInit(bytes(32)))
        refused("proposal-sender", lambda: scene["bela"].stage(proposed))


def test_a_stale_group_info() -> None:
    scene = Scene.of("anna", "bela")
    stale = scene["anna"].group.group_info()
    scene.commit(scene["anna"])
    cora = scene.newcomer("cora")
    pending = external_join(stale, cora.credential, cora.signer, scene.judge, NOW_S)
    with untouched(scene["bela"]):
        refused(
            "epoch", lambda: scene["bela"].stage(pending.commit, allow_external=welcome_anybody)
        )


def test_a_group_info_without_what_an_external_commit_needs() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    anna = scene["anna"].group

    def attempt(raw: bytes) -> object:
        return external_join(raw, cora.credential, cora.signer, scene.judge, NOW_S)

    refused("group-info-tree", lambda: attempt(anna.group_info(with_tree=False)))
    bare = anna.state.epoch.group_info(with_tree=True, with_external_pub=False).to_message()
    refused("group-info-external-pub", lambda: attempt(bare))
    raw = anna.group_info(with_tree=False)
    external_join(
        raw,
        cora.credential,
        cora.signer,
        scene.judge,
        NOW_S,
        ratchet_tree=anna.ratchet_tree(),
    )
    group_info = parse_group_info(anna.group_info())
    nobody = replace(group_info, signer=7)
    refused("group-info-signer", lambda: attempt(nobody.to_message()))
    other = replace(group_info, signer=1)
    refused("group-info-signature", lambda: attempt(other.to_message()))
