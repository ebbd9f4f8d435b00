"""What a handshake message says by itself, asked without a database."""

import secrets
from dataclasses import replace

import pytest

from delivery_world import Player, World
from plausch.mls.group import Group
from plausch.server.errors import Refusal
from plausch.server.judging import Before, judge_commit, judge_proposal, read_commit
from plausch.server.limits import Limits
from plausch.server.records import Member
from plausch.server.store.conversation import Standing
from plausch.wire import frames as f
from wire_device import accept_anyone


@pytest.fixture
async def pair(world: World) -> tuple[Player, Player, Group]:
    anna, cem = await world.player("anna"), await world.player("cem")
    return anna, cem, await anna.conversation_with(cem)


def before(group: Group, *players: Player, invited: tuple[Player, ...] = ()) -> Before:
    members = []
    for leaf, one in enumerate(players):
        r = one.record
        members.append(Member(r.key, r.uri, r.account_key, leaf, r.signature_key))
    return Before(
        Standing(1, 1, group.epoch, 1),
        tuple(members),
        group.group_info(),
        {},
        {one.record.uri: one.record for one in invited},
        None,
    )


def proposal(group: Group, raw: bytes) -> f.Append:
    return f.Append(1, group.group_id, group.epoch, f.PROPOSAL, raw, secrets.token_bytes(16))


def test_who_is_there(pair: tuple[Player, Player, Group]) -> None:
    anna, cem, group = pair
    found = before(group, anna, cem)
    assert found.accounts == {anna.record.account_key, cem.record.account_key}
    assert found.keys_by_leaf == {0: anna.record.signature_key, 1: cem.record.signature_key}
    assert [found.leaf_of(key) for key in (anna.record.key, cem.record.key, 99)] == [0, 1, -1]


def test_a_commit_claims_its_members(world: World, pair: tuple[Player, Player, Group]) -> None:
    anna, cem, group = pair
    found = before(group, anna, cem)
    request = anna.commit_request(group, group.commit(accept_anyone, world.now_s))
    commit = read_commit(request, Limits())
    claims = judge_commit(anna.record, request, commit, found, world.now_s)
    assert (claims.committer, claims.leaf_indices, claims.added) == (0, {0, 1}, frozenset())
    assert [one.device for one in claims.leaves] == [anna.record.uri]
    with pytest.raises(Refusal, match="not by the device"):
        judge_commit(cem.record, request, commit, found, world.now_s)


async def test_newcomers_are_those_that_were_looked_up(
    world: World, pair: tuple[Player, Player, Group]
) -> None:
    anna, cem, group = pair
    ela, olga = await world.player("ela"), await world.player("olga")
    found = before(group, anna, cem, invited=(ela,))
    pending = group.commit(accept_anyone, world.now_s, adds=[ela.bundle().message])
    request = anna.commit_request(group, pending, [ela.record.uri])
    commit = read_commit(request, Limits())
    claims = judge_commit(anna.record, request, commit, found, world.now_s)
    assert claims.added == {2}
    for invited in ({}, {olga.record.uri: olga.record}):
        with pytest.raises(Refusal, match="exactly the listed devices"):
            judge_commit(anna.record, request, commit, replace(found, invited=invited), world.now_s)


def test_a_request_that_is_no_commit(pair: tuple[Player, Player, Group]) -> None:
    anna, _, group = pair
    for message, to in (
        (b"", []),
        (group.propose_remove(1), []),
        (group.commit(accept_anyone, anna.world.now_s).commit, ["no device"]),
    ):
        request = f.AppendCommit(1, group.group_id, 1, message, bytes(16), b"", b"", to)
        with pytest.raises(Refusal) as caught:
            read_commit(request, Limits())
        assert caught.value.code == "bad_commit"


async def test_a_proposal_has_a_ref_and_may_name_a_newcomer(
    world: World, pair: tuple[Player, Player, Group]
) -> None:
    anna, cem, group = pair
    found = before(group, anna, cem)
    removal = judge_proposal(anna.record, proposal(group, group.propose_remove(1)), found, 0)
    assert len(removal.ref) == 32
    assert removal.added is None
    ela = await world.player("ela")
    request = proposal(group, group.propose_add(ela.bundle().message))
    addition = judge_proposal(anna.record, request, found, world.now_s)
    assert addition.added is not None
    assert addition.added.device.uri == ela.record.uri
    assert addition.ref != removal.ref
    with pytest.raises(Refusal, match="expired") as caught:
        judge_proposal(anna.record, request, found, world.now_s + 100 * 86_400)
    assert caught.value.code == "bad_proposal"
