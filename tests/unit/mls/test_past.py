"""Past epochs: who the senders were, and which keys are left."""

import pytest

from plausch.mls.epoch import Member
from plausch.mls.past import PAST_EPOCHS_KEPT
from plausch.mls.secret_tree import RatchetKind
from unit.mls.group_players import Scene, refused


def test_a_late_message_is_its_senders_of_then() -> None:
    """Cora left, Dora took her leaf: what Cora said before is still Cora's."""
    scene = Scene.of("anna", "bela", "cora")
    cora = scene["cora"]
    late = cora.group.encrypt(b"before I go")
    scene.commit(scene["anna"], removes=[2])
    scene.add(scene["anna"], [scene.newcomer("dora")])
    message = scene["bela"].read(late)
    assert message.credential == cora.credential
    assert message.signature_key == cora.signature_key
    assert scene["bela"].group.member(2).credential == scene["dora"].credential


def test_a_late_message_is_judged_by_the_key_of_then() -> None:
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    late = anna.group.encrypt(b"with my old key")
    scene.commit(anna, identity=anna.new_identity())
    scene["bela"].restart()
    message = scene["bela"].read(late)
    assert message.signature_key == anna.signature_key
    assert scene["bela"].group.member(0).signature_key != anna.signature_key


def test_the_earliest_memory_counts() -> None:
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    keys = []
    for _ in range(3):
        keys.append(anna.group.signature_key)
        scene.commit(anna, identity=anna.new_identity())
    past = scene["bela"].group.state.past
    found = [
        item.sender(0, scene["bela"].group.state.epoch.tree).signature_key for item in past[:3]
    ]
    assert found == keys[::-1]


def test_only_so_many_are_kept() -> None:
    scene = Scene.of("anna", "bela")
    for _ in range(PAST_EPOCHS_KEPT + 3):
        scene.commit(scene["anna"])
    numbers = [item.context.epoch for item in scene["bela"].group.state.past]
    newest = scene["bela"].group.epoch - 1
    assert numbers == list(range(newest, newest - PAST_EPOCHS_KEPT, -1))


@pytest.mark.parametrize("restarted", [False, True])
def test_their_handshake_keys_are_gone(restarted: bool) -> None:
    scene = Scene.of("anna", "bela")
    scene["bela"].follow(scene["anna"].group.propose_update(private=True))
    scene.commit(scene["anna"])
    if restarted:
        scene["bela"].restart()
    (past, *_) = scene["bela"].group.state.past
    for leaf_index in (0, 1):
        late = past.messages.peek(leaf_index, RatchetKind.APPLICATION, 0)
        past.messages.consume(late)
        assert (leaf_index, RatchetKind.HANDSHAKE) not in past.messages._ratchets


def test_a_leaf_that_was_blank_then() -> None:
    scene = Scene.of("anna", "bela")
    scene.add(scene["anna"], [scene.newcomer("cora")])
    (past, *_) = scene["bela"].group.state.past
    tree = scene["bela"].group.state.epoch.tree
    refused("sender-leaf", lambda: past.sender(2, tree))
    refused("sender-leaf", lambda: past.sender(3, tree))
    assert past.sender(1, tree) == Member.of(1, scene["bela"].group.state.epoch.leaf(1))


def test_membership_secrets_of_past_epochs_are_not_kept() -> None:
    scene = Scene.of("anna", "bela")
    old = scene["bela"].group.state.epoch.secrets
    scene.commit(scene["anna"])
    saved = scene["bela"].group.save()
    for secret in (old.membership_key, old.init, old.exporter, old.external, old.authenticator):
        assert secret not in saved.epoch_state
        assert secret not in saved.ratchet_state
    assert old.sender_data in saved.ratchet_state
    assert old.resumption in saved.epoch_state
