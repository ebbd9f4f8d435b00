"""An epoch as a value."""

import pytest

from plausch.mls.epoch import Change, Member, begin_epoch, check_confirmation_tag
from plausch.mls.extension import EXTERNAL_PUB, RATCHET_TREE
from plausch.mls.key_schedule import first_epoch_keys
from plausch.mls.transcript import interim_transcript_hash
from unit.mls.group_players import Scene, refused


def test_members_and_leaves() -> None:
    scene = Scene.of("anna", "bela")
    epoch = scene["bela"].group.state.epoch
    assert (epoch.own_leaf, epoch.number) == (1, 1)
    assert epoch.members() == [epoch.member(0), epoch.member(1)]
    assert epoch.member(0) == Member(0, scene["anna"].credential, scene["anna"].signature_key)
    assert Member.of(1, epoch.leaf(1)) == epoch.member(1)
    for blank in (2, 3, 99, -1):
        refused("sender-leaf", lambda blank=blank: epoch.leaf(blank))


@pytest.mark.parametrize("with_tree", [False, True])
@pytest.mark.parametrize("with_external_pub", [False, True])
def test_its_group_info(with_tree: bool, with_external_pub: bool) -> None:
    scene = Scene.of("anna", "bela")
    epoch = scene["bela"].group.state.epoch
    group_info = epoch.group_info(with_tree, with_external_pub)
    assert group_info.signer == 1
    group_info.verify(epoch.suite, scene["bela"].signature_key)
    assert (group_info.extension(RATCHET_TREE) is not None) == with_tree
    assert (group_info.extension(EXTERNAL_PUB) is not None) == with_external_pub
    assert group_info.confirmation_tag == epoch.confirmation_tag


def test_the_keys_decide_its_confirmation_tag() -> None:
    epoch = Scene.of("anna")["anna"].group.state.epoch
    seen = set()
    for secret in (b"a" * 32, b"b" * 32):
        keys = first_epoch_keys(epoch.suite, secret)
        begun = begin_epoch(
            epoch.suite,
            epoch.context,
            epoch.tree,
            epoch.private,
            epoch.signer_private,
            keys,
            Change(0),
        ).epoch
        transcript = epoch.context.confirmed_transcript_hash
        assert begun.confirmation_tag == epoch.suite.mac(keys.secrets.confirmation_key, transcript)
        assert begun.interim_transcript_hash == interim_transcript_hash(
            epoch.suite, transcript, begun.confirmation_tag
        )
        check_confirmation_tag(begun, begun.confirmation_tag)
        refused("confirmation-tag", lambda begun=begun: check_confirmation_tag(begun, bytes(32)))
        refused("confirmation-tag", lambda begun=begun: check_confirmation_tag(begun, b""))
        seen.add(begun.confirmation_tag)
    assert len(seen) == 2


def test_an_epoch_does_not_change() -> None:
    epoch = Scene.of("anna")["anna"].group.state.epoch
    with pytest.raises(AttributeError):
        epoch.ended = True  # type: ignore[misc]
