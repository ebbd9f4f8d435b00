"""A group's life: founded, joined, changed, left, ended; in every suite."""

import pytest

from plausch.mls.codec import vector
from plausch.mls.credential import PLAUSCH, Credential
from plausch.mls.errors import CredentialRefused, GroupUsageError, ProtocolError, ValidationError
from plausch.mls.extension import (
    EXTERNAL_SENDERS,
    Extension,
    ExternalSender,
    RequiredCapabilities,
)
from plausch.mls.group import Group, external_join, join
from plausch.mls.proposal import ReInit
from plausch.mls.psk import KnownPsks
from plausch.mls.staged import StagedCommit, StagedMessage, StagedProposal
from unit.mls.group_players import (
    ALL_SUITES,
    DAY_S,
    GROUP_ID,
    NOW_S,
    Judge,
    Player,
    Scene,
    welcome_anybody,
)


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_a_whole_life(suite_id: int) -> None:
    scene = Scene.of("anna", "bela", "cora", suite_id=suite_id)
    scene.agree()
    scene.chat()
    scene.add(scene["bela"], [scene.newcomer("dora"), scene.newcomer("emil")])
    scene.agree()
    scene.chat()
    scene.commit(scene["dora"])
    scene.commit(scene["emil"], removes=[scene["anna"].group.own_leaf])
    assert "anna" not in scene.players
    scene.agree()
    scene.chat()
    scene.add(scene["cora"], [scene.newcomer("fine")])
    assert scene["fine"].group.own_leaf == 0
    scene.agree()
    scene.chat()


def test_a_new_group_has_its_maker_alone() -> None:
    judge = Judge()
    anna = Player.make("anna", 1, judge)
    group = anna.found()
    assert (group.epoch, group.own_leaf, group.group_id, group.suite_id) == (0, 0, GROUP_ID, 1)
    (only,) = group.members()
    assert (only.leaf_index, only.credential, only.signature_key) == (
        0,
        anna.credential,
        anna.signature_key,
    )
    assert judge.asked == [(b"anna", "member")]


def test_the_judge_may_refuse_the_maker() -> None:
    signer = b"s" * 32
    with pytest.raises(CredentialRefused):
        Group.create(1, GROUP_ID, Credential(PLAUSCH, b"x"), signer, Judge(), now_s=NOW_S)


@pytest.mark.parametrize("group_id", [b"", b"x" * 256])
def test_a_group_id_has_a_length(group_id: bytes) -> None:
    with pytest.raises(GroupUsageError):
        Player.make("anna", 1, Judge()).found(group_id=group_id)


def test_a_group_alone_can_commit_and_shrink_back() -> None:
    scene = Scene.of("anna")
    scene.commit(scene["anna"])
    scene.add(scene["anna"], [scene.newcomer("bela")])
    scene.commit(scene["anna"], removes=[1])
    assert scene.agree()
    assert scene["anna"].group.state.epoch.tree.leaf_count == 1


def test_the_result_names_what_a_commit_does() -> None:
    scene = Scene.of("anna", "bela", "cora")
    anna, bela = scene["anna"], scene["bela"]
    dora = scene.newcomer("dora")
    pending = anna.commit(adds=[dora.bundle().message], removes=[2])
    assert [item.credential.body for item in pending.added] == [b"dora"]
    assert [item.credential.body for item in pending.removed] == [b"cora"]
    assert pending.epoch == anna.group.epoch + 1
    staged = bela.stage_commit(pending.commit)
    assert staged.sender.credential == anna.credential
    assert [item.credential.body for item in staged.added] == [b"dora"]
    assert [item.credential.body for item in staged.removed] == [b"cora"]
    assert [(one.leaf_index, two.leaf_index) for one, two in staged.updated] == [(0, 0)]
    assert not (staged.is_external or staged.is_own or staged.is_self_removed)
    assert staged.epoch == bela.group.epoch + 1
    gone = scene["cora"].stage_commit(pending.commit)
    assert gone.is_self_removed
    gone.accept()
    assert not scene["cora"].group.is_active


def test_a_removed_device_keeps_no_secret_and_can_do_nothing() -> None:
    scene = Scene.of("anna", "bela")
    bela = scene["bela"]
    secrets = bela.group.state.epoch.secrets
    scene.commit(scene["anna"], removes=[1])
    saved = bela.group.save()
    for name in ("exporter", "membership_key", "init", "resumption", "sender_data"):
        secret = getattr(secrets, name)
        assert secret not in saved.epoch_state
        assert secret not in saved.ratchet_state
    bela.restart()
    assert not bela.group.is_active
    for step in (
        lambda: bela.group.encrypt(b"still here"),
        bela.commit,
        lambda: bela.stage(scene["anna"].group.encrypt(b"x")),
        lambda: bela.group.export_secret("x", b"", 16),
        bela.group.group_info,
        bela.group.propose_update,
    ):
        with pytest.raises(GroupUsageError):
            step()


def test_a_pending_commit_can_be_dropped_and_made_again() -> None:
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    before = anna.group.save()
    pending = anna.commit()
    with pytest.raises(GroupUsageError):
        anna.commit()
    assert anna.group.save() != before
    pending.drop()
    assert anna.group.save() == before
    assert anna.group.pending is None
    with pytest.raises(GroupUsageError):
        pending.accept()
    scene.commit(anna)
    scene.agree()


def test_anothers_commit_drops_the_pending_one() -> None:
    scene = Scene.of("anna", "bela", "cora")
    anna, bela, cora = scene["anna"], scene["bela"], scene["cora"]
    lost = anna.commit(removes=[2])
    won = bela.commit()
    anna.follow(won.commit)
    cora.follow(won.commit)
    won.accept()
    assert anna.group.pending is None
    with pytest.raises(GroupUsageError):
        lost.accept()
    lost.drop()
    scene.agree()


def test_the_own_commit_coming_back_accepts_the_pending_one() -> None:
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    pending = anna.commit()
    staged = anna.stage_commit(pending.commit)
    assert staged.is_own
    staged.accept()
    assert anna.group.pending is None
    scene["bela"].follow(pending.commit)
    scene.agree()


def test_a_pending_commit_survives_a_restart() -> None:
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    dora = scene.newcomer("dora")
    bundle = dora.bundle()
    made = anna.commit(adds=[bundle.message])
    anna.restart()
    pending = anna.group.pending
    assert pending is not None
    assert (pending.commit, pending.welcome, pending.group_info) == (
        made.commit,
        made.welcome,
        made.group_info,
    )
    assert pending.added == made.added
    scene["bela"].follow(pending.commit)
    pending.accept()
    dora.join(pending.welcome, bundle)
    scene.players["dora"] = dora
    scene.agree()
    scene.chat()


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("suite_id", [1, 0xF00D])
def test_proposals_by_reference(private: bool, suite_id: int) -> None:
    scene = Scene.of("anna", "bela", "cora", "dora", suite_id=suite_id)
    bela, cora = scene["bela"], scene["cora"]
    emil = scene.newcomer("emil")
    bundle = emil.bundle()
    scene.deliver(bela, bela.group.propose_add(bundle.message, private=private))
    scene.deliver(bela, bela.group.propose_update(private=private))
    scene.deliver(cora, cora.group.propose_remove(3, private=private))
    assert all(len(player.group.proposals) == 3 for player in scene.players.values())
    pending = scene.commit(scene["anna"], private=private)
    emil.join(pending.welcome, bundle)
    scene.players["emil"] = emil
    assert "dora" not in scene.players
    scene.agree()
    scene.chat()
    assert scene["anna"].group.proposals == {}


def test_an_update_changes_the_signature_key() -> None:
    scene = Scene.of("anna", "bela", "cora")
    bela = scene["bela"]
    identity = bela.new_identity()
    scene.deliver(bela, bela.group.propose_update(identity=identity))
    scene.commit(scene["anna"])
    bela.signer = identity.signer_private
    assert bela.group.signature_key != bela.signature_key
    scene.agree()
    scene.chat()
    scene.commit(bela)
    scene.agree()


def test_a_commit_changes_the_signature_key() -> None:
    scene = Scene.of("anna", "bela")
    scene.commit(scene["anna"], identity=scene["anna"].new_identity())
    assert scene["anna"].group.signature_key != scene["anna"].signature_key
    assert scene["bela"].group.member(0).signature_key == scene["anna"].group.signature_key
    scene.agree()
    scene.chat()
    scene.commit(scene["anna"])
    scene.chat()


def test_proposals_must_be_committed_before_anything_is_said() -> None:
    scene = Scene.of("anna", "bela", "cora")
    anna, bela = scene["anna"], scene["bela"]
    scene.deliver(bela, bela.group.propose_remove(bela.group.own_leaf))
    assert anna.group.must_commit
    with pytest.raises(GroupUsageError) as caught:
        anna.group.encrypt(b"hello")
    assert caught.value.code == "mls_commit_first"
    assert not bela.group.must_commit
    bela.group.encrypt(b"goodbye")
    scene.commit(anna)
    assert "bela" not in scene.players
    scene.chat()


def test_a_commit_without_path_adds_only() -> None:
    scene = Scene.of("anna", "bela")
    scene.add(scene["anna"], [scene.newcomer("cora")], force_path=False)
    scene.agree()
    scene.chat()
    scene.commit(scene["cora"])
    scene.agree()


def test_a_welcome_without_the_tree() -> None:
    scene = Scene.of("anna", "bela")
    scene.add(scene["anna"], [scene.newcomer("cora")], tree_in_welcome=False)
    scene.agree()
    scene.chat()


def test_external_psks_must_be_known() -> None:
    scene = Scene.of("anna", "bela")
    psks = KnownPsks({b"shared": b"s" * 32})
    anna, bela = scene["anna"], scene["bela"]
    pending = anna.commit(inject=[anna.group.external_psk(b"shared")], psks=psks)
    with pytest.raises(ValidationError) as caught:
        bela.stage(pending.commit)
    assert caught.value.check == "psk-known"
    with pytest.raises(ProtocolError):
        bela.stage(pending.commit, psks=KnownPsks({b"shared": b"other"}))
    bela.follow(pending.commit, psks=psks)
    pending.accept()
    scene.agree()
    newcomer = scene.newcomer("cora")
    inject = [anna.group.external_psk(b"shared"), anna.group.resumption_psk(1)]
    with_old = psks.with_resumption(anna.group.resumption_secrets())
    scene.add(anna, [newcomer], inject=inject, psks=with_old)
    scene.agree()


def test_a_proposed_psk_is_committed_by_reference() -> None:
    scene = Scene.of("anna", "bela")
    psks = KnownPsks({b"shared": b"s" * 32})
    anna, bela = scene["anna"], scene["bela"]
    scene.deliver(bela, bela.group.propose_psk(bela.group.external_psk(b"shared")))
    scene.commit(anna, psks=psks, force_path=False)
    scene.agree()


def test_resumption_secrets_of_this_group_are_known_by_themselves() -> None:
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    for _ in range(3):
        scene.commit(anna)
    scene.commit(scene["bela"], inject=[scene["bela"].group.resumption_psk(2)])
    scene.agree()
    anna.restart()
    scene.commit(anna, inject=[anna.group.resumption_psk(3)])
    scene.agree()
    for _ in range(5):
        scene.commit(anna)
    assert len(anna.group.resumption_secrets()) == 5
    with pytest.raises(ValidationError):
        anna.commit(inject=[anna.group.resumption_psk(1)])


def test_context_extensions_are_replaced() -> None:
    scene = Scene.of("anna", "bela")
    outside = scene.newcomer("server")
    allowed = Extension(
        EXTERNAL_SENDERS,
        vector([ExternalSender(outside.signature_key, outside.credential).to_bytes()]),
    )
    required = RequiredCapabilities(credentials=(PLAUSCH,)).to_extension()
    scene.commit(scene["anna"], extensions=(allowed, required))
    scene.agree()
    assert scene["bela"].group.extensions == (allowed, required)
    bela = scene["bela"]
    scene.deliver(bela, bela.group.propose_context_extensions((required,)))
    scene.commit(scene["anna"])
    scene.agree()
    assert scene["bela"].group.extensions == (required,)


def test_a_reinit_ends_the_group() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    successor = ReInit(b"the next group!!", 1, 3, ())
    scene.deliver(bela, bela.group.propose_reinit(successor))
    pending = anna.commit(force_path=False)
    staged = bela.stage_commit(pending.commit)
    assert staged.ends_group
    staged.accept()
    pending.accept()
    scene.agree()
    for player in (anna, bela):
        player.restart()
        assert player.group.has_ended
        with pytest.raises(GroupUsageError):
            player.commit()
        with pytest.raises(GroupUsageError):
            player.group.encrypt(b"too late")
        with pytest.raises(GroupUsageError):
            player.group.propose_update()


def test_a_reinit_by_value() -> None:
    scene = Scene.of("anna", "bela")
    scene.commit(scene["anna"], reinit=ReInit(b"next", 1, 1, ()), by_reference=False)
    assert scene["bela"].group.has_ended


def test_joining_by_an_external_commit() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    pending = external_join(
        scene["anna"].group.group_info(), cora.credential, cora.signer, cora.judge, NOW_S
    )
    staged = scene["anna"].stage_commit(pending.commit, allow_external=welcome_anybody)
    assert staged.is_external
    assert staged.sender.credential == cora.credential
    assert staged.added == (staged.sender,)
    staged.accept()
    scene["bela"].follow(pending.commit, allow_external=welcome_anybody)
    cora.group = pending.accept()
    scene.players["cora"] = cora
    scene.agree()
    scene.chat()
    scene.commit(cora)
    scene.agree()


def test_late_messages_of_four_epochs_can_be_read() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    said = []
    for number in range(6):
        said.append(anna.group.encrypt(b"%d" % number))
        scene.commit(anna)
    for number in (5, 4, 3, 2):
        message = bela.read(said[number])
        assert (message.plaintext, message.epoch) == (b"%d" % number, 1 + number)
    for number in (0, 1):
        with pytest.raises(ValidationError) as caught:
            bela.read(said[number])
        assert caught.value.check == "epoch"


def test_handshake_messages_of_a_past_epoch_are_refused() -> None:
    scene = Scene.of("anna", "bela", "cora")
    late = [
        scene["cora"].group.propose_update(),
        scene["cora"].group.propose_update(private=True),
        scene["cora"].commit(private=True).commit,
        scene["cora"].group.encrypt(b"late but fine"),
    ]
    scene["cora"].group.drop_pending()
    scene.commit(scene["anna"])
    for raw in late[:3]:
        with pytest.raises(ValidationError) as caught:
            scene["bela"].stage(raw)
        assert caught.value.check == "epoch"
    assert scene["bela"].read(late[3]).plaintext == b"late but fine"


def test_authenticated_text_travels_with_a_message() -> None:
    scene = Scene.of("anna", "bela")
    raw = scene["anna"].group.encrypt(b"secret", authenticated=b"readable")
    assert b"readable" in raw
    assert b"secret" not in raw
    message = scene["bela"].read(raw)
    assert (message.plaintext, message.authenticated) == (b"secret", b"readable")
    pending = scene["anna"].commit(authenticated=b"of a commit")
    assert scene["bela"].stage_commit(pending.commit).authenticated == b"of a commit"


def test_a_welcome_shows_the_group_before_it_is_accepted() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    bundle = cora.bundle()
    pending = scene.commit(scene["anna"], adds=[bundle.message])
    staged = join(pending.welcome, bundle, cora.judge, NOW_S)
    assert staged.group_id == GROUP_ID
    assert staged.context.epoch == 2
    assert staged.sender.credential == scene["anna"].credential
    assert staged.own_leaf == 2
    assert {item.credential.body for item in staged.members} == {b"anna", b"bela", b"cora"}


def test_results_are_what_they_seem() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    assert isinstance(bela.stage(anna.group.encrypt(b"x")), StagedMessage)
    proposal = bela.stage(anna.group.propose_update())
    assert isinstance(proposal, StagedProposal)
    assert proposal.member is not None
    assert proposal.member.credential == anna.credential
    assert isinstance(bela.stage(anna.commit().commit), StagedCommit)


def test_key_packages_of_a_year_are_accepted_but_not_of_ten() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    eternal = cora.bundle(lifetime_s=3_650 * DAY_S)
    with pytest.raises(ValidationError) as caught:
        scene["anna"].commit(adds=[eternal.message])
    assert caught.value.check == "key-package-lifetime"
    pending = scene["anna"].commit(adds=[eternal.message], max_lifetime_s=None)
    with pytest.raises(ValidationError):
        scene["bela"].stage(pending.commit)
    scene["bela"].follow(pending.commit, max_lifetime_s=None)
