"""Who is a member after a Commit, by the server's rules."""

from collections.abc import Sequence

import pytest

from plausch.server.errors import Refusal
from plausch.server.leaves import certificate_of
from plausch.server.limits import Limits
from plausch.server.membership import Change, ClaimedLeaf, Claims, judge_addition, judge_change
from plausch.server.records import DeviceRecord, Member
from wire_device import Person

NOW_S = 1_800_000_000
KINDS = {"anna": "person", "cem": "person", "linde": "business", "ela": "person"}
PEOPLE = {name: Person.new(name, "localhost", NOW_S) for name in KINDS}
RECORDS = {
    name: DeviceRecord(
        number,
        person.device.uri,
        100 + number,
        name,
        KINDS[name],
        person.key.public,
        person.identity.public,
    )
    for number, (name, person) in enumerate(PEOPLE.items(), 1)
}
LISTED = {one.uri: one for one in RECORDS.values()}


def member(name: str, leaf: int) -> Member:
    one = RECORDS[name]
    return Member(one.key, one.uri, one.account_key, leaf, one.signature_key)


def leaf(name: str, place: int) -> ClaimedLeaf:
    person = PEOPLE[name]
    return ClaimedLeaf(place, certificate_of(person.credential, person.key.public, NOW_S))


def judge(
    before: Sequence[Member],
    after: set[int],
    leaves: Sequence[ClaimedLeaf],
    *,
    committer: str = "anna",
    place: int = 0,
    added: Sequence[int] = (),
    welcome_to: Sequence[str] | None = None,
    limits: Limits | None = None,
) -> Change:
    names = {one.leaf_index: one.device for one in leaves}
    to = [names[one] for one in added] if welcome_to is None else list(welcome_to)
    claims = Claims(frozenset(after), tuple(leaves), place, frozenset(added), False, tuple(to))
    return judge_change(claims, before, LISTED, RECORDS[committer], limits or Limits())


def test_adding_and_removing() -> None:
    before = [member("anna", 0), member("cem", 1)]
    change = judge(before, {0, 2}, [leaf("anna", 0), leaf("ela", 2)], added=[2])
    assert change.after == (member("anna", 0), member("ela", 2))
    assert change.come == change.welcomed == (member("ela", 2),)
    assert change.gone == (member("cem", 1),)
    assert change.moved == ()


def test_an_update_changes_nobody() -> None:
    before = [member("anna", 0), member("cem", 1)]
    change = judge(before, {0, 1}, [leaf("anna", 0)])
    assert change.after == tuple(before)
    assert change.come == change.gone == change.moved == change.welcomed == ()


def test_a_device_that_takes_another_leaf_has_moved() -> None:
    before = [member("cem", 0), member("anna", 1)]
    change = judge(before, {0, 2}, [leaf("anna", 2)], place=2)
    assert change.moved == (member("anna", 2),)
    assert change.gone == change.come == ()


@pytest.mark.parametrize(
    ("after", "leaves", "added", "reason"),
    [
        ({0, 1}, [leaf("cem", 0)], [], "committer's leaf"),
        ({0, 1}, [leaf("anna", 0), leaf("ela", 1)], [], "change its owner"),
        ({0, 1, 2}, [leaf("anna", 0), leaf("cem", 2)], [2], "member twice"),
    ],
)
def test_leaves_stay_with_their_devices(
    after: set[int], leaves: list[ClaimedLeaf], added: list[int], reason: str
) -> None:
    before = [member("anna", 0), member("cem", 1)]
    with pytest.raises(Refusal, match=reason) as caught:
        judge(before, after, leaves, added=added)
    assert caught.value.code == "bad_commit"


def test_an_unlisted_device_cannot_come() -> None:
    stranger = Person.new("mallory", "localhost", NOW_S)
    foreign = ClaimedLeaf(1, certificate_of(stranger.credential, stranger.key.public, NOW_S))
    with pytest.raises(Refusal, match="not a listed device"):
        judge([member("anna", 0)], {0, 1}, [leaf("anna", 0), foreign], added=[1])


@pytest.mark.parametrize("welcome_to", [[], ["cem"], ["ela", "ela"], ["ela", "cem"]])
def test_the_welcome_is_for_exactly_those_who_are_added(welcome_to: list[str]) -> None:
    uris = [RECORDS[name].uri for name in welcome_to]
    with pytest.raises(Refusal, match="Welcome"):
        judge(
            [member("anna", 0)],
            {0, 1},
            [leaf("anna", 0), leaf("ela", 1)],
            added=[1],
            welcome_to=uris,
        )


def test_a_business_adds_no_person_who_did_not_come_by_itself() -> None:
    before = [member("linde", 0), member("cem", 1)]
    leaves = [leaf("linde", 0), leaf("ela", 2)]
    with pytest.raises(Refusal) as caught:
        judge(before, {0, 1, 2}, leaves, committer="linde", added=[2])
    assert caught.value.code == "not_allowed"
    both = [member("anna", 0), member("linde", 1)]
    judge(both, {0, 1, 2}, [leaf("anna", 0), leaf("ela", 2)], added=[2])


def test_participants_are_limited() -> None:
    leaves = [leaf("anna", 0), leaf("ela", 1)]
    with pytest.raises(Refusal) as caught:
        judge(
            [member("anna", 0)],
            {0, 1},
            leaves,
            added=[1],
            limits=Limits(participants_per_conversation=1),
        )
    assert caught.value.code == "too_many_participants"


def test_who_may_propose_to_add_whom() -> None:
    def propose(sender: str, newcomer: str, known: DeviceRecord | None = None) -> None:
        participants = {RECORDS["linde"].account_key, RECORDS["anna"].account_key}
        judge_addition(
            leaf(newcomer, 0).certificate,
            known or RECORDS[newcomer],
            participants,
            RECORDS[sender],
        )

    propose("anna", "ela")
    propose("linde", "anna")
    with pytest.raises(Refusal) as caught:
        propose("linde", "ela")
    assert caught.value.code == "not_allowed"
    with pytest.raises(Refusal, match="other keys") as caught:
        propose("anna", "ela", RECORDS["cem"])
    assert caught.value.code == "bad_proposal"
