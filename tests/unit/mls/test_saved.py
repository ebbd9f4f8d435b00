"""Saving and loading: nothing lost, nothing reused, damage noticed."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.mls.codec import ITEMS_LIMIT
from plausch.mls.errors import SavedStateRefused, UnsupportedSuite
from plausch.mls.framing import parse_private_message
from plausch.mls.group import Group
from plausch.mls.protection import open_private
from plausch.mls.saved import (
    GroupState,
    SavedGroup,
    decode,
    encode_epoch_state,
    encode_ratchet_state,
)
from plausch.mls.secret_tree import KEPT_LIMIT, MessageKey, Ratchet, RatchetKind, SecretTree
from plausch.mls.suite import SUITES
from unit.mls.group_players import ALL_SUITES, Scene, refused


def busy(suite_id: int = 1) -> Scene:
    """A group with past epochs, gaps, proposals and a pending commit."""
    scene = Scene.of("anna", "bela", "cora", suite_id=suite_id)
    for name in ("anna", "bela", "cora"):
        lost = scene[name].group.encrypt(b"lost")
        scene.chat()
        scene.commit(scene[name], identity=scene[name].new_identity())
        assert lost
    scene.commit(scene["anna"], removes=[2])
    raw = scene["bela"].group.propose_update()
    scene.deliver(scene["bela"], raw)
    scene["anna"].commit(adds=[scene.newcomer("dora").bundle().message])
    return scene


@pytest.mark.parametrize("suite_id", ALL_SUITES)
def test_everything_comes_back(suite_id: int) -> None:
    for player in busy(suite_id).players.values():
        saved = player.group.save()
        again = Group.load(saved.epoch_state, saved.ratchet_state)
        assert again.save() == saved
        assert again.members() == player.group.members()
        assert again.proposals == player.group.proposals
        assert again.epoch_authenticator == player.group.epoch_authenticator
        state = decode(saved)
        assert encode_epoch_state(state) == saved.epoch_state
        assert encode_ratchet_state(state) == saved.ratchet_state


def test_a_suite_that_this_program_does_not_have_is_no_damage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = Scene.of("anna", suite_id=3)["anna"].group.save()
    monkeypatch.delitem(SUITES, 3)
    with pytest.raises(UnsupportedSuite, match="0x0003 is not supported"):
        Group.load(saved.epoch_state, saved.ratchet_state)


def test_more_keys_are_loaded_than_a_message_may_have_items() -> None:
    epoch = Scene.of("anna")["anna"].group.state.epoch
    kept = {passed: MessageKey(bytes(16), bytes(12)) for passed in range(KEPT_LIMIT)}
    ratchets = {
        (leaf_index, RatchetKind.APPLICATION): Ratchet(KEPT_LIMIT, bytes(32), kept)
        for leaf_index in range(-(-ITEMS_LIMIT // KEPT_LIMIT))
    }
    state = GroupState(epoch, SecretTree(epoch.suite, 512, {}, ratchets))
    saved = SavedGroup(encode_epoch_state(state), encode_ratchet_state(state))
    assert Group.load(saved.epoch_state, saved.ratchet_state).save() == saved


def test_a_message_changes_the_small_part_only() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    before = (anna.group.save(), bela.group.save())
    bela.read(anna.group.encrypt(b"hello"))
    after = (anna.group.save(), bela.group.save())
    for one, two in zip(before, after, strict=True):
        assert one.epoch_state is two.epoch_state
        assert one.ratchet_state != two.ratchet_state
        assert len(two.ratchet_state) < 1_000


def test_proposals_and_pending_commits_change_the_other_part() -> None:
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    seen = {anna.group.save().epoch_state}
    ratchet = anna.group.save().ratchet_state
    anna.group.propose_update()
    seen.add(anna.group.save().epoch_state)
    pending = anna.commit(by_reference=False)
    seen.add(anna.group.save().epoch_state)
    assert anna.group.save().ratchet_state == ratchet
    pending.accept()
    seen.add(anna.group.save().epoch_state)
    assert len(seen) == 4


def test_a_restart_after_saving_never_repeats_a_generation() -> None:
    """Saved before sending, as the contract says: the next message uses the next generation."""
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    generations = []
    for number in range(5):
        raw = anna.group.encrypt(b"%d" % number)
        saved = anna.group.save()
        anna.restart(saved)
        state = bela.group.state
        _, opening = open_private(
            state.epoch.suite,
            state.epoch.secrets.sender_data,
            state.messages,
            parse_private_message(raw),
        )
        generations.append(opening.generation)
        assert bela.read(raw).plaintext == b"%d" % number
    assert generations == [0, 1, 2, 3, 4]


def test_a_restart_between_save_and_send_skips_a_generation() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    anna.group.encrypt(b"never sent")
    anna.restart(anna.group.save())
    assert bela.read(anna.group.encrypt(b"sent")).plaintext == b"sent"
    assert len(bela.group.state.messages._ratchets[0, 1].kept) == 1


def test_what_an_older_state_would_do_is_refused_by_receivers() -> None:
    """A restored backup sends under a generation that was used: everybody refuses it."""
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    backup = anna.group.save()
    bela.read(anna.group.encrypt(b"the first"))
    anna.restart(backup)
    reused = anna.group.encrypt(b"another first")
    refused("generation-unused", lambda: bela.stage(reused))
    assert bela.read(anna.group.encrypt(b"the second")).plaintext == b"the second"


def test_an_older_receiver_reads_again_what_it_had_not_saved() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    raw = anna.group.encrypt(b"hello")
    backup = bela.group.save()
    bela.read(raw)
    bela.restart(backup)
    assert bela.read(raw).plaintext == b"hello"


def test_an_older_epoch_catches_up_from_the_log() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    backup = bela.group.save()
    log = []
    for number in range(3):
        log.append(scene.commit(anna).commit)
        log.append(anna.group.encrypt(b"%d" % number))
    newest = bela.group.save()
    bela.restart(backup)
    for place, raw in enumerate(log):
        if place % 2:
            assert bela.read(raw).plaintext == b"%d" % (place // 2)
        else:
            bela.follow(raw)
    assert bela.group.epoch_authenticator == anna.group.epoch_authenticator
    bela.restart(newest)
    scene.chat()


def test_the_parts_must_belong_together() -> None:
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    old = anna.group.save()
    scene.commit(anna)
    new = anna.group.save()
    for epoch_state, ratchet_state in (
        (old.epoch_state, new.ratchet_state),
        (new.epoch_state, old.ratchet_state),
        (new.ratchet_state, new.epoch_state),
    ):
        with pytest.raises(SavedStateRefused):
            Group.load(epoch_state, ratchet_state)


def test_every_changed_byte_is_noticed() -> None:
    saved = busy()["anna"].group.save()
    for place in range(0, len(saved.epoch_state), 13):
        broken = bytearray(saved.epoch_state)
        broken[place] ^= 1
        with pytest.raises(SavedStateRefused):
            Group.load(bytes(broken), saved.ratchet_state)
    for place in range(len(saved.ratchet_state)):
        broken = bytearray(saved.ratchet_state)
        broken[place] ^= 0x80
        with pytest.raises(SavedStateRefused):
            Group.load(saved.epoch_state, bytes(broken))


def sealed(body: bytes) -> bytes:
    """A body with a right digest: damage that the digest does not catch."""
    return body + hashlib.sha256(body).digest()


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_random_bytes(one: bytes, two: bytes) -> None:
    for epoch_state, ratchet_state in (
        (one, two),
        (sealed(b"\0\1\1" + one), sealed(b"\0\1\2" + two)),
    ):
        with pytest.raises(SavedStateRefused):
            Group.load(epoch_state, ratchet_state)


def test_cut_parts_with_a_right_digest() -> None:
    saved = busy()["bela"].group.save()
    body = saved.epoch_state[:-32]
    for end in range(3, len(body), 29):
        with pytest.raises(SavedStateRefused):
            Group.load(sealed(body[:end]), saved.ratchet_state)
    body = saved.ratchet_state[:-32]
    for end in range(3, len(body), 3):
        with pytest.raises(SavedStateRefused):
            Group.load(saved.epoch_state, sealed(body[:end]))


def test_a_newer_version_says_so() -> None:
    saved = busy()["bela"].group.save()
    with pytest.raises(SavedStateRefused, match="version 2"):
        Group.load(b"\0\2" + saved.epoch_state[2:], saved.ratchet_state)


def test_secrets_do_not_show_in_a_repr() -> None:
    group = busy()["bela"].group
    secret = group.state.epoch.secrets.exporter
    for item in (group.state.epoch, group.save(), SavedGroup(secret, secret), group.state.past[0]):
        assert repr(secret) not in repr(item)
