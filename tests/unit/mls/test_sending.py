"""What leaves a group: messages and proposals."""

import pytest

from plausch.mls.errors import CodecError, GroupUsageError
from plausch.mls.framing import ContentType, WireFormat, header
from plausch.mls.proposal import ReInit
from plausch.mls.protection import bucket_bytes
from plausch.mls.staged import StagedProposal
from unit.mls.group_players import Scene, refused


def test_messages_are_private_and_padded() -> None:
    scene = Scene.of("anna", "bela")
    for length in (0, 1, 200, 1_000):
        raw = scene["anna"].group.encrypt(b"x" * length)
        seen = header(raw)
        assert (seen.wire_format, seen.content_type) == (
            WireFormat.PRIVATE_MESSAGE,
            ContentType.APPLICATION,
        )
        assert len(raw) == bucket_bytes(len(raw))
    assert len(scene["anna"].group.encrypt(b"x")) == len(scene["anna"].group.encrypt(b"x" * 90))


def test_equal_texts_give_different_messages() -> None:
    group = Scene.of("anna", "bela")["anna"].group
    assert len({group.encrypt(b"hello") for _ in range(20)}) == 20


@pytest.mark.parametrize("private", [False, True])
def test_each_kind_of_proposal_arrives(private: bool) -> None:
    scene = Scene.of("anna", "bela", "cora")
    anna, bela = scene["anna"], scene["bela"]
    group = anna.group
    raws = {
        "ADD": group.propose_add(scene.newcomer("dora").bundle().message, private=private),
        "UPDATE": group.propose_update(private=private),
        "REMOVE": group.propose_remove(2, private=private),
        "PSK": group.propose_psk(group.external_psk(b"id"), private=private),
        "REINIT": group.propose_reinit(ReInit(b"next", 1, 1, ()), private=private),
        "GROUP_CONTEXT_EXTENSIONS": group.propose_context_extensions((), private=private),
    }
    for name, raw in raws.items():
        wire = WireFormat.PRIVATE_MESSAGE if private else WireFormat.PUBLIC_MESSAGE
        assert (header(raw).wire_format, header(raw).content_type) == (wire, ContentType.PROPOSAL)
        staged = bela.stage(raw)
        assert isinstance(staged, StagedProposal)
        assert staged.proposal.type.name == name
        assert staged.reference in group.proposals
        staged.accept()
    assert list(bela.group.proposals) == list(group.proposals)


def test_wrong_proposals_are_not_made() -> None:
    group = Scene.of("anna", "bela")["anna"].group
    refused("sender-leaf", lambda: group.propose_remove(2))
    with pytest.raises(CodecError):
        group.propose_add(b"junk")
    assert group.proposals == {}


def test_own_proposals_survive_a_restart() -> None:
    scene = Scene.of("anna", "bela", "cora")
    bela = scene["bela"]
    raw = bela.group.propose_update()
    bela.restart()
    scene.deliver(bela, raw)
    scene.commit(scene["anna"])
    scene.agree()
    scene.chat()


def test_a_removed_device_sends_nothing() -> None:
    scene = Scene.of("anna", "bela")
    bela = scene["bela"]
    scene.commit(scene["anna"], removes=[1])
    for step in (bela.group.propose_update, lambda: bela.group.encrypt(b"x")):
        with pytest.raises(GroupUsageError):
            step()
