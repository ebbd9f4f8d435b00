"""The delivery service's view: it follows a group's whole life without a secret."""

import subprocess
import sys
from dataclasses import replace

import pytest

from plausch.mls.codec import vector
from plausch.mls.errors import CodecError, ProtocolError, ValidationError
from plausch.mls.extension import EXTERNAL_SENDERS, RATCHET_TREE, Extension, ExternalSender
from plausch.mls.framing import Sender, SenderType, header, parse_public_message
from plausch.mls.group import external_join
from plausch.mls.group_info import GroupInfo, parse_group_info
from plausch.mls.handshake import (
    Effect,
    ExpectedMembers,
    PublicCommit,
    PublicEpoch,
    check_first_group_info,
    check_next_group_info,
    check_proposal,
    check_stored_group_info,
    effect,
    expected_members,
    parse_commit,
    parse_proposal,
    verify_commit,
)
from plausch.mls.leaf_node import LeafBinding
from plausch.mls.proposal import Add, ExternalInit, ProposalRef, Remove
from plausch.mls.suite import suite
from plausch.mls.validation import ListedProposal
from unit.mls.group_players import (
    GROUP_ID,
    NOW_S,
    Player,
    Scene,
    refused,
    welcome_anybody,
)


class Server:
    """What a delivery service keeps: current GroupInfo, members' keys, this epoch's proposals."""

    def __init__(self, first: bytes) -> None:
        self.take(check_first_group_info(first))

    def take(self, epoch: PublicEpoch) -> None:
        self.group_info: GroupInfo = epoch.group_info
        self.keys = {item.leaf_index: item.signature_key for item in epoch.members}
        self.proposals: dict[bytes, ListedProposal] = {}

    def propose(self, raw: bytes) -> None:
        proposal = parse_proposal(raw)
        key = self.keys[proposal.sender.index]
        context = self.group_info.group_context
        check_proposal(proposal, context, key)
        self.proposals[proposal.reference(context.cipher_suite)] = proposal.listed

    def judge(self, raw: bytes) -> tuple[PublicCommit, Effect, ExpectedMembers]:
        commit = parse_commit(raw)
        key = self.keys.get(commit.sender.index, b"")
        if commit.is_external:
            assert commit.path_leaf is not None
            key = commit.path_leaf.signature_key
        verify_commit(commit, self.group_info.group_context, key)
        result = effect(commit, self.proposals)
        return commit, result, expected_members(self.keys, commit, result)

    def commit(self, raw: bytes, group_info: bytes) -> Effect:
        commit, result, expected = self.judge(raw)
        self.take(check_next_group_info(group_info, self.group_info, commit, expected))
        return result


def follow(server: Server, scene: Scene, player: Player, **changes: object) -> Effect:
    """A commit through the server to everybody."""
    pending = player.commit(**changes)
    result = server.commit(pending.commit, pending.group_info)
    scene.deliver(player, pending.commit)
    pending.accept()
    return result


@pytest.mark.parametrize("suite_id", [1, 2, 0xF00D])
def test_the_server_follows_a_groups_life(suite_id: int) -> None:
    scene = Scene.of("anna", suite_id=suite_id)
    anna = scene["anna"]
    server = Server(anna.group.group_info())
    newcomers = [scene.newcomer(name) for name in ("bela", "cora", "dora")]
    bundles = [one.bundle() for one in newcomers]
    pending = anna.commit(adds=[item.message for item in bundles])
    result = server.commit(pending.commit, pending.group_info)
    assert [item.to_bytes() for item in result.added] == [
        item.key_package.to_bytes() for item in bundles
    ]
    pending.accept()
    for one, bundle in zip(newcomers, bundles, strict=True):
        one.join(pending.welcome, bundle)
        scene.players[one.name] = one
    assert server.keys == {place: one.signature_key for place, one in enumerate([anna, *newcomers])}
    follow(server, scene, scene["cora"])
    raw = scene["bela"].group.propose_update(identity=scene["bela"].new_identity())
    server.propose(raw)
    scene.deliver(scene["bela"], raw)
    raw = scene["dora"].group.propose_remove(3)
    server.propose(raw)
    scene.deliver(scene["dora"], raw)
    result = follow(server, scene, anna)
    assert result.removed == (3,)
    assert [place for place, _ in result.updated] == [1]
    del scene.players["dora"]
    scene.agree()
    assert server.keys == {item.leaf_index: item.signature_key for item in anna.group.members()}
    joiner = scene.newcomer("emil")
    joining = external_join(
        anna.group.group_info(), joiner.credential, joiner.signer, scene.judge, NOW_S
    )
    result = server.commit(joining.commit, joining.group_info)
    assert result.joiner is not None
    assert result.joiner.credential == joiner.credential
    assert server.keys[3] == joiner.signature_key


def test_a_resync_takes_the_leftmost_free_leaf() -> None:
    scene = Scene.of("anna", "bela", "cora")
    server = Server(Scene.of("other")["other"].group.group_info())
    server.take(check_stored_group_info(scene["anna"].group.group_info()))
    bela = scene["bela"]
    joining = external_join(
        scene["anna"].group.group_info(),
        bela.credential,
        bela.signer,
        scene.judge,
        NOW_S,
        resync_leaf=1,
    )
    commit, result, expected = server.judge(joining.commit)
    assert commit.is_external
    assert commit.has_path
    assert (result.removed, expected.committer) == ((1,), 1)
    server.commit(joining.commit, joining.group_info)
    for name in ("anna", "cora"):
        scene[name].follow(joining.commit, allow_external=welcome_anybody)


def stage() -> tuple[Scene, Server]:
    """Three members, and a server that knows their epoch."""
    scene = Scene.of("anna", "bela", "cora")
    server = Server(Scene.of("other")["other"].group.group_info())
    server.take(check_stored_group_info(scene["anna"].group.group_info()))
    return scene, server


def test_commits_that_are_none() -> None:
    scene, _ = stage()
    refused("commit-content", lambda: parse_commit(scene["anna"].frame(Remove(1))))
    refused("proposal-content", lambda: parse_proposal(scene["anna"].forge([])))
    for raw in (b"", b"\0\1", scene["anna"].group.encrypt(b"x"), scene["anna"].group.group_info()):
        with pytest.raises(CodecError):
            parse_commit(raw)
        with pytest.raises(CodecError):
            parse_proposal(raw)
    external = scene["anna"].forge([], sender=Sender(SenderType.EXTERNAL, 0))
    refused("commit-sender", lambda: parse_commit(external))


def test_wrong_epoch_group_or_signature() -> None:
    scene, server = stage()
    anna, context = scene["anna"], server.group_info.group_context
    commit = parse_commit(anna.commit().commit)
    refused("epoch", lambda: verify_commit(commit, replace(context, epoch=9), anna.signature_key))
    other = replace(context, group_id=b"x")
    refused("group-id", lambda: verify_commit(commit, other, anna.signature_key))
    refused(
        "message-signature",
        lambda: verify_commit(commit, context, scene["bela"].signature_key),
    )
    moved = replace(commit, sender=Sender(SenderType.MEMBER, 1))
    refused("leaf-signature", lambda: verify_commit(moved, context, anna.signature_key))
    proposal = parse_proposal(anna.group.propose_update())
    check_proposal(proposal, context, anna.signature_key)
    refused(
        "message-signature",
        lambda: check_proposal(proposal, context, scene["bela"].signature_key),
    )
    refused(
        "epoch", lambda: check_proposal(proposal, replace(context, epoch=0), anna.signature_key)
    )


def test_proposals_by_senders_who_may_not() -> None:
    scene, server = stage()
    context = server.group_info.group_context
    bundle = scene.newcomer("dora").bundle()
    cases = [
        (ExternalInit(b"x"), Sender(SenderType.MEMBER, 0)),
        (ExternalInit(b"x"), Sender(SenderType.EXTERNAL, 0)),
        (Remove(1), Sender(SenderType.NEW_MEMBER_PROPOSAL)),
        (Add(bundle.key_package), Sender(SenderType.NEW_MEMBER_COMMIT)),
    ]
    for body, sender in cases:
        proposal = parse_proposal(scene["anna"].frame(body, sender))
        refused(
            "proposal-sender",
            lambda proposal=proposal: check_proposal(
                proposal, context, scene["anna"].signature_key
            ),
        )


def test_lists_of_proposals_that_may_not_stand_together() -> None:
    scene, server = stage()
    anna = scene["anna"]
    bundle = scene.newcomer("dora").bundle()
    cases = [
        ("remove-of-committer", [Remove(0)]),
        ("leaf-touched-once", [Remove(1), Remove(1)]),
        ("add-once", [Add(bundle.key_package), Add(bundle.key_package)]),
        ("proposal-known", [ProposalRef(b"?" * 32)]),
        ("path-required", [Remove(1)]),
        ("path-required", []),
    ]
    for check, proposals in cases:
        commit = parse_commit(anna.forge(proposals))
        refused(check, lambda commit=commit: effect(commit, server.proposals))


def test_members_that_do_not_come_out() -> None:
    scene, server = stage()
    pending = scene["anna"].commit(removes=[2], adds=[scene.newcomer("dora").bundle().message])
    commit, result, expected = server.judge(pending.commit)
    assert expected.added == (2,)
    assert sorted(expected.leaf_nodes) == [0, 2]
    without = {place: key for place, key in server.keys.items() if place != 2}
    refused("remove-member", lambda: expected_members(without, commit, result))
    blank = replace(commit, sender=Sender(SenderType.MEMBER, 7))
    refused("sender-leaf", lambda: expected_members(server.keys, blank, result))
    doubled = {**server.keys, 1: scene["anna"].signature_key}
    refused("leaf-unique-signature-key", lambda: expected_members(doubled, commit, result))


def test_an_update_of_a_blank_leaf_does_not_come_out() -> None:
    scene, server = stage()
    raw = scene["bela"].group.propose_update()
    server.propose(raw)
    scene.deliver(scene["bela"], raw)
    commit, result, _ = server.judge(scene["anna"].commit().commit)
    del server.keys[1]
    refused("sender-leaf", lambda: expected_members(server.keys, commit, result))


def test_a_next_group_info_must_follow_from_the_commit() -> None:
    scene, server = stage()
    anna, bela = scene["anna"], scene["bela"]
    pending = anna.commit(removes=[2])
    commit, _, expected = server.judge(pending.commit)
    current = server.group_info
    honest = parse_group_info(pending.group_info)
    after = anna.group.state.pending.following.epoch

    def signed(changed: GroupInfo, signer: bytes = anna.signer) -> bytes:
        return changed.signed(after.suite, signer).to_message()

    def attempt(raw: bytes) -> PublicEpoch:
        return check_next_group_info(raw, current, commit, expected)

    assert attempt(pending.group_info).context.epoch == current.group_context.epoch + 1
    context = honest.group_context
    cases = [
        ("next-group", replace(context, epoch=context.epoch + 1)),
        ("next-group", replace(context, group_id=b"elsewhere")),
        ("next-group", replace(context, cipher_suite=3)),
        ("next-transcript", replace(context, confirmed_transcript_hash=bytes(32))),
        ("tree-hash", replace(context, tree_hash=bytes(32))),
    ]
    for check, changed in cases:
        raw = signed(replace(honest, group_context=changed))
        refused(check, lambda raw=raw: attempt(raw))
    refused("next-signer", lambda: attempt(signed(replace(honest, signer=1), bela.signer)))
    refused("next-confirmation", lambda: attempt(signed(replace(honest, confirmation_tag=b"x"))))
    refused("group-info-signature", lambda: attempt(signed(honest, bela.signer)))
    refused("group-info-tree", lambda: attempt(signed(replace(honest, extensions=()))))
    keys = {**expected.signature_keys, 9: b"x"}
    wrong = replace(expected, signature_keys=keys)
    refused(
        "next-members",
        lambda: check_next_group_info(pending.group_info, current, commit, wrong),
    )
    moved = replace(expected, leaf_nodes={1: expected.leaf_nodes[0]})
    refused(
        "next-members",
        lambda: check_next_group_info(pending.group_info, current, commit, moved),
    )


def test_extensions_and_tree_must_follow_from_the_commit() -> None:
    """With wrong ones stored, the signature of every later Commit would seem wrong."""
    scene, server = stage()
    anna = scene["anna"]
    pending = anna.commit()
    commit, _, expected = server.judge(pending.commit)
    honest = parse_group_info(pending.group_info)
    tree = anna.group.state.pending.following.epoch.tree.copy()

    def attempt(changed: GroupInfo) -> PublicEpoch:
        raw = changed.signed(tree.suite, anna.signer).to_message()
        return check_next_group_info(raw, server.group_info, commit, expected)

    extended = replace(honest.group_context, extensions=(Extension(0x5A5A, b""),))
    refused("next-extensions", lambda: attempt(replace(honest, group_context=extended)))
    leaf = tree.leaf(1)
    assert leaf is not None
    tree.update_leaf(1, leaf)
    blanked = replace(
        honest,
        group_context=replace(honest.group_context, tree_hash=tree.tree_hash()),
        extensions=(Extension(RATCHET_TREE, tree.to_bytes()),),
    )
    refused("next-tree", lambda: attempt(blanked))
    attempt(honest)


def test_new_extensions_are_those_of_the_commit() -> None:
    scene, server = stage()
    follow(server, scene, scene["anna"], extensions=(Extension(0x5A5A, b"new"),))
    assert server.group_info.group_context.extensions == (Extension(0x5A5A, b"new"),)
    follow(server, scene, scene["bela"])


def test_a_path_that_no_member_would_accept() -> None:
    scene, server = stage()
    pending = scene["anna"].commit()
    commit, _, expected = server.judge(pending.commit)
    path = commit.commit.path
    assert path is not None
    *first, last = path.nodes
    cases = {
        "path-length": path.nodes[1:],
        "path-ciphertexts": (*first, replace(last, encrypted_path_secret=())),
        "path-usable-keys": (*first, replace(last, encryption_key=b"none")),
    }
    for check, nodes in cases.items():
        lying = replace(commit, commit=replace(commit.commit, path=replace(path, nodes=nodes)))
        refused(
            check,
            lambda lying=lying: check_next_group_info(
                pending.group_info, server.group_info, lying, expected
            ),
        )


def test_a_joiners_leaf_is_signed_for_its_place() -> None:
    scene, server = stage()
    joiner = scene.newcomer("emil")
    raw = scene["anna"].group.group_info()
    joining = external_join(raw, joiner.credential, joiner.signer, scene.judge, NOW_S)
    commit, _, expected = server.judge(joining.commit)
    path = commit.commit.path
    assert path is not None
    place = LeafBinding(GROUP_ID, expected.committer + 1)
    moved = replace(path, leaf_node=path.leaf_node.content().sign(suite(1), joiner.signer, place))
    lying = replace(commit, commit=replace(commit.commit, path=moved))
    refused(
        "leaf-signature",
        lambda: check_next_group_info(joining.group_info, server.group_info, lying, expected),
    )
    check_next_group_info(joining.group_info, server.group_info, commit, expected)


def test_a_group_info_of_another_commit_does_not_follow() -> None:
    scene, server = stage()
    anna = scene["anna"]
    one = anna.commit()
    commit, _, expected = server.judge(one.commit)
    one.drop()
    two = anna.commit()
    refused(
        "next-transcript",
        lambda: check_next_group_info(two.group_info, server.group_info, commit, expected),
    )


def test_first_group_infos() -> None:
    scene, server = stage()
    group = scene["anna"].group
    refused("epoch", lambda: check_first_group_info(group.group_info()))
    refused("group-info-tree", lambda: check_stored_group_info(group.group_info(with_tree=False)))
    nobody = replace(server.group_info, signer=3)
    refused("group-info-signer", lambda: check_stored_group_info(nobody.to_message()))
    epoch = check_stored_group_info(group.group_info())
    assert epoch.context.group_id == GROUP_ID
    assert [item.signature_key for item in epoch.members] == [
        item.signature_key for item in group.members()
    ]


def test_no_byte_of_a_commit_can_change_unnoticed_but_the_members_own() -> None:
    """The server cannot check the two tags that only members can; everything else it refuses."""
    scene, server = stage()
    pending = scene["anna"].commit(adds=[scene.newcomer("dora").bundle().message])
    raw = pending.commit
    tags = 2 * 33
    for place in range(len(raw) - tags):
        changed = raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :]
        with pytest.raises((ProtocolError, KeyError)):
            server.judge(changed)
    for place in range(len(raw) - tags, len(raw) - 33):
        changed = raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :]
        with pytest.raises(ProtocolError):
            server.commit(changed, pending.group_info)


def test_an_external_sender_proposes_a_removal() -> None:
    """How the delivery service asks members to remove a device (RFC 9420 section 12.1.8.1)."""
    scene = Scene.of("anna", "bela", "cora")
    office = scene.newcomer("server")
    extension = Extension(
        EXTERNAL_SENDERS,
        vector([ExternalSender(office.signature_key, office.credential).to_bytes()]),
    )
    scene.commit(scene["anna"], extensions=(extension,))
    office.group = scene["anna"].group
    raw = office.frame(Remove(2), Sender(SenderType.EXTERNAL, 0))
    context = scene["anna"].group.context
    check_proposal(parse_proposal(raw), context, office.signature_key)
    for name in ("anna", "bela", "cora"):
        scene[name].follow(raw)
    pending = scene["bela"].commit()
    result = effect(
        parse_commit(pending.commit), {parse_proposal(raw).reference(1): parse_proposal(raw).listed}
    )
    assert result.removed == (2,)
    scene["anna"].follow(pending.commit)
    assert scene["cora"].stage_commit(pending.commit).is_self_removed
    pending.accept()
    unknown = office.frame(Remove(1), Sender(SenderType.EXTERNAL, 3))
    with pytest.raises(ValidationError):
        scene["anna"].stage(unknown)


def test_headers_are_read_without_the_rest() -> None:
    scene, _ = stage()
    anna = scene["anna"]
    raw = anna.group.encrypt(b"secret")
    seen = header(raw[:40])
    assert (seen.group_id, seen.epoch, seen.sender) == (GROUP_ID, 1, None)
    public = header(anna.commit().commit)
    assert public.sender == Sender(SenderType.MEMBER, 0)
    assert isinstance(
        parse_public_message(anna.frame(Remove(1))).authenticated.content.body, Remove
    )


def test_it_loads_nothing_that_could_hold_a_secret() -> None:
    """Measured in a fresh interpreter: the server's half and what it brings along."""
    blind = "handshake framing key_package validation ratchet_tree group_info"
    program = (
        "import sys\n"
        + "".join(f"import plausch.mls.{name}\n" for name in blind.split())
        + "print(*sorted(n for n in sys.modules if n.startswith('plausch.mls.')))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.removeprefix("plausch.mls.") for name in answer.stdout.split()}
    secret = "group sending view epoch process commit external join joiner welcome psk saved past "
    secret += "receive staged key_schedule secret_tree protection tree_kem"
    assert loaded.isdisjoint(secret.split())
    assert "handshake" in loaded
