"""What a hostile server, network, outsider or insider could try; each fails by a named check,
and leaves the group byte for byte as it was.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from dataclasses import replace

import pytest

from plausch.mls.credential import PLAUSCH, Credential
from plausch.mls.errors import (
    CodecError,
    CredentialRefused,
    DecryptionFailed,
    GroupUsageError,
    ProtocolError,
    ValidationError,
)
from plausch.mls.framing import (
    AuthenticatedContent,
    FramedContent,
    PublicMessage,
    Sender,
    SenderType,
    WireFormat,
    member,
    parse_private_message,
    parse_public_message,
)
from plausch.mls.group import external_join, join
from plausch.mls.group_info import parse_group_info
from plausch.mls.key_package import KeyPackage
from plausch.mls.process import ExternalJoin
from plausch.mls.proposal import Add, ExternalInit, PreSharedKey, ProposalRef, Remove, Update
from plausch.mls.protection import open_private, protect_private, sign_content
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.secret_tree import FORWARD_LIMIT, KEPT_LIMIT
from plausch.mls.staged import StagedMessage
from plausch.mls.suite import suite
from plausch.mls.welcome import parse_welcome
from unit.mls.group_players import (
    DAY_S,
    GROUP_ID,
    NOW_S,
    Player,
    Scene,
    welcome_anybody,
)


@contextmanager
def untouched(*players: Player) -> Iterator[None]:
    """What happens inside changes nobody's state, not by a byte."""
    before = [player.group.save() for player in players]
    yield
    assert [player.group.save() for player in players] == before


def refused(check: str, step: Callable[[], object]) -> None:
    """`step` fails by the named check."""
    with pytest.raises(ValidationError) as caught:
        step()
    assert caught.value.check == check


# -- replay


def test_a_replayed_message_is_refused() -> None:
    scene = Scene.of("anna", "bela")
    raw = scene["anna"].group.encrypt(b"once")
    assert scene["bela"].read(raw).plaintext == b"once"
    with untouched(scene["bela"]):
        refused("generation-unused", lambda: scene["bela"].stage(raw))


def test_a_message_staged_twice_is_accepted_once() -> None:
    scene = Scene.of("anna", "bela")
    raw = scene["anna"].group.encrypt(b"once")
    one, two = scene["bela"].stage(raw), scene["bela"].stage(raw)
    one.accept()
    with untouched(scene["bela"]):
        refused("generation-unused", two.accept)


def test_a_replayed_commit_is_refused() -> None:
    scene = Scene.of("anna", "bela")
    pending = scene.commit(scene["anna"])
    with untouched(scene["bela"]):
        refused("epoch", lambda: scene["bela"].stage(pending.commit))


def test_two_commits_of_one_epoch_cannot_both_be_accepted() -> None:
    scene = Scene.of("anna", "bela", "cora")
    one = scene["bela"].stage_commit(scene["anna"].commit().commit)
    two = scene["bela"].stage_commit(scene["cora"].commit().commit)
    one.accept()
    with untouched(scene["bela"]), pytest.raises(GroupUsageError):
        two.accept()


def test_a_proposal_staged_before_a_commit_is_not_kept_after_it() -> None:
    scene = Scene.of("anna", "bela", "cora")
    staged = scene["bela"].stage(scene["cora"].group.propose_update())
    scene.commit(scene["anna"])
    with untouched(scene["bela"]), pytest.raises(GroupUsageError):
        staged.accept()


def test_a_message_of_a_deleted_epoch_cannot_be_accepted_late() -> None:
    scene = Scene.of("anna", "bela")
    staged = scene["bela"].stage(scene["anna"].group.encrypt(b"old"))
    for _ in range(5):
        scene.commit(scene["anna"])
    with untouched(scene["bela"]), pytest.raises(GroupUsageError):
        staged.accept()


# -- generations


def test_skipped_messages_open_once_and_are_then_gone() -> None:
    """ts-mls gave a consumed message back here: it kept the ratchet secret behind a gap."""
    scene = Scene.of("anna", "bela")
    said = [scene["anna"].group.encrypt(b"%d" % number) for number in range(5)]
    bela = scene["bela"]
    assert bela.read(said[3]).plaintext == b"3"
    refused("generation-unused", lambda: bela.stage(said[3]))
    assert bela.read(said[1]).plaintext == b"1"
    refused("generation-unused", lambda: bela.stage(said[1]))
    refused("generation-unused", lambda: bela.stage(said[3]))
    bela.restart()
    refused("generation-unused", lambda: bela.stage(said[3]))
    assert bela.read(said[0]).plaintext == b"0"
    assert bela.read(said[4]).plaintext == b"4"
    assert bela.read(said[2]).plaintext == b"2"
    for raw in said:
        refused("generation-unused", lambda raw=raw: bela.stage(raw))


def test_saved_state_does_not_open_what_was_read() -> None:
    """The keys of read messages cannot be derived from what is saved after a gap."""
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    said = [anna.group.encrypt(b"%d" % number) for number in range(4)]
    probe = bela.group.save()
    bela.read(said[2])
    stolen = bela.group.save()
    keys = []
    for raw in said[:3]:
        twin = copy(bela)
        twin.restart(probe)
        state = twin.group.state
        opening = _opening(twin, raw)
        keys.append(opening)
        assert state.epoch.number == 1
    assert keys[0] in stolen.ratchet_state
    assert keys[1] in stolen.ratchet_state
    assert keys[2] not in stolen.ratchet_state


def _opening(player: Player, raw: bytes) -> bytes:
    state = player.group.state
    _, opening = open_private(
        state.epoch.suite,
        state.epoch.secrets.sender_data,
        state.messages,
        parse_private_message(raw),
    )
    return opening.key.key


def test_a_jump_forward_is_bounded() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    said = [anna.group.encrypt(b"") for _ in range(FORWARD_LIMIT + 2)]
    with untouched(bela):
        refused("generation-window", lambda: bela.stage(said[FORWARD_LIMIT + 1]))
    bela.read(said[FORWARD_LIMIT])
    assert len(bela.group.save().ratchet_state) < KEPT_LIMIT * 60
    refused("generation-unused", lambda: bela.stage(said[FORWARD_LIMIT - KEPT_LIMIT - 1]))
    bela.read(said[FORWARD_LIMIT - KEPT_LIMIT])
    bela.read(said[FORWARD_LIMIT - 1])
    bela.read(said[FORWARD_LIMIT + 1])


def test_junk_consumes_no_key() -> None:
    scene = Scene.of("anna", "bela")
    raw = scene["anna"].group.encrypt(b"the real one")
    junk = raw[:-1] + bytes((raw[-1] ^ 1,))
    with untouched(scene["bela"]):
        for _ in range(3):
            with pytest.raises(DecryptionFailed):
                scene["bela"].stage(junk)
    assert scene["bela"].read(raw).plaintext == b"the real one"


def test_a_junk_commit_before_the_valid_one_does_no_harm() -> None:
    scene = Scene.of("anna", "bela", "cora")
    pending = scene["anna"].commit(adds=[scene.newcomer("dora").bundle().message])
    junk = [
        pending.commit[:-1] + bytes((pending.commit[-1] ^ 1,)),
        pending.commit[:200],
        scene["cora"].forge([Remove(0)]),
        scene["cora"].forge([]),
    ]
    with untouched(scene["bela"]):
        for raw in junk:
            with pytest.raises(ProtocolError):
                scene["bela"].stage(raw)
    scene["bela"].follow(pending.commit)
    scene["cora"].follow(pending.commit)
    pending.accept()
    scene.players["anna"].group.encrypt(b"x")


# -- insiders


def test_a_member_cannot_speak_as_another() -> None:
    """Cora encrypts with her own keys, claiming to be Anna: her ratchet and signature betray it."""
    scene = Scene.of("anna", "bela", "cora")
    cora = scene["cora"]
    state = cora.group.state
    context = state.epoch.context.encoded
    for leaf_index, signer in ((0, cora.signer), (2, scene["bela"].signer)):
        content = FramedContent.of(
            GROUP_ID, cora.group.epoch, member(leaf_index), b"", b"I am somebody else"
        )
        signature = sign_content(
            state.epoch.suite, signer, WireFormat.PRIVATE_MESSAGE, content, context
        )
        forged = protect_private(
            state.epoch.suite,
            state.epoch.secrets.sender_data,
            state.messages,
            AuthenticatedContent(WireFormat.PRIVATE_MESSAGE, content, signature),
        ).to_message()
        with untouched(scene["bela"]):
            refused("message-signature", lambda forged=forged: scene["bela"].stage(forged))


@pytest.mark.parametrize("claim", [0, 1])
def test_a_member_cannot_propose_or_commit_as_another(claim: int) -> None:
    scene = Scene.of("anna", "bela", "cora", "dora")
    cora, dora = scene["cora"], scene["dora"]
    with untouched(dora):
        refused(
            "message-signature", lambda: dora.stage(cora.frame(Remove(3 - claim), member(claim)))
        )
        refused(
            "message-signature", lambda: dora.stage(cora.forge([Remove(2)], sender=member(claim)))
        )


def test_a_blank_leaf_cannot_speak() -> None:
    scene = Scene.of("anna", "bela", "cora", "dora")
    scene.commit(scene["anna"], removes=[1])
    with untouched(scene["dora"]):
        for leaf_index in (1, 9, 1 << 31):
            forged = scene["cora"].frame(Remove(0), member(leaf_index))
            refused("sender-leaf", lambda forged=forged: scene["dora"].stage(forged))


def test_an_update_of_another_members_leaf_is_refused() -> None:
    scene = Scene.of("anna", "bela", "cora")
    stolen = parse_public_message(scene["anna"].group.propose_update())
    body = stolen.authenticated.content.body
    assert isinstance(body, Update)
    with untouched(scene["bela"]):
        refused("leaf-signature", lambda: scene["bela"].stage(scene["cora"].frame(body)))


def test_a_committers_wrong_keys_for_us_are_noticed() -> None:
    """A path whose secrets do not fit its public keys leads into another epoch."""
    scene = Scene.of("anna", "bela", "cora")
    commit = parse_public_message(scene["cora"].commit().commit).authenticated.content.body
    scene["cora"].group.drop_pending()
    path = commit.path
    other = parse_public_message(scene["cora"].commit().commit).authenticated.content.body.path
    mixed = replace(
        path,
        nodes=tuple(
            replace(node, encrypted_path_secret=wrong.encrypted_path_secret)
            for node, wrong in zip(path.nodes, other.nodes, strict=True)
        ),
    )
    forged = scene["cora"].forge([], mixed)
    with untouched(scene["bela"]), pytest.raises(ProtocolError):
        scene["bela"].stage(forged)


def test_a_wrong_confirmation_tag_is_noticed() -> None:
    scene = Scene.of("anna", "bela")
    content = parse_public_message(scene["anna"].commit().commit).authenticated.content
    with untouched(scene["bela"]):
        forged = scene["anna"].forge((), content.body.path)
        refused("confirmation-tag", lambda: scene["bela"].stage(forged))


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
    old = scene.newcomer("cora").bundle(now_s=NOW_S - 60 * DAY_S)
    refused("key-package-lifetime", lambda: scene["anna"].commit(adds=[old.message]))
    with untouched(scene["bela"]):
        forged = scene["anna"].forge([Add(old.key_package)])
        refused("key-package-lifetime", lambda: scene["bela"].stage(forged))
        proposed = scene["anna"].frame(Add(old.key_package))
        refused("key-package-lifetime", lambda: scene["bela"].stage(proposed))


def test_a_key_package_that_expires_between_proposal_and_commit() -> None:
    scene = Scene.of("anna", "bela")
    bundle = scene.newcomer("cora").bundle(lifetime_s=DAY_S)
    scene.deliver(scene["anna"], scene["anna"].group.propose_add(bundle.message))
    later = NOW_S + 2 * DAY_S
    pending = scene["anna"].group.commit(scene.judge, later)
    assert pending.added == ()
    reference = next(iter(scene["bela"].group.proposals))
    forged = scene["anna"].forge([ProposalRef(reference)])
    with untouched(scene["bela"]):
        refused("key-package-lifetime", lambda: scene["bela"].stage(forged, now_s=later))


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


# -- credentials


def test_an_added_device_that_the_judge_does_not_know() -> None:
    scene = Scene.of("anna", "bela")
    stranger = Player.make("mallory", 1, type(scene.judge)())
    bundle = stranger.bundle()
    with pytest.raises(CredentialRefused):
        scene["anna"].commit(adds=[bundle.message])
    with untouched(scene["bela"]), pytest.raises(CredentialRefused):
        scene["bela"].stage(scene["anna"].forge([Add(bundle.key_package)]))


def test_a_member_that_takes_another_credential() -> None:
    scene = Scene.of("anna", "bela", "cora")
    cora = scene["cora"]
    impostor = replace(cora.new_identity(), credential=Credential(PLAUSCH, b"anna"))
    with pytest.raises(CredentialRefused):
        cora.commit(identity=impostor)
    raw = cora.group.propose_update(identity=impostor)
    with untouched(scene["bela"]), pytest.raises(CredentialRefused):
        scene["bela"].stage(raw)


def test_a_leaf_in_a_path_that_the_judge_refuses() -> None:
    scene = Scene.of("anna", "bela")
    identity = scene["anna"].new_identity()
    pending = scene["anna"].commit(identity=identity)
    known = scene.judge.known[b"anna"]
    known.remove(suite(1).signature_public_of(identity.signer_private))
    with untouched(scene["bela"]), pytest.raises(CredentialRefused):
        scene["bela"].stage(pending.commit)


def test_joining_a_group_with_a_member_that_the_judge_refuses() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle = cora.bundle()
    pending = scene["anna"].commit(adds=[bundle.message])
    del scene.judge.known[b"bela"]
    with pytest.raises(CredentialRefused):
        join(pending.welcome, bundle, scene.judge, NOW_S)
    with pytest.raises(CredentialRefused):
        external_join(
            scene["anna"].group.group_info(), cora.credential, cora.signer, scene.judge, NOW_S
        )


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


# -- Welcomes


def test_a_welcome_for_somebody_else() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    pending = scene["anna"].commit(adds=[cora.bundle().message])
    refused("welcome-for-us", lambda: join(pending.welcome, cora.bundle(), scene.judge, NOW_S))


def test_a_welcome_renamed_to_another_key_package() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    used, other = cora.bundle(), cora.bundle()
    pending = scene["anna"].commit(adds=[used.message])
    renamed = pending.welcome.replace(used.ref, other.ref)
    with pytest.raises(DecryptionFailed):
        join(renamed, other, scene.judge, NOW_S)


def test_a_welcome_whose_group_does_not_contain_us() -> None:
    """A hostile member seals the secrets of a group without us to our key package."""
    scene = Scene.of("anna", "bela")
    mallory, cora = scene.newcomer("mallory"), scene.newcomer("cora")
    package, victim = mallory.bundle(), cora.bundle()
    pending = scene["anna"].commit(adds=[package.message])
    secrets = parse_welcome(pending.welcome).open_secrets(
        suite(1), package.ref, package.init_private
    )
    welcome = parse_welcome(pending.welcome)
    kem_output, ciphertext = suite(1).encrypt_with_label(
        victim.key_package.init_key, "Welcome", welcome.encrypted_group_info, secrets.to_bytes()
    )
    entry = replace(
        welcome.secrets[0], new_member=victim.ref, kem_output=kem_output, ciphertext=ciphertext
    )
    forged = replace(welcome, secrets=(entry,)).to_message()
    refused("welcome-own-leaf", lambda: join(forged, victim, scene.judge, NOW_S))


def test_a_welcome_to_a_key_package_that_expired_long_ago() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle = cora.bundle()
    pending = scene["anna"].commit(adds=[bundle.message])
    join(pending.welcome, bundle, scene.judge, NOW_S + 59 * DAY_S)
    refused(
        "welcome-lifetime",
        lambda: join(pending.welcome, bundle, scene.judge, NOW_S + 70 * DAY_S),
    )


def test_a_welcome_for_another_suite() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle = cora.bundle()
    welcome = parse_welcome(scene["anna"].commit(adds=[bundle.message]).welcome)
    other = replace(welcome, cipher_suite=3).to_message()
    refused("welcome-suite", lambda: join(other, bundle, scene.judge, NOW_S))


# -- tampering with every byte


def flips(raw: bytes) -> Iterator[bytes]:
    """Every byte changed, one at a time."""
    for place in range(len(raw)):
        yield raw[:place] + bytes((raw[place] ^ (1 << place % 8),)) + raw[place + 1 :]


def all_refused(raws: Iterator[bytes], step: Callable[[bytes], object]) -> int:
    """Each is refused with the room's own error; how many there were."""
    count = 0
    for raw in raws:
        with pytest.raises(ProtocolError):
            step(raw)
        count += 1
    return count


def test_every_byte_of_an_application_message_counts() -> None:
    scene = Scene.of("anna", "bela")
    raw = scene["anna"].group.encrypt(b"hello", authenticated=b"in the clear")
    with untouched(scene["bela"]):
        assert all_refused(flips(raw), scene["bela"].stage) == len(raw)
    assert scene["bela"].read(raw).plaintext == b"hello"


@pytest.mark.parametrize("private", [False, True])
def test_every_byte_of_a_handshake_message_counts(private: bool) -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    proposal = anna.group.propose_add(scene.newcomer("cora").bundle().message, private=private)
    commit = anna.commit(private=private, by_reference=False).commit
    with untouched(bela):
        all_refused(flips(proposal), bela.stage)
        all_refused(flips(commit), bela.stage)
    bela.follow(commit)


def test_every_byte_of_an_external_commit_counts() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    raw = external_join(
        scene["anna"].group.group_info(), cora.credential, cora.signer, scene.judge, NOW_S
    ).commit
    with untouched(scene["bela"]):
        all_refused(
            flips(raw), lambda bad: scene["bela"].stage(bad, allow_external=welcome_anybody)
        )


def test_every_byte_of_a_welcome_counts() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle = cora.bundle()
    welcome = scene["anna"].commit(adds=[bundle.message]).welcome
    all_refused(flips(welcome), lambda raw: join(raw, bundle, scene.judge, NOW_S))
    join(welcome, bundle, scene.judge, NOW_S)


def test_every_byte_of_a_group_info_counts() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    raw = scene["anna"].group.group_info()
    all_refused(
        flips(raw),
        lambda bad: external_join(bad, cora.credential, cora.signer, scene.judge, NOW_S),
    )


def test_a_message_cut_short_or_long() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    for raw in (anna.group.encrypt(b"x"), anna.commit().commit):
        with untouched(bela):
            for end in range(len(raw)):
                with pytest.raises(ProtocolError):
                    bela.stage(raw[:end])
            with pytest.raises(ProtocolError):
                bela.stage(raw + b"\0")


def test_a_message_for_another_group() -> None:
    scene = Scene.of("anna", "bela")
    other = Player.make("anna", 1, scene.judge)
    other.found(group_id=b"another group id")
    raw = other.group.encrypt(b"wrong door")
    refused("group-id", lambda: scene["bela"].stage(raw))
    refused("group-id", lambda: scene["bela"].stage(other.commit().commit))


def test_public_application_messages_and_missing_tags() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    with untouched(bela):
        refused("public-application", lambda: bela.stage(anna.frame(b"in the open")))
        message = parse_public_message(anna.frame(Remove(1)))
        bare = PublicMessage(message.authenticated, b"").to_message()
        refused("membership-tag", lambda: bela.stage(bare))


def test_the_order_of_acceptance_does_not_matter() -> None:
    scene = Scene.of("anna", "bela")
    said = [scene["anna"].group.encrypt(b"%d" % number) for number in range(6)]
    staged = [scene["bela"].stage(raw) for raw in said]
    for place in (4, 0, 5, 2, 1, 3):
        one = staged[place]
        assert isinstance(one, StagedMessage)
        assert one.accept().plaintext == b"%d" % place
