"""Looking at a group."""

import pytest

from plausch.mls.errors import GroupUsageError
from plausch.mls.extension import RequiredCapabilities
from plausch.mls.framing import member
from plausch.mls.group_info import parse_group_info
from plausch.mls.key_schedule import EXPORT_LIMIT_BYTES
from plausch.mls.proposal import Remove
from unit.mls.group_players import GROUP_ID, Scene, refused


def test_what_a_group_says_of_itself() -> None:
    required = RequiredCapabilities().to_extension()
    scene = Scene.of("anna", "bela", suite_id=3, extensions=(required,))
    anna = scene["anna"].group
    assert (anna.group_id, anna.epoch, anna.suite_id, anna.own_leaf) == (GROUP_ID, 1, 3, 0)
    assert anna.extensions == (required,)
    assert anna.context.epoch == 1
    assert anna.is_active
    assert not anna.has_ended
    assert anna.signature_key == scene["anna"].signature_key
    assert [item.credential for item in anna.members()] == [
        scene["anna"].credential,
        scene["bela"].credential,
    ]
    assert anna.member(1) == anna.members()[1]
    refused("sender-leaf", lambda: anna.member(2))


def test_exported_secrets() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"].group, scene["bela"].group
    assert anna.export_secret("call", b"1", 48) == bela.export_secret("call", b"1", 48)
    assert anna.export_secret("call", b"1", 48) != anna.export_secret("call", b"2", 48)
    before = anna.export_secret("call", b"1", 48)
    scene.commit(scene["bela"])
    assert anna.export_secret("call", b"1", 48) != before
    assert len(anna.export_secret("call", b"", EXPORT_LIMIT_BYTES)) == EXPORT_LIMIT_BYTES
    for length in (0, -1, EXPORT_LIMIT_BYTES + 1):
        with pytest.raises(GroupUsageError):
            anna.export_secret("call", b"", length)


def test_group_infos_and_trees() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"].group, scene["bela"].group
    assert parse_group_info(anna.group_info()).group_context == bela.context
    assert len(anna.group_info(with_tree=False)) < len(anna.group_info())
    assert anna.ratchet_tree() == bela.ratchet_tree()


def test_waiting_proposals() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    assert anna.group.proposals == {}
    assert not anna.group.must_commit
    scene.deliver(bela, bela.group.propose_remove(0))
    (waiting,) = bela.group.proposals.values()
    assert (waiting.proposal, waiting.sender) == (Remove(0), member(1))
    assert bela.group.must_commit
    assert not anna.group.must_commit


def test_resumption_secrets() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"].group, scene["bela"].group
    assert (GROUP_ID, 1) in bela.resumption_secrets()
    assert bela.resumption_secrets()[GROUP_ID, 1] == anna.resumption_secrets()[GROUP_ID, 1]
    assert (GROUP_ID, 0) in anna.resumption_secrets()
    assert (GROUP_ID, 0) not in bela.resumption_secrets()
