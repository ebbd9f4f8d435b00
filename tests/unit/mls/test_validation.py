"""Lists of proposals: each rule of RFC 9420 section 12.2 broken once, and what is applied."""

from dataclasses import replace

import pytest

from plausch.mls.codec import vector
from plausch.mls.errors import CodecError, CredentialRefused
from plausch.mls.extension import EXTERNAL_SENDERS, Extension, ExternalSender, RequiredCapabilities
from plausch.mls.framing import Sender, SenderType, member
from plausch.mls.leaf_node import LeafBinding
from plausch.mls.proposal import (
    Add,
    Commit,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalRef,
    ReInit,
    Remove,
    Update,
)
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.suite import suite
from plausch.mls.validation import (
    ListedProposal,
    ProposalList,
    Surroundings,
    apply_proposals,
    check_alone,
    check_applied,
    check_proposal_sender,
    check_sorted,
    resolve,
    sort_proposals,
)
from unit.mls.group_players import NOW_S, Judge, Player, Scene, refused

ME = member(0)
OUTSIDE = Sender(SenderType.NEW_MEMBER_COMMIT)
PACKAGE = Player.make("dora", 1, Judge()).bundle().key_package
PSK = PreSharedKey(PreSharedKeyId.external(b"id", bytes(32)))
REINIT = ReInit(b"next", 1, 1, ())
CONTEXT = GroupContextExtensions(())


def listed(*proposals: Proposal, sender: Sender = ME) -> list[ListedProposal]:
    return [ListedProposal(item, sender) for item in proposals]


def by_other(proposal: Proposal, leaf: int = 1) -> ListedProposal:
    return ListedProposal(proposal, member(leaf))


UPDATE = Update(PACKAGE.leaf_node)


@pytest.mark.parametrize(
    ("check", "entries"),
    [
        ("update-by-committer", listed(UPDATE)),
        ("update-sender", [ListedProposal(UPDATE, Sender(SenderType.EXTERNAL, 0))]),
        ("remove-of-committer", listed(Remove(0))),
        ("remove-of-committer", [by_other(Remove(0))]),
        ("leaf-touched-once", [*listed(Remove(2)), by_other(Remove(2))]),
        ("leaf-touched-once", [by_other(UPDATE), by_other(UPDATE)]),
        ("leaf-touched-once", [by_other(UPDATE), *listed(Remove(1))]),
        ("add-once", [*listed(Add(PACKAGE)), by_other(Add(PACKAGE))]),
        ("context-extensions-once", listed(CONTEXT, CONTEXT)),
        ("reinit-alone", listed(REINIT, Remove(1))),
        ("reinit-alone", listed(REINIT, REINIT)),
        ("external-init-by-member", listed(ExternalInit(b"k"))),
    ],
)
def test_lists_of_a_member(check: str, entries: list[ListedProposal]) -> None:
    refused(check, lambda: sort_proposals(entries, ME))


INIT = ExternalInit(b"k")


@pytest.mark.parametrize(
    ("check", "proposals"),
    [
        ("external-init-once", []),
        ("external-init-once", [INIT, INIT]),
        ("external-remove-once", [INIT, Remove(0), Remove(1)]),
        ("external-types", [INIT, Add(PACKAGE)]),
        ("external-types", [INIT, CONTEXT]),
        ("reinit-alone", [INIT, REINIT]),
        ("update-sender", [INIT, UPDATE]),
    ],
)
def test_lists_of_a_joiner(check: str, proposals: list[Proposal]) -> None:
    entries = listed(*proposals, sender=OUTSIDE)
    refused(check, lambda: sort_proposals(entries, OUTSIDE))


def test_a_list_is_sorted_by_kind() -> None:
    entries = [*listed(Remove(2), PSK, Add(PACKAGE), CONTEXT), by_other(UPDATE)]
    result = sort_proposals(entries, ME)
    assert result == ProposalList(
        adds=(PACKAGE,),
        updates=((1, PACKAGE.leaf_node),),
        removes=(2,),
        psks=(PSK.psk,),
        extensions=(),
        path_required=True,
    )


@pytest.mark.parametrize(
    ("required", "proposals"),
    [
        (True, []),
        (False, [Add(PACKAGE)]),
        (False, [PSK]),
        (False, [REINIT]),
        (False, [Add(PACKAGE), PSK]),
        (True, [Remove(1)]),
        (True, [CONTEXT]),
        (True, [Add(PACKAGE), Remove(1)]),
    ],
)
def test_when_a_path_is_required(required: bool, proposals: list[Proposal]) -> None:
    """RFC 9420 section 12.4."""
    assert sort_proposals(listed(*proposals), ME).path_required == required


def test_references_are_resolved_with_their_senders() -> None:
    stored = {b"r1": by_other(UPDATE), b"r2": by_other(Remove(3), 2)}
    commit = Commit((ProposalRef(b"r2"), Remove(4), ProposalRef(b"r1")), None)
    assert resolve(commit, ME, stored) == [
        stored[b"r2"],
        ListedProposal(Remove(4), ME),
        stored[b"r1"],
    ]
    twice = Commit((ProposalRef(b"r1"), ProposalRef(b"r1")), None)
    refused("proposal-once", lambda: resolve(twice, ME, stored))
    unknown = Commit((ProposalRef(b"r3"),), None)
    refused("proposal-known", lambda: resolve(unknown, ME, stored))
    refused("external-by-value", lambda: resolve(commit, OUTSIDE, stored))


@pytest.mark.parametrize("sender", [ME, OUTSIDE, Sender(SenderType.EXTERNAL, 0)])
def test_who_may_propose_what(sender: Sender) -> None:
    everything = [Add(PACKAGE), UPDATE, Remove(1), PSK, REINIT, INIT, CONTEXT]
    allowed = {
        SenderType.MEMBER: {1, 2, 3, 4, 5, 7},
        SenderType.EXTERNAL: {1, 3, 4, 5, 7},
        SenderType.NEW_MEMBER_COMMIT: set(),
    }[sender.type]
    for proposal in everything:
        if proposal.type in allowed:
            check_proposal_sender(proposal, sender)
        else:
            refused(
                "proposal-sender",
                lambda proposal=proposal: check_proposal_sender(proposal, sender),
            )
    check_proposal_sender(Add(PACKAGE), Sender(SenderType.NEW_MEMBER_PROPOSAL))


def stage() -> tuple[Scene, Surroundings]:
    scene = Scene.of("anna", "bela", "cora")
    epoch = scene["anna"].group.state.epoch
    return scene, Surroundings(epoch.suite, epoch.context, epoch.tree, scene.judge, NOW_S)


def test_each_proposal_is_checked() -> None:
    scene, around = stage()
    bela = scene["bela"]
    leaf = bela.group.state.epoch.leaf(1)
    stale = replace(leaf.content(), lifetime=None).sign(
        suite(1), bela.signer, LeafBinding(bela.group.group_id, 1)
    )
    refused("update-fresh-key", lambda: check_alone(Update(stale), member(1), around))
    refused("remove-member", lambda: check_alone(Remove(3), ME, around))
    refused("reinit-version", lambda: check_alone(ReInit(b"n", 0, 1, ()), ME, around))
    refused(
        "psk-nonce",
        lambda: check_alone(PreSharedKey(PreSharedKeyId.external(b"id", b"n")), ME, around),
    )
    with pytest.raises(CredentialRefused):
        check_alone(Add(PACKAGE), ME, around)
    refused("leaf-source", lambda: check_alone(UPDATE, member(1), around))


def test_an_update_with_a_fresh_key_for_its_own_place() -> None:
    scene, around = stage()
    bela = scene["bela"]
    crypto = suite(1)
    content = replace(
        bela.group.state.epoch.leaf(1).content(),
        lifetime=None,
        encryption_key=crypto.kem_generate()[1],
    )
    good = content.sign(crypto, bela.signer, LeafBinding(bela.group.group_id, 1))
    check_alone(Update(good), member(1), around)
    for binding in (LeafBinding(bela.group.group_id, 2), LeafBinding(b"other", 1)):
        moved = content.sign(crypto, bela.signer, binding)
        refused("leaf-signature", lambda moved=moved: check_alone(Update(moved), member(1), around))


def test_new_context_extensions_bind_everybody() -> None:
    scene, around = stage()
    unknown = GroupContextExtensions((Extension(0xF0F0, b""),))
    refused("leaf-context-extensions", lambda: check_alone(unknown, ME, around))
    demanding = RequiredCapabilities(extensions=(0xF0F0,)).to_extension()
    refused(
        "leaf-required-capabilities",
        lambda: check_alone(GroupContextExtensions((demanding,)), ME, around),
    )
    broken = GroupContextExtensions((Extension(EXTERNAL_SENDERS, b"\5junk"),))
    with pytest.raises(CodecError):
        check_alone(broken, ME, around)
    stranger = Player.make("stranger", 1, Judge())
    body = vector([ExternalSender(stranger.signature_key, stranger.credential).to_bytes()])
    foreign = GroupContextExtensions((Extension(EXTERNAL_SENDERS, body),))
    with pytest.raises(CredentialRefused):
        check_alone(foreign, ME, around)
    scene.judge.learn(stranger.credential, stranger.signature_key)
    check_alone(foreign, ME, around)


def test_adds_meet_the_demands_that_the_same_commit_brings() -> None:
    scene, around = stage()
    package = scene.newcomer("emil").bundle().key_package
    demanding = (RequiredCapabilities(extensions=(0xF0F0,)).to_extension(),)
    result = ProposalList(adds=(package,), extensions=demanding)
    refused("leaf-required-capabilities", lambda: check_sorted(result, around))


def test_proposals_take_effect_on_a_copy() -> None:
    scene, around = stage()
    package = scene.newcomer("emil").bundle().key_package
    before = around.tree.to_bytes()
    result = ProposalList(adds=(package,), removes=(1,), extensions=(Extension(1, b"x"),))
    applied = apply_proposals(around.tree, (), result)
    assert around.tree.to_bytes() == before
    assert applied.added == ((1, package),)
    assert applied.unpathed == {1}
    assert applied.removed == (1,)
    assert applied.extensions == (Extension(1, b"x"),)
    assert applied.tree.leaf(1) == package.leaf_node
    check_applied(suite(1), applied, context_changed=False)
    kept = apply_proposals(around.tree, (Extension(2, b"y"),), ProposalList())
    assert kept.extensions == (Extension(2, b"y"),)
    assert kept.tree.to_bytes() == before


def test_members_are_compared_after_all() -> None:
    scene, around = stage()
    again = scene["bela"].bundle().key_package
    applied = apply_proposals(around.tree, (), ProposalList(adds=(again,)))
    refused("leaf-unique-signature-key", lambda: check_applied(suite(1), applied, False))
    replaced = apply_proposals(around.tree, (), ProposalList(adds=(again,), removes=(1,)))
    check_applied(suite(1), replaced, True)
