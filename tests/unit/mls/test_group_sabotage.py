"""What a member with a modified client could do so that the others cannot go on: it is refused,
or it stands in nobody's way.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from plausch.mls import commit, ratchet_tree, tree_kem
from plausch.mls.codec import ITEMS_LIMIT
from plausch.mls.epoch import Epoch
from plausch.mls.errors import CodecError
from plausch.mls.extension import Extension, Extensions, RequiredCapabilities
from plausch.mls.group import Group, external_join
from plausch.mls.group_context import EXTENSIONS_LIMIT, LAST_EPOCH
from plausch.mls.joiner import KeyPackageBundle, own_capabilities
from plausch.mls.key_package import KeyPackage
from plausch.mls.leaf_node import LeafBinding, LeafNode
from plausch.mls.proposal import Add, GroupContextExtensions, Update
from plausch.mls.psk import KnownPsks
from plausch.mls.psk_id import ResumptionUsage
from plausch.mls.suite import Suite, suite
from unit.mls.group_players import NOW_S, Judge, Player, Scene, refused, untouched

UNKNOWN_EXTENSION = 0x5A5A
"""GREASE that every device here announces."""


def leaf_with(player: Player, **changes: object) -> LeafNode:
    """An Update's leaf, signed by its owner, with anything in it."""
    state = player.group.state.epoch
    content = state.leaf(player.group.own_leaf).content()
    unsigned = replace(content, lifetime=None, parent_hash=None, **changes)  # type: ignore[arg-type]
    binding = LeafBinding(player.group.group_id, player.group.own_leaf)
    return unsigned.sign(state.suite, state.signer_private, binding)


def package_with(player: Player, **changes: object) -> KeyPackage:
    """A key package whose leaf has anything in it."""
    bundle = player.bundle()
    content = replace(bundle.key_package.leaf_node.content(), **changes)  # type: ignore[arg-type]
    crypto = suite(player.suite_id)
    leaf = content.sign(crypto, player.signer)
    return KeyPackage.sign(crypto, player.signer, bundle.key_package.init_key, leaf)


# -- keys that nobody can use


def test_a_path_with_a_key_that_its_neighbours_never_see(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two devices of one attacker share a node; the others would have to encrypt to its key."""
    scene = Scene.of("eve", "eve again", "bela", "cora")
    honest = tree_kem._node_key_pair
    made: list[bytes] = []

    def lying(crypto: Suite, secret: bytes) -> tuple[bytes, bytes]:
        private, public = honest(crypto, secret)
        made.append(public)
        return private, bytes(32) if len(made) == 1 else public

    monkeypatch.setattr(tree_kem, "_node_key_pair", lying)
    pending = scene["eve"].commit()
    monkeypatch.undo()
    for name in ("bela", "cora"):
        with untouched(scene[name]):
            refused("path-usable-keys", lambda name=name: scene[name].stage(pending.commit))


def settled() -> tuple[Scene, bytes]:
    """Four members who have all committed, and the key of the node above the last two."""
    scene = Scene.of("eve", "bela", "cora", "dora")
    for player in list(scene.players.values()):
        scene.commit(player)
    node = scene["eve"].group.state.epoch.tree.parent_node(5)
    assert node is not None
    return scene, node.encryption_key


def test_a_leaf_with_the_key_of_a_parent_would_let_nobody_join(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Members could live with it, but whoever joins checks the whole tree."""
    scene, key = settled()
    eve, bela, dora = (scene[name] for name in ("eve", "bela", "dora"))
    raw = eve.frame(Update(leaf_with(eve, encryption_key=key)))
    for player in scene.players.values():
        player.follow(raw)
    package = package_with(scene.newcomer("fred"), encryption_key=key)
    monkeypatch.setattr(commit, "check_applied", lambda *_args, **_named: None)
    for changes in ({}, {"adds": [package], "by_reference": False}):
        pending = bela.commit(**changes)
        pending.drop()
        with untouched(dora):
            refused("tree-unique-keys", lambda raw=pending.commit: dora.stage(raw))
    monkeypatch.undo()
    scene.commit(bela)
    joiner = scene.newcomer("gina")
    raw = bela.group.group_info()
    external_join(raw, joiner.credential, joiner.signer, scene.judge, NOW_S)


# -- proposals that nobody could commit


def unknown_psk(scene: Scene) -> bytes:
    return scene["eve"].group.propose_psk(scene["eve"].group.external_psk(b"nobody has it"))


def member_again(scene: Scene) -> bytes:
    return scene["eve"].group.propose_add(scene["eve"].bundle().message)


def key_of_another(scene: Scene) -> bytes:
    eve, dora = scene["eve"], scene["dora"].group
    key = dora.state.epoch.leaf(dora.own_leaf).encryption_key
    return eve.frame(Update(leaf_with(eve, encryption_key=key)))


@pytest.mark.parametrize("propose", [unknown_psk, member_again, key_of_another])
def test_a_proposal_that_nobody_could_commit_is_left_out(propose: Callable[[Scene], bytes]) -> None:
    scene = Scene.of("bela", "cora", "dora", "eve")
    scene.deliver(scene["cora"], scene["cora"].group.propose_update())
    raw = propose(scene)
    for name in ("bela", "cora", "dora"):
        scene[name].follow(raw)
    assert scene["bela"].group.must_commit
    pending = scene["bela"].commit()
    changed = scene["cora"].stage_commit(pending.commit)
    assert {before.leaf_index for before, _ in changed.updated} == {0, 1}
    scene.deliver(scene["bela"], pending.commit)
    pending.accept()
    scene.agree()
    scene.chat()


def test_of_two_devices_with_one_key_the_newer_is_added() -> None:
    scene = Scene.of("anna", "bela", "cora")
    key = suite(1).kem_generate()[1]
    for name in ("dora", "emil"):
        package = package_with(scene.newcomer(name), encryption_key=key)
        scene.deliver(scene["bela"], scene["bela"].frame(Add(package)))
        scene["bela"].stage(scene["bela"].frame(Add(package))).accept()
    pending = scene["anna"].commit()
    assert [one.credential.body for one in pending.added] == [b"emil"]


# -- growth


def many(scene: Scene, extensions: Extensions, count: int) -> list[KeyPackage]:
    return [
        package_with(scene.newcomer(f"fat {number}"), extensions=extensions)
        for number in range(count)
    ]


def test_a_tree_that_nobody_could_read_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was saved could not be loaded again: such a device would be lost."""
    monkeypatch.setattr(ratchet_tree, "TREE_LIMIT", 1 << 20)
    scene = Scene.of("eve", "bela")
    fat = (Extension(UNKNOWN_EXTENSION, bytes(65_000)),)
    pending = scene["eve"].commit(adds=many(scene, fat, 16), force_path=False)
    scene["bela"].follow(pending.commit)
    pending.accept()
    scene["bela"].restart()
    too_much = many(scene, fat, 1)
    refused("tree-limit", lambda: scene["eve"].commit(adds=too_much))
    forged = scene["eve"].forge([Add(package) for package in too_much])
    with untouched(scene["bela"]):
        refused("tree-limit", lambda: scene["bela"].stage(forged))


def test_a_tree_with_more_items_than_anybody_reads() -> None:
    """Small enough in bytes and leaves; but a list's items are counted, too, when it is read."""
    scene = Scene.of("eve", "bela")
    fat_one = scene.newcomer("fat")
    types = tuple(range(0x1000, 0x1000 + 2_000))
    able = replace(own_capabilities(fat_one.credential), extensions=types)
    extensions = tuple([Extension(number, b"") for number in types])
    fat = package_with(fat_one, capabilities=able, extensions=extensions)
    for player in scene.players.values():
        tree = player.group.state.epoch.tree
        # Straight into the tree, because as many real ones would take long to make.
        for _ in range(ITEMS_LIMIT // len(types)):
            tree.add_leaf(fat.leaf_node)
        assert tree.is_readable
    scene["bela"].restart()
    refused("tree-limit", lambda: scene["eve"].commit(adds=[fat], force_path=False))
    forged = scene["eve"].forge([Add(fat)])
    refused("tree-limit", lambda: scene["bela"].stage(forged))


def test_proposals_are_bounded_in_bytes_too() -> None:
    scene = Scene.of("eve", "bela")
    bela = scene["bela"]
    for number in range(16):
        body = bytes(EXTENSIONS_LIMIT - 100) + bytes((number,))
        big = GroupContextExtensions((Extension(UNKNOWN_EXTENSION, body),))
        bela.follow(scene["eve"].frame(big))
    small = GroupContextExtensions((Extension(UNKNOWN_EXTENSION, bytes(4_000)),))
    with untouched(bela):
        refused("proposals-limit", lambda: bela.stage(scene["eve"].frame(small)))
    bela.restart()
    assert len(bela.group.proposals) == 16


def test_extensions_of_a_group_are_bounded() -> None:
    scene = Scene.of("eve", "bela")
    huge = GroupContextExtensions((Extension(UNKNOWN_EXTENSION, bytes(EXTENSIONS_LIMIT)),))
    with untouched(scene["bela"]), pytest.raises(CodecError):
        scene["bela"].stage(scene["eve"].frame(huge))


def test_no_epoch_follows_the_last() -> None:
    """Somebody invites to a group that began at the end of the numbers."""
    scene = Scene.of("eve", "bela")
    for player in scene.players.values():
        state = player.group.state
        state.epoch = at_the_end(state.epoch)
    refused("epoch-last", scene["bela"].commit)
    forged = scene["eve"].forge([Add(scene.newcomer("cora").bundle().key_package)])
    with untouched(scene["bela"]):
        refused("epoch-last", lambda: scene["bela"].stage(forged))


def at_the_end(epoch: Epoch) -> Epoch:
    return replace(epoch, context=replace(epoch.context, epoch=LAST_EPOCH))


# -- what a device could do to itself


def demanding() -> tuple[Player, Player, int]:
    """Two members of a group that requires an extension which is not everybody's."""
    judge, required = Judge(), 0xF0AA
    anna, bela = (Player.make(name, 1, judge) for name in ("anna", "bela"))
    able = replace(own_capabilities(anna.credential), extensions=(required,))
    demand = RequiredCapabilities(extensions=(required,)).to_extension()
    anna.group = Group.create(
        1,
        b"demanding group",
        anna.credential,
        anna.signer,
        judge,
        now_s=NOW_S,
        extensions=(demand,),
        capabilities=able,
    )
    bundle: KeyPackageBundle = bela.bundle(capabilities=able)
    pending = anna.commit(adds=[bundle.message])
    pending.accept()
    bela.join(pending.welcome, bundle)
    return anna, bela, required


def test_a_new_identity_keeps_what_the_device_can_do() -> None:
    anna, bela, required = demanding()
    pending = anna.commit(identity=anna.new_identity())
    bela.follow(pending.commit)
    pending.accept()
    raw = bela.group.propose_update(identity=bela.new_identity())
    anna.follow(raw)
    pending = anna.commit()
    bela.follow(pending.commit)
    pending.accept()
    for _, leaf in anna.group.state.epoch.tree.leaves():
        assert leaf.capabilities.supports_extension(required)


def test_a_reinitialised_group_is_bound_to_the_old_one() -> None:
    """The founder's first Commit carries the PSK; who does not have it cannot join."""
    scene = Scene.of("anna", "bela")
    anna, old = scene["anna"], scene["anna"].group
    psk = old.resumption_psk(old.epoch, ResumptionUsage.REINIT)
    known = KnownPsks(resumption=old.resumption_secrets())
    anna.found(group_id=b"the next group")
    bundle = scene["bela"].bundle()
    pending = anna.commit(adds=[bundle.message], inject=[psk], psks=known)
    pending.accept()
    refused("psk-known", lambda: scene["bela"].join(pending.welcome, bundle))
    scene["bela"].join(pending.welcome, bundle, psks=known)
    scene.chat()
    again = anna.group.resumption_psk(anna.group.epoch, ResumptionUsage.BRANCH)
    refused("psk-usage", lambda: anna.commit(inject=[again]))
