"""Staged results say everything and change nothing."""

import pytest

from plausch.mls.staged import ReceivedMessage, StagedCommit, StagedMessage, StagedProposal
from unit.mls.group_players import Scene, untouched


def test_dropping_is_forgetting() -> None:
    scene = Scene.of("anna", "bela")
    anna, bela = scene["anna"], scene["bela"]
    with untouched(bela):
        staged = [
            bela.stage(anna.group.encrypt(b"x")),
            bela.stage(anna.group.propose_update()),
            bela.stage(anna.group.propose_update(private=True)),
            bela.stage(anna.commit(removes=[1], by_reference=False).commit),
        ]
    assert [type(item) for item in staged] == [
        StagedMessage,
        StagedProposal,
        StagedProposal,
        StagedCommit,
    ]


def test_a_message_hides_its_content_until_it_is_accepted() -> None:
    scene = Scene.of("anna", "bela")
    staged = scene["bela"].stage(scene["anna"].group.encrypt(b"the secret text"))
    assert isinstance(staged, StagedMessage)
    assert "secret text" not in repr(staged)
    assert not hasattr(staged, "plaintext")
    message = staged.accept()
    assert isinstance(message, ReceivedMessage)
    assert "secret text" not in repr(message)
    assert message.plaintext == b"the secret text"


def test_results_cannot_be_changed() -> None:
    scene = Scene.of("anna", "bela")
    staged = scene["bela"].stage(scene["anna"].group.encrypt(b"x"))
    with pytest.raises(AttributeError):
        staged.epoch = 9  # type: ignore[misc]


def test_a_commit_shows_each_changed_member_before_and_after() -> None:
    scene = Scene.of("anna", "bela", "cora")
    bela = scene["bela"]
    identity = bela.new_identity()
    scene.deliver(bela, bela.group.propose_update(identity=identity))
    staged = scene["cora"].stage_commit(scene["anna"].commit().commit)
    changes = {before.leaf_index: (before, after) for before, after in staged.updated}
    assert sorted(changes) == [0, 1]
    before, after = changes[1]
    assert before.signature_key == bela.signature_key
    assert after.signature_key != bela.signature_key
    assert before.credential == after.credential
    assert changes[0][0].signature_key == changes[0][1].signature_key
