"""Making commits: what is taken into them, and what comes out."""

import pytest

from plausch.mls.commit import (
    CommitPlan,
    committable,
    make_commit,
    make_update,
    parse_key_packages,
)
from plausch.mls.epoch import Circumstances
from plausch.mls.errors import CodecError
from plausch.mls.extension import RequiredCapabilities
from plausch.mls.framing import parse_public_message
from plausch.mls.process import Pending
from plausch.mls.proposal import (
    Add,
    Commit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
    Update,
)
from plausch.mls.psk import NO_PSKS, PSK_COUNT_LIMIT, KnownPsks
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.welcome import parse_welcome
from unit.mls.group_players import ALL_SUITES, DAY_S, NOW_S, Player, Scene, refused


def chosen(player: Player, known: KnownPsks = NO_PSKS, **plan: object) -> list[Proposal]:
    """The proposals that this player's commit would refer to."""
    group = player.group
    pending = Pending(group.proposals, {}, known)
    around = Circumstances(player.judge, NOW_S)
    result = committable(group.state.epoch, pending, around, CommitPlan(**plan))
    return [item.proposal for item in result.values()]


def body(raw: bytes) -> Commit:
    content = parse_public_message(raw).authenticated.content.body
    assert isinstance(content, Commit)
    return content


def test_own_updates_and_own_removal_are_left_to_others() -> None:
    scene = Scene.of("anna", "bela", "cora")
    anna, bela = scene["anna"], scene["bela"]
    scene.deliver(anna, anna.group.propose_update())
    scene.deliver(anna, anna.group.propose_remove(0))
    assert chosen(anna) == []
    assert [item.type.name for item in chosen(bela)] == ["REMOVE"]
    commit = body(anna.commit().commit)
    assert commit.proposals == ()


def test_a_removal_beats_an_update_that_came_after_it() -> None:
    scene = Scene.of("anna", "bela", "cora")
    anna, bela = scene["anna"], scene["bela"]
    scene.deliver(scene["cora"], scene["cora"].group.propose_remove(1))
    scene.deliver(bela, bela.group.propose_update())
    assert [item.type.name for item in chosen(anna)] == ["REMOVE"]


def test_a_removal_beats_an_update_and_the_newest_update_counts() -> None:
    scene = Scene.of("anna", "bela", "cora", "dora")
    anna, bela, cora = scene["anna"], scene["bela"], scene["cora"]
    for _ in range(2):
        scene.deliver(cora, cora.group.propose_update())
        scene.deliver(bela, bela.group.propose_update())
    newest = list(anna.group.proposals.values())[-1].proposal
    scene.deliver(bela, bela.group.propose_remove(2))
    scene.deliver(scene["dora"], scene["dora"].group.propose_remove(2))
    picked = chosen(anna)
    assert sorted(item.type.name for item in picked) == ["REMOVE", "UPDATE"]
    assert newest in picked
    scene.commit(anna)
    scene.agree()


def test_what_the_plan_does_is_not_done_twice() -> None:
    scene = Scene.of("anna", "bela", "cora")
    anna, bela = scene["anna"], scene["bela"]
    bundle = scene.newcomer("dora").bundle()
    scene.deliver(bela, bela.group.propose_add(bundle.message))
    scene.deliver(bela, bela.group.propose_remove(2))
    scene.deliver(bela, bela.group.propose_context_extensions(()))
    assert len(chosen(anna)) == 3
    assert [type(item) for item in chosen(anna, removes=(2,))] == [Add, GroupContextExtensions]
    assert [type(item) for item in chosen(anna, adds=(bundle.key_package,))] == [
        Remove,
        GroupContextExtensions,
    ]
    assert [type(item) for item in chosen(anna, extensions=())] == [Add, Remove]
    assert chosen(anna, by_reference=False) == []
    scene.commit(anna, removes=[2], adds=[bundle.message], extensions=())
    assert "cora" not in scene.players


def test_a_reinit_waits_until_it_is_alone() -> None:
    scene = Scene.of("anna", "bela", "cora")
    anna, bela = scene["anna"], scene["bela"]
    scene.deliver(bela, bela.group.propose_reinit(ReInit(b"next", 1, 1, ())))
    assert [type(item) for item in chosen(anna)] == [ReInit]
    scene.deliver(bela, bela.group.propose_update())
    assert [type(item) for item in chosen(anna)] == [Update]
    assert [type(item) for item in chosen(anna, removes=(2,))] == [Update]


def test_psks_are_taken_once() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    psk = bela.group.external_psk(b"id")
    scene.deliver(bela, bela.group.propose_psk(psk))
    known = KnownPsks({b"id": b"secret"})
    assert chosen(anna, known) == [PreSharedKey(psk)]
    assert chosen(anna, known, psks=(psk,)) == []
    assert chosen(anna) == []


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[RatchetTree]:
    """Grows each time that a whole Commit is tried: on a copy of the tree."""
    copies: list[RatchetTree] = []
    copy = RatchetTree.copy

    def noted(tree: RatchetTree) -> RatchetTree:
        copies.append(tree)
        return copy(tree)

    monkeypatch.setattr(RatchetTree, "copy", noted)
    return copies


def test_a_thousand_psks_that_nobody_has_cost_nothing(tries: list[RatchetTree]) -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    for number in range(400):
        anna.follow(bela.group.propose_psk(bela.group.external_psk(b"nobody's %d" % number)))
    anna.follow(bela.group.propose_update())
    tries.clear()
    assert [type(item) for item in chosen(anna)] == [Update]
    assert len(tries) == 1


def test_of_psks_only_as_many_are_taken_as_one_commit_may_have_the_newest(
    tries: list[RatchetTree],
) -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    known = KnownPsks({b"id": b"secret"})
    psks = [bela.group.external_psk(b"id") for _ in range(PSK_COUNT_LIMIT + 50)]
    for psk in psks:
        anna.follow(bela.group.propose_psk(psk))
    newest: list[Proposal] = [PreSharedKey(psk) for psk in psks[50:]]
    tries.clear()
    assert chosen(anna, known) == newest
    assert len(tries) == 1
    assert chosen(anna, known, psks=(anna.group.external_psk(b"id"),)) == newest[1:]


def test_devices_that_are_in_already_cost_nothing_unless_they_go_by_the_same_commit(
    tries: list[RatchetTree],
) -> None:
    names = [f"member {number}" for number in range(12)]
    scene = Scene.of("anna", "bela", *names)
    anna, bela = scene["anna"], scene["bela"]
    for name in names:
        scene.deliver(bela, bela.group.propose_add(scene[name].bundle().message))
    tries.clear()
    assert chosen(anna) == []
    assert tries == []
    assert [type(item) for item in chosen(anna, removes=(2,))] == [Add]
    scene.deliver(bela, bela.group.propose_remove(3))
    assert [type(item) for item in chosen(anna)] == [Add, Remove]


def test_what_is_no_longer_valid_is_left_out() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    scene.deliver(
        bela, bela.group.propose_add(scene.newcomer("cora").bundle(lifetime_s=DAY_S).message)
    )
    assert len(chosen(anna)) == 1
    del scene.judge.known[b"cora"]
    assert chosen(anna) == []


def test_the_order_of_proposals_is_kept() -> None:
    scene = Scene.of("anna", "bela", "cora", "dora")
    for name in ("dora", "bela", "cora"):
        scene.deliver(scene[name], scene[name].group.propose_update())
    pending = scene["anna"].commit(removes=[])
    references = [item.reference for item in body(pending.commit).proposals]
    assert references == list(scene["anna"].group.proposals)


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_the_welcome_has_one_entry_for_each_newcomer(suite_id: int) -> None:
    scene = Scene.of("anna", "bela", suite_id=suite_id)
    bundles = [scene.newcomer(f"n{number}").bundle() for number in range(3)]
    pending = scene["anna"].commit(adds=[item.message for item in bundles])
    welcome = parse_welcome(pending.welcome)
    assert [item.new_member for item in welcome.secrets] == [item.ref for item in bundles]
    assert pending.group_info
    assert scene["anna"].group.epoch == 1


def test_nobody_added_no_welcome() -> None:
    assert Scene.of("anna", "bela")["anna"].commit().welcome == b""


def test_a_commit_without_path_has_none() -> None:
    scene = Scene.of("anna", "bela")
    bundle = scene.newcomer("cora").bundle()
    pending = scene["anna"].commit(adds=[bundle.message], force_path=False)
    assert body(pending.commit).path is None
    pending.drop()
    pending = scene["anna"].commit(adds=[bundle.message], removes=[1], force_path=False)
    assert body(pending.commit).path is not None


def test_newcomers_are_not_encrypted_to_in_the_path() -> None:
    scene = Scene.of("anna", "bela")
    bundles = [scene.newcomer(f"n{number}").bundle() for number in range(2)]
    path = body(scene["anna"].commit(adds=[item.message for item in bundles]).commit).path
    assert path is not None
    assert [len(node.encrypted_path_secret) for node in path.nodes] == [1, 0]


def test_making_changes_nothing() -> None:
    scene = Scene.of("anna", "bela")
    state = scene["anna"].group.state
    before = scene["anna"].group.save()
    pending = Pending({}, {}, NO_PSKS)
    one = make_commit(state.epoch, pending, scene["anna"].around(), CommitPlan())
    two = make_commit(state.epoch, pending, scene["anna"].around(), CommitPlan())
    assert one.following.epoch.secrets != two.following.epoch.secrets
    assert scene["anna"].group.save() == before


def test_the_same_rules_bind_the_maker() -> None:
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    old = scene.newcomer("cora").bundle(now_s=NOW_S - 90 * DAY_S)
    refused("key-package-lifetime", lambda: anna.commit(adds=[old.message]))
    wrong = Player.make("dora", 3, scene.judge).bundle()
    refused("key-package-suite", lambda: anna.commit(adds=[wrong.message]))
    refused("remove-member", lambda: anna.commit(removes=[4]))
    refused("leaf-touched-once", lambda: anna.commit(removes=[1, 1]))
    demanding = RequiredCapabilities(proposals=(0xF0F0,)).to_extension()
    refused("leaf-required-capabilities", lambda: anna.commit(extensions=(demanding,)))
    assert anna.group.pending is None


def test_updates_have_fresh_keys() -> None:
    anna = Scene.of("anna", "bela")["anna"]
    epoch = anna.group.state.epoch
    update, private, signer = make_update(epoch, None)
    sealed = epoch.suite.encrypt_with_label(update.leaf_node.encryption_key, "x", b"", b"y")
    assert epoch.suite.decrypt_with_label(private, "x", b"", *sealed) == b"y"
    assert signer == anna.signer
    identity = anna.new_identity()
    update, _, signer = make_update(epoch, identity)
    assert signer == identity.signer_private
    assert update.leaf_node.signature_key == epoch.suite.signature_public_of(signer)
    assert update.leaf_node.credential == anna.credential


def test_key_packages_come_parsed_or_not() -> None:
    bundle = Player.make("anna", 1, Scene.of("x").judge).bundle()
    assert parse_key_packages([bundle.message, bundle.key_package]) == (bundle.key_package,) * 2
    with pytest.raises(CodecError):
        parse_key_packages([b"junk"])
