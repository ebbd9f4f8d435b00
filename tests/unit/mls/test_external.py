"""Making external commits."""

import pytest

from plausch.mls.commit import Identity
from plausch.mls.errors import CodecError, CredentialRefused
from plausch.mls.extension import RequiredCapabilities
from plausch.mls.external import ExternalPlan, make_external_commit
from plausch.mls.framing import Sender, SenderType
from plausch.mls.group import PendingExternalJoin, external_join
from plausch.mls.joiner import own_capabilities
from plausch.mls.leaf_node import Capabilities
from plausch.mls.proposal import Commit, ExternalInit, PreSharedKey, Remove
from plausch.mls.psk import KnownPsks
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.saved import SavedGroup
from unit.mls.group_players import ALL_SUITES, NOW_S, Judge, Player, Scene, refused, welcome_anybody


def knock(scene: Scene, player: Player, **options: object) -> PendingExternalJoin:
    group_info = next(iter(scene.players.values())).group.group_info()
    return external_join(
        group_info, player.credential, player.signer, scene.judge, NOW_S, **options
    )


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_the_joiner_and_the_members_agree(suite_id: int) -> None:
    scene = Scene.of("anna", "bela", "cora", suite_id=suite_id)
    scene.commit(scene["anna"], removes=[1])
    dora = scene.newcomer("dora")
    pending = knock(scene, dora)
    for player in scene.players.values():
        player.follow(pending.commit, allow_external=welcome_anybody)
    dora.group = pending.accept()
    assert dora.group.own_leaf == 1
    scene.players["dora"] = dora
    scene.agree()
    scene.chat()
    scene.commit(dora)
    scene.add(dora, [scene.newcomer("emil")])
    scene.agree()


def test_what_is_in_the_commit() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    psk = PreSharedKeyId.external(b"id", bytes(32))
    plan = ExternalPlan(Identity(cora.signer, cora.credential), 1, (psk,))
    known = KnownPsks({b"id": b"secret"})
    made = make_external_commit(scene["anna"].group.group_info(), plan, scene["anna"].around(known))
    content = made.message.content
    assert content.sender == Sender(SenderType.NEW_MEMBER_COMMIT)
    assert isinstance(content.body, Commit)
    init, removal, key = content.body.proposals
    assert isinstance(init, ExternalInit)
    assert removal == Remove(1)
    assert key == PreSharedKey(psk)
    assert content.body.path is not None
    assert made.welcome == b""
    assert made.following.change.added == (1,)
    assert [item.leaf_index for item in made.following.change.removed] == [1]


def test_psks_in_an_external_commit() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    psk = scene["anna"].group.external_psk(b"door key")
    known = KnownPsks({b"door key": b"secret"})
    pending = knock(scene, cora, inject=(psk,), psks=known)
    refused(
        "psk-known",
        lambda: scene["bela"].stage(pending.commit, allow_external=welcome_anybody),
    )
    for player in scene.players.values():
        player.follow(pending.commit, allow_external=welcome_anybody, psks=known)
    cora.group = pending.accept()
    scene.players["cora"] = cora
    scene.agree()


def test_a_lonely_device_takes_its_own_place_again() -> None:
    scene = Scene.of("anna")
    anna = scene["anna"]
    pending = knock(scene, anna, resync_leaf=0)
    assert [item.leaf_index for item in pending.members] == [0]
    anna.group = pending.accept()
    assert anna.group.epoch == 1
    scene.add(anna, [scene.newcomer("bela")])
    scene.agree()
    scene.chat()


def test_a_resync_can_be_saved_before_it_is_sent() -> None:
    scene = Scene.of("anna", "bela")
    bela = scene["bela"]
    pending = knock(scene, bela, resync_leaf=1)
    saved = pending.accept().save()
    assert isinstance(saved, SavedGroup)
    scene["anna"].follow(pending.commit, allow_external=welcome_anybody)
    bela.restart(saved)
    scene.agree()
    scene.chat()


def test_the_same_device_cannot_stand_twice() -> None:
    scene = Scene.of("anna", "bela")
    refused("leaf-unique-signature-key", lambda: knock(scene, scene["bela"]))


def test_who_is_replaced_must_be_there() -> None:
    scene = Scene.of("anna", "bela")
    refused("remove-member", lambda: knock(scene, scene.newcomer("cora"), resync_leaf=5))


def test_the_joiner_must_meet_the_groups_demands() -> None:
    required = RequiredCapabilities(credentials=(0xF0A1,)).to_extension()
    scene = Scene.of("anna", "bela", extensions=(required,))
    cora = scene.newcomer("cora")
    poor = Capabilities((1,), (1,), (), (), (1,))
    pending = knock(scene, cora, capabilities=own_capabilities(cora.credential))
    scene["bela"].stage(pending.commit, allow_external=welcome_anybody)
    check = "leaf-credential-supported-by-members"
    refused(check, lambda: knock(scene, cora, capabilities=poor))


def test_members_that_the_joiners_judge_refuses() -> None:
    scene = Scene.of("anna", "bela")
    cora = Player.make("cora", 1, Judge())
    group_info = scene["anna"].group.group_info()
    with pytest.raises(CredentialRefused):
        external_join(group_info, cora.credential, cora.signer, cora.judge, NOW_S)


def test_what_is_no_group_info() -> None:
    scene = Scene.of("anna", "bela")
    cora = scene.newcomer("cora")
    for raw in (b"", scene["anna"].commit().commit):
        with pytest.raises(CodecError):
            external_join(raw, cora.credential, cora.signer, scene.judge, NOW_S)
