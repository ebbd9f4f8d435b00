"""Processing commits: what is derived, what is described, what is refused."""

import pytest

from plausch.mls.epoch import Change
from plausch.mls.errors import ProtocolError
from plausch.mls.framing import AuthenticatedContent, parse_public_message
from plausch.mls.group import external_join
from plausch.mls.process import (
    ExternalJoin,
    Pending,
    members_touched,
    process_commit,
    surroundings,
)
from plausch.mls.proposal import Remove
from plausch.mls.psk import NO_PSKS
from unit.mls.group_players import ALL_SUITES, NOW_S, Scene, refused, welcome_anybody

NOTHING = Pending({}, {}, NO_PSKS)


def content(raw: bytes) -> AuthenticatedContent:
    return parse_public_message(raw).authenticated


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_both_sides_derive_the_same_epoch(suite_id: int) -> None:
    scene = Scene.of("anna", "bela", "cora", suite_id=suite_id)
    bela = scene["bela"]
    pending = scene["anna"].commit()
    ours = scene["anna"].group.state.pending
    assert ours is not None
    theirs = process_commit(
        bela.group.state.epoch, content(pending.commit), NOTHING, bela.around(), None
    )
    assert theirs is not None
    for name in ("context", "secrets", "confirmation_tag", "interim_transcript_hash"):
        assert getattr(theirs.epoch, name) == getattr(ours.following.epoch, name)
    assert theirs.messages.to_bytes() == ours.following.messages.to_bytes()
    assert theirs.epoch.own_leaf == 1
    assert theirs.change == ours.following.change


def test_keys_along_the_path_are_replaced() -> None:
    scene = Scene.of("anna", "bela", "cora", "dora")
    dora = scene["dora"]
    scene.commit(scene["cora"])
    before = dora.group.state.epoch.private.keys
    scene.commit(scene["anna"])
    after = dora.group.state.epoch.private.keys
    root = dora.group.state.epoch.tree.root
    assert after[root] != before[root]
    assert after[2 * 3] == before[2 * 3]
    assert after[5] == before[5]


def test_our_removal_leads_nowhere() -> None:
    scene = Scene.of("anna", "bela")
    bela = scene["bela"]
    pending = scene["anna"].commit(removes=[1])
    result = process_commit(
        bela.group.state.epoch, content(pending.commit), NOTHING, bela.around(), None
    )
    assert result is None


def test_a_message_that_is_no_commit() -> None:
    scene = Scene.of("anna", "bela")
    bela = scene["bela"]
    raw = scene["anna"].frame(Remove(1))
    refused(
        "commit-content",
        lambda: process_commit(bela.group.state.epoch, content(raw), NOTHING, bela.around(), None),
    )


def test_an_own_update_whose_keys_are_lost() -> None:
    scene = Scene.of("anna", "bela")
    bela = scene["bela"]
    scene.deliver(bela, bela.group.propose_update())
    pending = scene["anna"].commit()
    bela.group.state.own_updates.clear()
    refused("own-update-known", lambda: bela.stage(pending.commit))


def test_an_own_update_that_was_not_committed_is_forgotten() -> None:
    scene = Scene.of("anna", "bela")
    bela = scene["bela"]
    scene.deliver(bela, bela.group.propose_update())
    assert len(bela.group.state.own_updates) == 1
    scene.commit(scene["anna"], by_reference=False)
    assert bela.group.state.own_updates == {}
    assert bela.group.proposals == {}
    scene.agree()
    scene.chat()


def test_the_policy_sees_the_newcomer_and_whom_it_replaces() -> None:
    scene = Scene.of("anna", "bela", "cora")
    seen: list[ExternalJoin] = []
    cora = scene["cora"]
    pending = external_join(
        scene["anna"].group.group_info(),
        cora.credential,
        cora.signer,
        scene.judge,
        NOW_S,
        resync_leaf=2,
    )
    scene["anna"].stage(pending.commit, allow_external=seen.append)
    (request,) = seen
    assert request.newcomer.credential == cora.credential
    assert request.newcomer.signature_key == cora.signature_key
    assert request.replaces is not None
    assert request.replaces.leaf_index == 2


def test_a_sole_member_is_joined_by_an_outsider() -> None:
    scene = Scene.of("anna")
    bela = scene.newcomer("bela")
    pending = external_join(
        scene["anna"].group.group_info(), bela.credential, bela.signer, scene.judge, NOW_S
    )
    scene["anna"].follow(pending.commit, allow_external=welcome_anybody)
    bela.group = pending.accept()
    scene.players["bela"] = bela
    scene.agree()
    scene.chat()


def test_many_join_from_outside_and_the_tree_grows() -> None:
    scene = Scene.of("anna")
    for number in range(6):
        newcomer = scene.newcomer(f"n{number}")
        group_info = list(scene.players.values())[-1].group.group_info()
        pending = external_join(
            group_info, newcomer.credential, newcomer.signer, scene.judge, NOW_S
        )
        for player in scene.players.values():
            player.follow(pending.commit, allow_external=welcome_anybody)
        newcomer.group = pending.accept()
        scene.players[newcomer.name] = newcomer
        scene.agree()
    scene.chat()


def test_the_judge_is_told_how_somebody_comes_in() -> None:
    """Of who was added in time, and is nobody any more, it may think otherwise than of a device
    that comes in by itself."""
    scene = Scene.of("anna", "bela")
    dora, cora = scene.newcomer("dora"), scene.newcomer("cora")
    added = scene["anna"].commit(adds=[dora.bundle().message])
    assert (b"dora", "key_package") in scene.judge.asked
    pending = external_join(
        scene["anna"].group.group_info(), cora.credential, cora.signer, scene.judge, NOW_S
    )
    assert (b"cora", "joiner") in scene.judge.asked
    for raw, who in ((added.commit, (b"dora", "added")), (pending.commit, (b"cora", "joiner"))):
        scene.judge.asked.clear()
        scene["bela"].stage(raw, allow_external=welcome_anybody)
        assert [item for item in scene.judge.asked if item[0] == who[0]] == [who]
    scene.judge.asked.clear()
    scene["bela"].stage(scene["anna"].group.propose_add(dora.bundle().message))
    assert scene.judge.asked == [(b"dora", "added")]


def test_who_stood_where_before() -> None:
    scene = Scene.of("anna", "bela", "cora")
    epoch = scene["anna"].group.state.epoch
    gone = scene["anna"].group.member(2)
    before = members_touched(epoch.tree, Change(0, (3,), (gone,), ()))
    assert before == {0: scene["anna"].group.member(0), 3: None, 2: gone}


def test_the_surroundings_are_those_of_the_epoch() -> None:
    anna = Scene.of("anna")["anna"]
    around = surroundings(anna.group.state.epoch, anna.around())
    assert around.context is anna.group.context
    assert around.judge is anna.judge
    assert around.now_s == NOW_S


def test_a_commit_of_proposals_that_only_some_have_seen() -> None:
    scene = Scene.of("anna", "bela", "cora")
    raw = scene["cora"].group.propose_update()
    scene["anna"].follow(raw)
    pending = scene["anna"].commit()
    with pytest.raises(ProtocolError):
        scene["bela"].stage(pending.commit)
    scene["bela"].follow(raw)
    scene["bela"].follow(pending.commit)
    scene["cora"].follow(pending.commit)
    pending.accept()
    scene.agree()
