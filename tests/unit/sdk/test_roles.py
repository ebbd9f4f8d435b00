"""Roles in a group: what admins do, what the others may not, and modified clients.

spec/threats.md names these tests. Where the server refuses a change, it is shown past it: a server
may be in league with who makes it.
"""

import pytest

from cast import Town, expected, message, settled, texts
from crooked import Crooked
from plausch.base.errors import RemoteError
from plausch.mls.credential import PLAUSCH, Credential
from plausch.mls.extension import Extension
from plausch.mls.group import Group, KeyPackageBundle
from plausch.mls.joiner import own_capabilities
from plausch.mls.roles import ROLES, Roles, with_roles
from plausch.mls.suite import MLS_256_XWING
from plausch.sdk import (
    AdminsChanged,
    Client,
    Conversation,
    NotAdmin,
    ProblemFound,
    SdkError,
    ServerRefused,
)
from plausch.sdk.membership import Intent, members_of
from plausch.sdk.roles import admins_in, heir_of, may_administrate, seats_of
from plausch.sdk.vault.outbox import EntryKind
from plausch.wire import frames as f
from unit.sdk.talks import copy_of, core_of, eventually, live_of, publish


async def group_of(client: Client, conversation: Conversation) -> Group:
    live = live_of(client, conversation)
    async with core_of(client).changing(live):
        return copy_of(await core_of(client).group(live))


async def club(town: Town, wire: Crooked) -> tuple[Client, Client, Client, Conversation]:
    """Anna's group with Cem and Ben; she is its admin, and behind the wire."""
    anna = await town.person("anna", url=wire.url)
    cem, ben = await town.people("cem", "ben")
    group = await anna.create_group("Club", ["cem@localhost", "ben@localhost"])
    await group.send_text("hello")
    await texts(cem, 1)
    await texts(ben, 1)
    await settled(anna, cem, ben)
    return anna, cem, ben, group


# --- what admins do --------------------------------------------------------------------------


async def test_who_makes_a_group_is_its_admin(town: Town, wire: Crooked) -> None:
    anna, cem, _, group = await club(town, wire)
    theirs = cem.conversation(group.id)
    assert group.admins == theirs.admins == (anna.address,)
    assert (group.may_administrate, theirs.may_administrate) == (True, False)
    again = await core_of(cem).conversations.get(group.id)
    assert again is not None
    assert again.admins == (anna.address,), "it is in the vault"


async def test_a_direct_conversation_has_no_roles(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    await conversation.ready()
    assert conversation.admins == ()
    assert conversation.may_administrate
    with pytest.raises(SdkError, match="everybody may") as caught:
        await conversation.make_admin("cem@localhost")
    assert caught.value.code == "no_roles"
    assert cem.address in conversation.participants


async def test_admins_are_made_and_dismissed(town: Town, wire: Crooked) -> None:
    anna, cem, ben, group = await club(town, wire)
    news = ben.events()
    await group.make_admin("cem@localhost")
    told = await expected(news, AdminsChanged)
    assert (told.made, told.dismissed, told.by) == ((cem.address,), (), anna.address)
    await settled(anna, cem, ben)
    theirs = cem.conversation(group.id)
    assert theirs.admins == (anna.address, cem.address)
    await theirs.make_admin("anna@localhost", is_admin=False)
    told = await expected(news, AdminsChanged)
    assert (told.made, told.dismissed, told.by) == ((), (anna.address,), cem.address)
    await settled(anna)
    with pytest.raises(NotAdmin, match="ask cem@localhost") as caught:
        await group.make_admin("ben@localhost")
    assert caught.value.code == "not_admin"
    with pytest.raises(SdkError, match="at least") as last:
        await theirs.make_admin("cem@localhost", is_admin=False)
    assert last.value.code == "last_admin"
    with pytest.raises(SdkError, match="not in this conversation"):
        await theirs.make_admin("olga@localhost")
    await theirs.make_admin("cem@localhost")  # is one already: nothing to change


async def test_who_is_no_admin_is_told_so_before_anything_is_sent(
    town: Town, wire: Crooked
) -> None:
    _, cem, ben, group = await club(town, wire)
    await town.person("olga")
    theirs = cem.conversation(group.id)
    with pytest.raises(NotAdmin):
        await theirs.add("olga@localhost")
    with pytest.raises(NotAdmin):
        await theirs.remove("ben@localhost")
    assert ben.address in theirs.participants
    assert await core_of(cem).outbox.of(group.id) == []


async def test_who_was_dismissed_meanwhile_is_told_and_nothing_waits(
    town: Town, wire: Crooked
) -> None:
    """What was asked for while one was an admin is struck when it can be done no more."""
    anna, cem, _, group = await club(town, wire)
    await town.person("olga")
    theirs = cem.conversation(group.id)
    intent = Intent(add=("mimi://localhost/u/olga",))
    with pytest.raises(NotAdmin):
        await theirs._owe(EntryKind.CHANGE, intent.to_bytes())
    with pytest.raises(NotAdmin):
        await theirs._owe(EntryKind.CHANGE, Intent(promote=(cem.address.uri,)).to_bytes())
    await (await theirs.send_text("still here")).accepted()
    assert (await message(anna)).text == "still here"


async def test_who_comes_again_is_no_admin_any_more(town: Town, wire: Crooked) -> None:
    anna, cem, ben, group = await club(town, wire)
    await group.make_admin("cem@localhost")
    await settled(anna, cem, ben)
    await cem.conversation(group.id).leave()
    await eventually(lambda: cem.address not in group.participants)
    assert group.admins == (anna.address,)
    await group.add("cem@localhost")
    await settled(anna, cem)
    assert cem.conversation(group.id).state == "open"
    assert group.admins == cem.conversation(group.id).admins == (anna.address,)


async def test_the_last_admin_that_leaves_makes_another_one(town: Town, wire: Crooked) -> None:
    """Who has been in it the longest: the leftmost leaf."""
    anna, cem, ben, group = await club(town, wire)
    leaves = members_of(core_of(anna), await group_of(anna, group))
    first, second = sorted((cem, ben), key=lambda client: leaves[client.device])
    await group.leave()
    theirs = first.conversation(group.id)
    await eventually(lambda: len(theirs.participants) == 2)
    assert theirs.admins == (first.address,)
    await theirs.remove(second.address)
    await settled(first, second)
    await theirs.leave()  # alone: nobody is left to be one
    assert theirs.state == "left"


async def test_without_an_admin_everybody_may(town: Town, wire: Crooked) -> None:
    """The last admin's client did not name another one."""
    anna, cem, ben, group = await club(town, wire)
    await group._owe(EntryKind.LEAVE, b"")
    theirs = cem.conversation(group.id)
    await eventually(lambda: anna.address not in theirs.participants)
    await settled(cem, ben)
    assert theirs.admins == ()
    assert theirs.may_administrate
    await town.person("olga")
    await theirs.add("olga@localhost")
    await theirs.make_admin("cem@localhost")
    assert theirs.admins == (cem.address,)
    await settled(cem, ben)
    with pytest.raises(NotAdmin):
        await ben.conversation(group.id).remove("olga@localhost")


async def test_a_member_takes_out_who_leaves_and_devices_that_are_gone(
    town: Town, wire: Crooked
) -> None:
    """The admin is away: what everybody may, a member does."""
    anna, cem, ben, group = await club(town, wire)
    theirs = cem.conversation(group.id)
    await anna.close()
    await ben.conversation(group.id).leave()
    await eventually(lambda: ben.address not in theirs.participants)
    await (await theirs.send_text("bye")).accepted()
    assert theirs.admins == (anna.address,)


# --- modified clients ------------------------------------------------------------------------


def show(wire: Crooked, to: Client, where: Conversation, kind: int, raw: bytes, by: Client) -> None:
    """The server puts something into the log that it shows to one device."""
    live = live_of(to, where)
    at = live.kept.cursor + 1
    envelope = f.Envelope(at, live.kept.epoch, kind, 0, by.device.uri, raw, b"")
    wire.push(f.Delivery(where.id, at, [envelope]))


def package_of(client: Client) -> bytes:
    core = core_of(client)
    return KeyPackageBundle.create(
        MLS_256_XWING,
        core.credential,
        core.own.device_key.to_bytes(),
        core.now_s(),
        86_400,
    ).message


async def attack(cem: Client, ben: Client, olga: Client, group: Conversation, what: str) -> Group:
    """Cem's group with a proposal or Commit that he may not make; he is no admin."""
    mine = await group_of(cem, group)
    leaf = members_of(core_of(cem), mine)[ben.device]
    both = with_roles(mine.extensions, Roles.of([cem.address.uri]))
    trust = core_of(cem).trust
    await trust.refresh(olga.address)
    judge, now_s = trust.judge(set()), core_of(cem).now_s()
    if what == "remove":
        mine.commit(judge, now_s, removes=[leaf])
    elif what == "add":
        mine.commit(judge, now_s, adds=[package_of(olga)])
    else:
        mine.commit(judge, now_s, extensions=both)
    return mine


@pytest.mark.parametrize("what", ["remove", "add", "become an admin"])
async def test_a_members_commit_that_is_not_his_to_make_is_refused(
    town: Town, wire: Crooked, what: str
) -> None:
    """By value, shown past the server that would refuse it."""
    anna, cem, ben, group = await club(town, wire)
    olga = await town.person("olga")
    pending = (await attack(cem, ben, olga, group, what)).pending
    assert pending is not None
    events = anna.events()
    show(wire, anna, group, f.COMMIT, pending.commit, cem)
    refused = await expected(events, ProblemFound)
    assert refused.code == "not_admin"
    assert cem.address.uri in refused.sentence
    assert group.participants == (anna.address, ben.address, cem.address)
    assert group.admins == (anna.address,)
    assert any("not an admin" in sentence for sentence in await anna.problems())


@pytest.mark.parametrize("what", ["remove", "add", "become an admin"])
async def test_a_members_proposal_that_is_not_his_to_make_is_committed_by_nobody(
    town: Town, wire: Crooked, what: str
) -> None:
    """By reference: the admin's device does not carry it out, and nobody's Commit may name it."""
    anna, cem, ben, group = await club(town, wire)
    olga = await town.person("olga")
    mine = await group_of(cem, group)
    leaf = members_of(core_of(cem), mine)[ben.device]
    if what == "remove":
        raw = mine.propose_remove(leaf)
    elif what == "add":
        raw = mine.propose_add(package_of(olga))
    else:
        raw = mine.propose_context_extensions(
            with_roles(mine.extensions, Roles.of([anna.address.uri, cem.address.uri]))
        )
    events = anna.events()
    show(wire, anna, group, f.PROPOSAL, raw, cem)
    assert (await expected(events, ProblemFound)).code == "not_admin"
    assert (await group_of(anna, group)).proposals == {}
    theirs = await group_of(ben, group)
    trust, now_s = core_of(ben).trust, core_of(ben).now_s()
    await trust.refresh(olga.address)
    theirs.process(raw, trust.judge(set()), now_s).accept()
    commit = theirs.commit(trust.judge(set()), now_s).commit if what != "remove" else b""
    if commit:
        show(wire, anna, group, f.COMMIT, commit, ben)
        assert (await expected(events, ProblemFound)).code == "proposal-known"
    assert group.participants == (anna.address, ben.address, cem.address)
    assert group.admins == (anna.address,)


async def test_who_is_put_out_by_a_member_stays(town: Town, wire: Crooked) -> None:
    """Anna cannot see where the Commit leads that removes her, and refuses it all the same."""
    cem, ben = await town.people("cem", "ben")
    anna = await town.person("anna", url=wire.url)
    group = await cem.create_group("Club", ["anna@localhost", "ben@localhost"])
    await group.send_text("hello")
    await texts(anna, 1)
    await texts(ben, 1)
    await settled(anna, cem, ben)
    bens = await group_of(ben, group)
    leaf = members_of(core_of(ben), bens)[anna.device]
    raw = bens.commit(core_of(ben).trust.judge(set()), core_of(ben).now_s(), removes=[leaf]).commit
    events = anna.events()
    here = anna.conversation(group.id)
    show(wire, anna, here, f.COMMIT, raw, ben)
    assert (await expected(events, ProblemFound)).code == "not_admin"
    assert here.state == "open"
    await (await here.send_text("still here")).accepted()
    assert (await message(cem)).text == "still here"


async def test_the_server_refuses_it_as_well(town: Town, wire: Crooked) -> None:
    """Else every honest member would be left behind in an epoch that is over."""
    _, cem, ben, group = await club(town, wire)
    mine = await group_of(cem, group)
    leaf = members_of(core_of(cem), mine)[ben.device]
    trust, now_s = core_of(cem).trust, core_of(cem).now_s()
    pending = mine.commit(trust.judge(set()), now_s, removes=[leaf])
    with pytest.raises(ServerRefused) as caught:
        await core_of(cem).transport.ask(
            lambda request_id: f.AppendCommit(
                request_id,
                group.id,
                mine.epoch,
                pending.commit,
                bytes(16),
                pending.group_info,
                b"",
                [],
            ),
            f.Appended,
        )
    assert caught.value.code == "not_admin"


async def test_a_list_that_is_not_known_yet_is_looked_at_before_a_removal_is_refused(
    town: Town, wire: Crooked
) -> None:
    """Ben takes a device of his off his list; Cem's Commit comes before the news of it."""
    anna, cem, ben, group = await club(town, wire)
    wire.to_device = lambda frame: [] if isinstance(frame, f.DeviceListMoved) else [frame]
    await publish(ben, {})
    assert seats_of(core_of(anna), await group_of(anna, group)).accounts
    asked = sum(isinstance(frame, f.GetAccount) for frame in wire.sent)
    mine = await group_of(cem, group)
    leaf = members_of(core_of(cem), mine)[ben.device]
    trust, now_s = core_of(cem).trust, core_of(cem).now_s()
    events = anna.events()
    show(
        wire,
        anna,
        group,
        f.COMMIT,
        mine.commit(trust.judge(set()), now_s, removes=[leaf]).commit,
        cem,
    )
    assert (await expected(events, ProblemFound)).code == "not_admin", "his list still names it"
    assert sum(isinstance(frame, f.GetAccount) for frame in wire.sent) == asked + 1


# --- small things ----------------------------------------------------------------------------


def test_roles_that_cannot_be_read_are_the_other_sides_fault() -> None:
    assert admins_in(()) is None
    for body in (b"", b"\0", Roles(("no uri",)).to_bytes()):
        with pytest.raises(RemoteError) as caught:
            admins_in((Extension(ROLES, body),))
        assert caught.value.code == "bad_roles"


async def test_there_is_an_heir_only_where_one_is_needed(town: Town, wire: Crooked) -> None:
    anna, cem, _, group = await club(town, wire)
    mine = await group_of(anna, group)
    kept, theirs = live_of(anna, group).kept, live_of(cem, group).kept
    assert heir_of(core_of(anna), kept, mine) is not None
    assert heir_of(core_of(cem), theirs, mine) is None
    kept.admins = (anna.address, cem.address)
    assert heir_of(core_of(anna), kept, mine) is None
    assert may_administrate(kept, cem.address)
    kept.admins = None
    assert may_administrate(kept, cem.address)


def test_every_device_says_that_it_knows_roles() -> None:
    assert ROLES in own_capabilities(Credential(PLAUSCH, b"")).extensions
