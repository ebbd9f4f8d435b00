"""Replays, old keys, insiders, credentials: each attack fails by a named check and leaves the
group byte for byte as it was.
"""

from copy import copy
from dataclasses import replace

import pytest

from plausch.mls.credential import PLAUSCH, Credential
from plausch.mls.errors import (
    CodecError,
    CredentialRefused,
    DecryptionFailed,
    GroupUsageError,
    ProtocolError,
)
from plausch.mls.framing import (
    AuthenticatedContent,
    FramedContent,
    WireFormat,
    member,
    parse_private_message,
    parse_public_message,
)
from plausch.mls.group import external_join, join
from plausch.mls.proposal import Add, Remove, Update
from plausch.mls.protection import open_private, protect_private, sign_content
from plausch.mls.secret_tree import FORWARD_LIMIT, KEPT_LIMIT
from plausch.mls.suite import suite
from unit.mls.group_players import (
    GROUP_ID,
    NOW_S,
    Player,
    Scene,
    refused,
    untouched,
)

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


def test_an_encrypted_proposal_is_signed_by_the_owner_of_its_ratchet() -> None:
    scene = Scene.of("anna", "bela", "cora")
    cora, bela = scene["cora"], scene["bela"]
    state = cora.group.state
    crypto, wire = state.epoch.suite, WireFormat.PRIVATE_MESSAGE
    content = FramedContent.of(
        GROUP_ID, cora.group.epoch, member(cora.group.own_leaf), b"", Remove(0)
    )
    for signer in (scene["anna"].signer, cora.signer):
        signature = sign_content(crypto, signer, wire, content, state.epoch.context.encoded)
        raw = protect_private(
            crypto,
            state.epoch.secrets.sender_data,
            state.messages,
            AuthenticatedContent(wire, content, signature),
        ).to_message()
        if signer == cora.signer:
            assert bela.stage(raw).proposal == Remove(0)
        else:
            with untouched(bela):
                refused("message-signature", lambda raw=raw: bela.stage(raw))


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


def test_nobody_else_makes_a_device_believe_that_its_state_was_set_back() -> None:
    scene = Scene.of("anna", "bela", "cora", "dora")
    bela, dora = scene["bela"], scene["dora"]
    own = member(dora.group.own_leaf)
    with untouched(dora):
        refused("message-signature", lambda: dora.stage(bela.forge([], sender=own)))
        refused("message-signature", lambda: dora.stage(bela.forge([Remove(0)], sender=own)))
        refused("own-commit", lambda: dora.stage(dora.forge([])))


def test_a_list_of_very_many_proposals_is_refused_like_any_other() -> None:
    scene = Scene.of("anna", "bela", "cora")
    anna, bela = scene["anna"], scene["bela"]
    with untouched(anna):
        refused("leaf-touched-once", lambda: anna.stage(bela.forge([Remove(2)] * 131_000)))
        with pytest.raises(CodecError):
            anna.stage(bela.forge([Remove(2)] * 200_000))


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
