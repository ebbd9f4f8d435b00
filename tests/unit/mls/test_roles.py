"""Roles: what is written, and what the rule lets whom do; each case by value and by reference."""

import pytest

from plausch.mls.credential import BASIC, Credential, CredentialRefused
from plausch.mls.errors import CodecError, ValidationError
from plausch.mls.extension import Extension, Extensions, find_extension
from plausch.mls.framing import Sender, SenderType, member
from plausch.mls.proposal import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
    Update,
)
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.roles import (
    ADMINS_LIMIT,
    NOT_ADMIN,
    ROLES,
    Roles,
    Seats,
    check_roles,
    may_change,
    roles_of,
    with_roles,
)
from plausch.mls.validation import ListedProposal
from unit.mls.group_players import Judge, Player, Scene, refused

ANNA, BEN, CEM, DORA = "anna", "ben", "cem", "dora"
LEAVES = {0: ANNA, 1: BEN, 2: CEM, 3: CEM}
"""Anna is the admin; Cem has two devices, of which the second is outdated."""
OUTDATED = 3

OTHER = Extension(0xF0FF, b"other")
BEFORE: Extensions = (OTHER, Roles.of([ANNA]).to_extension())


def account_of(credential: Credential) -> str:
    if credential.type == BASIC:
        raise CredentialRefused("no account")
    return credential.body.decode()


SEATS = Seats(LEAVES, account_of, lambda leaf_index: leaf_index == OUTDATED)


def add(name: str) -> Add:
    return Add(Player.make(name, 1, Judge()).bundle().key_package)


def naming(*admins: str) -> GroupContextExtensions:
    return GroupContextExtensions(with_roles(BEFORE, Roles.of(admins)))


def check(
    committer: str,
    *listed: Proposal | ListedProposal,
    before: Extensions = BEFORE,
    seats: Seats = SEATS,
) -> None:
    """By value, unless it is listed already."""
    leaf = next(index for index, name in LEAVES.items() if name == committer)
    items = [
        item if isinstance(item, ListedProposal) else ListedProposal(item, member(leaf))
        for item in listed
    ]
    check_roles(before, seats, committer, items)


def by(leaf: int, proposal: Proposal) -> ListedProposal:
    return ListedProposal(proposal, member(leaf))


# --- what is written -------------------------------------------------------------------------


def test_admins_are_written_in_order_each_once() -> None:
    roles = Roles.of(["b", "ä", "a", "b"])
    assert roles.admins == ("a", "b", "ä")
    assert roles.to_bytes() == bytes.fromhex("07 0161 0162 02c3a4")
    assert Roles.from_bytes(roles.to_bytes()) == roles
    assert roles.to_extension() == Extension(ROLES, roles.to_bytes())


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        ("00", "1 to 100"),
        ("04 0162 0161", "in order"),
        ("04 0161 0161", "in order"),
        ("02 01ff", "UTF-8"),
        ("04 0161 01", "."),
        ("02 0161 00", "."),
        ("", "."),
    ],
)
def test_what_names_no_admins_is_refused(raw: str, match: str) -> None:
    with pytest.raises(CodecError, match=match):
        Roles.from_bytes(bytes.fromhex(raw))


def test_there_are_not_too_many_admins() -> None:
    many = [f"{number:03}" for number in range(ADMINS_LIMIT + 1)]
    assert len(Roles.from_bytes(Roles.of(many[:-1]).to_bytes()).admins) == ADMINS_LIMIT
    refused("roles", lambda: Roles.of(many))
    refused("roles", lambda: Roles.of([]))
    with pytest.raises(CodecError, match="not 101"):
        Roles.from_bytes(Roles(tuple(many)).to_bytes())


def test_roles_stand_among_other_extensions() -> None:
    assert roles_of(()) is None
    assert roles_of((OTHER,)) is None
    after = with_roles(BEFORE, Roles.of([BEN]))
    assert [item.type for item in after] == [OTHER.type, ROLES]
    assert roles_of(after) == Roles((BEN,))
    assert find_extension(after, OTHER.type) == b"other"


def test_who_may() -> None:
    assert may_change(None, [ANNA], BEN)
    assert may_change(Roles.of([ANNA]), [ANNA, BEN], ANNA)
    assert not may_change(Roles.of([ANNA]), [ANNA, BEN], BEN)
    assert may_change(Roles.of([ANNA]), [BEN, CEM], BEN), "no admin is left"


# --- the rule --------------------------------------------------------------------------------

FORBIDDEN = {
    "add": add(DORA),
    "remove": Remove(2),
    "remove an admin": Remove(0),
    "become an admin": naming(ANNA, BEN),
    "dismiss an admin": naming(BEN),
    "other extensions": GroupContextExtensions((*BEFORE, Extension(0xF0FE, b""))),
    "end the group": ReInit(b"next", 1, 1, ()),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_only_admins_may(what: str) -> None:
    proposal = FORBIDDEN[what]
    refused(NOT_ADMIN, lambda: check(BEN, proposal))
    refused(NOT_ADMIN, lambda: check(ANNA, by(1, proposal)))
    if proposal != Remove(0):
        check(ANNA, proposal)
        refused(NOT_ADMIN, lambda: check(BEN, by(0, proposal)))


ALLOWED: dict[str, list[Proposal | ListedProposal]] = {
    "nothing": [],
    "an update of another": [by(2, Update(add(CEM).key_package.leaf_node))],
    "a pre-shared key": [PreSharedKey(PreSharedKeyId.external(b"id", bytes(32)))],
    "a device of one's own": [add(BEN)],
    "a listed device of somebody in it": [add(CEM)],
    "somebody's wish to go": [by(2, Remove(2))],
    "with all devices": [by(2, Remove(2)), Remove(3)],
    "a device that is not listed": [Remove(OUTDATED)],
    "proposed by another": [by(2, Remove(OUTDATED))],
    "a device in exchange for another": [Remove(OUTDATED), add(CEM)],
    "the admin's wish to go": [by(0, Remove(0))],
}


@pytest.mark.parametrize("what", ALLOWED)
def test_everybody_may(what: str) -> None:
    check(BEN, *ALLOWED[what])
    check(BEN, *ALLOWED[what], before=())


def test_an_own_device_is_taken_out_by_its_account() -> None:
    check(CEM, Remove(3))
    seats = Seats(LEAVES, account_of, lambda leaf_index: False)
    check(CEM, Remove(3), seats=seats)
    refused(NOT_ADMIN, lambda: check(BEN, Remove(3), seats=seats))


def test_who_goes_does_not_come_back_by_the_same_commit() -> None:
    refused(NOT_ADMIN, lambda: check(BEN, by(2, Remove(2)), add(CEM)))
    check(ANNA, by(2, Remove(2)), add(CEM))


def test_what_one_device_says_of_another_is_no_wish_to_go() -> None:
    """Ben's proposal about Cem's leaf, and Cem's about Ben's, give nobody leave."""
    refused(NOT_ADMIN, lambda: check(BEN, by(1, Remove(2))))
    refused(NOT_ADMIN, lambda: check(CEM, by(2, Remove(1))))


def test_who_is_outside_may_what_everybody_may() -> None:
    outside = Sender(SenderType.EXTERNAL, 0)
    asking = Sender(SenderType.NEW_MEMBER_PROPOSAL)
    check(BEN, ListedProposal(Remove(OUTDATED), outside))
    refused(NOT_ADMIN, lambda: check(ANNA, ListedProposal(Remove(2), outside)))
    refused(NOT_ADMIN, lambda: check(ANNA, ListedProposal(add(DORA), asking)))


def test_a_device_that_comes_in_by_itself_replaces_its_own_leaf() -> None:
    joining = Sender(SenderType.NEW_MEMBER_COMMIT)
    entries = [ListedProposal(ExternalInit(b"k"), joining), ListedProposal(Remove(1), joining)]
    check_roles(BEFORE, SEATS, BEN, entries)
    refused(NOT_ADMIN, lambda: check_roles(BEFORE, SEATS, CEM, entries))


def test_without_an_admin_everybody_may() -> None:
    orphaned = with_roles(BEFORE, Roles.of([DORA]))
    check(BEN, Remove(2), before=orphaned)
    check(BEN, naming(BEN), before=orphaned)
    check(BEN, add("olga"), before=orphaned)


# --- what a change of roles may look like ----------------------------------------------------


def test_roles_neither_come_nor_go() -> None:
    refused("roles", lambda: check(ANNA, GroupContextExtensions((OTHER,))))
    refused("roles", lambda: check(ANNA, GroupContextExtensions(BEFORE), before=(OTHER,)))
    check(BEN, GroupContextExtensions(()), before=(OTHER,))


def test_admins_are_members() -> None:
    refused("roles", lambda: check(ANNA, naming(ANNA, DORA)))
    check(ANNA, naming(ANNA, DORA), add(DORA))
    refused("roles", lambda: check(ANNA, naming(ANNA, BEN), Remove(1)))
    check(ANNA, naming(ANNA, CEM), Remove(2))


def test_roles_that_stay_may_name_somebody_who_has_left() -> None:
    before = with_roles(BEFORE, Roles.of([ANNA, DORA]))
    check(ANNA, GroupContextExtensions((*before, Extension(0xF0FE, b""))), before=before)


def test_roles_that_nobody_can_read_change_nothing() -> None:
    broken = (Extension(ROLES, b"\0"),)
    with pytest.raises(CodecError):
        check(ANNA, GroupContextExtensions(broken))
    with pytest.raises(CodecError):
        check(ANNA, Remove(1), before=broken)


def test_a_newcomer_without_an_account_is_refused() -> None:
    stranger = Player.make(DORA, 1, Judge())
    bundle = Player(
        DORA, 1, stranger.judge, Credential(BASIC, b"x"), stranger.signer, stranger.signature_key
    ).bundle()
    with pytest.raises(CredentialRefused):
        check(BEN, Add(bundle.key_package))


# --- in a group ------------------------------------------------------------------------------


def test_a_group_carries_its_roles_and_says_what_a_commit_does() -> None:
    scene = Scene.of(ANNA, BEN, CEM, extensions=(Roles.of([ANNA]).to_extension(),))
    assert roles_of(scene[CEM].group.extensions) == Roles((ANNA,))
    proposed = scene[BEN].group.propose_remove(1)
    scene.deliver(scene[BEN], proposed)
    after = with_roles(scene[ANNA].group.extensions, Roles.of([ANNA, CEM]))
    pending = scene[ANNA].commit(extensions=after)
    staged = scene[CEM].stage_commit(pending.commit)
    assert {(type(item.proposal), item.sender) for item in staged.proposals} == {
        (Remove, member(1)),
        (GroupContextExtensions, member(0)),
    }
    assert roles_of(staged.extensions) == Roles((ANNA, CEM))
    gone = scene[BEN].stage_commit(pending.commit)
    assert gone.is_self_removed
    assert gone.proposals == staged.proposals
    with pytest.raises(ValidationError):
        check_roles((), Seats({}, account_of, lambda _: False), ANNA, gone.proposals)
