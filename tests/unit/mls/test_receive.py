"""From bytes to staged results: the order of checks, senders of all kinds."""

import pytest

from plausch.mls.codec import vector
from plausch.mls.errors import (
    CodecError,
    CredentialRefused,
    DecryptionFailed,
    GroupUsageError,
    KeyRefused,
    ValidationError,
)
from plausch.mls.extension import EXTERNAL_SENDERS, Extension, ExternalSender
from plausch.mls.framing import (
    AuthenticatedContent,
    ContentType,
    FramedContent,
    PublicMessage,
    Sender,
    SenderType,
    WireFormat,
    mls_message,
    parse_private_message,
)
from plausch.mls.key_package import KeyPackage
from plausch.mls.proposal import Add, ReInit, Remove, Update
from plausch.mls.protection import protect_private, sign_content
from plausch.mls.receive import PROPOSALS_LIMIT, Owner
from plausch.mls.staged import StagedCommit, StagedProposal
from unit.mls.group_players import Player, Scene, refused, untouched


def with_external_sender() -> tuple[Scene, Player]:
    """Three members and an office outside that may propose."""
    scene = Scene.of("anna", "bela", "cora")
    office = scene.newcomer("office")
    body = vector([ExternalSender(office.signature_key, office.credential).to_bytes()])
    scene.commit(scene["anna"], extensions=(Extension(EXTERNAL_SENDERS, body),))
    office.group = scene["anna"].group
    return scene, office


def test_other_wire_formats_are_refused() -> None:
    scene = Scene.of("anna", "bela")
    for raw in (
        b"",
        scene["anna"].group.group_info(),
        scene.newcomer("x").bundle().message,
        mls_message(WireFormat.WELCOME, b""),
    ):
        with untouched(scene["bela"]), pytest.raises(CodecError):
            scene["bela"].stage(raw)
    refused("version", lambda: scene["bela"].stage(b"\0\2\0\1"))


def test_an_external_sender_removes_somebody() -> None:
    scene, office = with_external_sender()
    raw = office.frame(Remove(2), Sender(SenderType.EXTERNAL, 0))
    staged = scene["bela"].stage(raw)
    assert isinstance(staged, StagedProposal)
    assert staged.member is None
    assert staged.sender == Sender(SenderType.EXTERNAL, 0)
    assert staged.proposal == Remove(2)
    staged.accept()
    assert scene["bela"].group.must_commit
    scene["anna"].follow(raw)
    scene["cora"].follow(raw)
    assert not scene["cora"].group.must_commit
    scene.commit(scene["bela"])
    assert sorted(scene.players) == ["anna", "bela"]
    scene.agree()


def test_what_an_external_sender_may_not() -> None:
    scene, office = with_external_sender()
    bela = scene["bela"]
    sender = Sender(SenderType.EXTERNAL, 0)
    leaf = scene.newcomer("dora").bundle().key_package.leaf_node
    with untouched(bela):
        refused("proposal-sender", lambda: bela.stage(office.frame(Update(leaf), sender)))
        refused("commit-sender", lambda: bela.stage(office.forge([Remove(2)], sender=sender)))
        unknown = office.frame(Remove(2), Sender(SenderType.EXTERNAL, 1))
        refused("external-sender", lambda: bela.stage(unknown))
        forged = office.frame(Remove(2), sender, signer=scene["cora"].signer)
        refused("message-signature", lambda: bela.stage(forged))
        del scene.judge.known[b"office"]
        with pytest.raises(CredentialRefused):
            bela.stage(office.frame(Remove(2), sender))


def test_without_the_extension_nobody_outside_may_propose() -> None:
    scene = Scene.of("anna", "bela")
    raw = scene["anna"].frame(Remove(1), Sender(SenderType.EXTERNAL, 0))
    refused("external-sender", lambda: scene["bela"].stage(raw))


def test_a_device_asks_to_be_added() -> None:
    scene = Scene.of("anna", "bela")
    dora = scene.newcomer("dora")
    bundle = dora.bundle()
    dora.group = scene["anna"].group
    sender = Sender(SenderType.NEW_MEMBER_PROPOSAL)
    raw = dora.frame(Add(bundle.key_package), sender)
    forged = dora.frame(Add(bundle.key_package), sender, signer=scene["bela"].signer)
    refused("message-signature", lambda: scene["bela"].stage(forged))
    refused("proposal-sender", lambda: scene["bela"].stage(dora.frame(Remove(0), sender)))
    scene["anna"].follow(raw)
    scene["bela"].follow(raw)
    pending = scene.commit(scene["bela"])
    dora.join(pending.welcome, bundle)
    scene.players["dora"] = dora
    scene.agree()
    scene.chat()


def test_joiners_send_only_commits() -> None:
    scene = Scene.of("anna", "bela")
    sender = Sender(SenderType.NEW_MEMBER_COMMIT)
    refused("proposal-sender", lambda: scene["bela"].stage(scene["anna"].frame(Remove(1), sender)))
    bare = scene["anna"].forge([], None, sender)
    refused("path-required", lambda: scene["bela"].stage(bare))


def test_what_the_header_announces_is_what_is_inside() -> None:
    """A commit's bytes under the header of an application message."""
    scene = Scene.of("anna", "bela")
    raw = scene["anna"].group.encrypt(b"hello")
    private = parse_private_message(raw)
    assert private.content_type == ContentType.APPLICATION
    place = 4 + 1 + 16 + 8
    assert raw[place] == ContentType.APPLICATION
    for kind in (ContentType.PROPOSAL, ContentType.COMMIT):
        changed = raw[:place] + bytes((kind,)) + raw[place + 1 :]
        with untouched(scene["bela"]), pytest.raises(DecryptionFailed):
            scene["bela"].stage(changed)


def test_encrypted_handshakes_by_somebody_who_is_no_longer_there() -> None:
    scene = Scene.of("anna", "bela", "cora")
    state = scene["cora"].group.state
    content = FramedContent.of(
        scene["cora"].group.group_id, 1, Sender(SenderType.MEMBER, 3), b"", Remove(0)
    )
    context = state.epoch.context.encoded
    signature = sign_content(
        state.epoch.suite, scene["cora"].signer, WireFormat.PRIVATE_MESSAGE, content, context
    )
    forged = protect_private(
        state.epoch.suite,
        state.epoch.secrets.sender_data,
        state.messages,
        AuthenticatedContent(WireFormat.PRIVATE_MESSAGE, content, signature),
    ).to_message()
    with untouched(scene["bela"]):
        refused("sender-leaf", lambda: scene["bela"].stage(forged))


def test_a_staged_proposal_consumes_its_key_when_accepted() -> None:
    scene = Scene.of("anna", "bela")
    raw = scene["anna"].group.propose_update(private=True)
    with untouched(scene["bela"]):
        staged = scene["bela"].stage(raw)
    staged.accept()
    refused("generation-unused", lambda: scene["bela"].stage(raw))
    assert len(scene["bela"].group.proposals) == 1


def test_a_public_proposal_may_arrive_twice() -> None:
    scene = Scene.of("anna", "bela")
    raw = scene["anna"].group.propose_update()
    for _ in range(2):
        scene["bela"].follow(raw)
    scene["anna"].follow(raw)
    assert len(scene["bela"].group.proposals) == len(scene["anna"].group.proposals) == 1


def test_the_number_of_proposals_is_limited() -> None:
    scene = Scene.of("anna", "bela")
    bela = scene["bela"]
    kept = scene["anna"].frame(Remove(1))
    scene["bela"].follow(kept)
    message = next(iter(bela.group.state.proposals.values()))
    for number in range(PROPOSALS_LIMIT):
        bela.group.state.proposals[number.to_bytes(4, "big")] = message
    refused("proposals-limit", lambda: bela.stage(scene["anna"].group.propose_update()))


def test_nothing_follows_the_end() -> None:
    scene = Scene.of("anna", "bela", "cora")
    scene.commit(scene["anna"], reinit=ReInit(b"next", 1, 1, ()), by_reference=False)
    forged = scene["anna"].forge([Remove(2)])
    refused("group-ended", lambda: scene["bela"].stage(forged))


def test_the_own_pending_commit_is_recognised_by_its_bytes() -> None:
    scene = Scene.of("anna", "bela")
    anna = scene["anna"]
    pending = anna.commit(private=True, removes=[1])
    staged = anna.stage(pending.commit)
    assert isinstance(staged, StagedCommit)
    assert staged.is_own
    assert [item.leaf_index for item in staged.removed] == [1]
    pending.drop()
    with pytest.raises(ValidationError):
        anna.stage(pending.commit)
    with pytest.raises(GroupUsageError, match="was dropped"):
        staged.accept()
    anna.commit().accept()
    with pytest.raises(GroupUsageError):
        staged.accept()


def test_a_malformed_key_of_a_sender_is_refused() -> None:
    scene = Scene.of("anna", "bela")
    bundle = scene.newcomer("dora").bundle()
    raw = bundle.key_package.to_bytes().replace(
        b"\x20" + bundle.key_package.leaf_node.signature_key, b"\x01\x07"
    )
    content = FramedContent.of(
        scene["anna"].group.group_id,
        1,
        Sender(SenderType.NEW_MEMBER_PROPOSAL),
        b"",
        Add(KeyPackage.from_bytes(raw)),
    )
    message = PublicMessage(AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content, b"sig"))
    with pytest.raises(KeyRefused):
        scene["bela"].stage(message.to_message())


def test_a_group_is_an_owner() -> None:
    owner: Owner = Scene.of("anna")["anna"].group
    assert owner.state.active
