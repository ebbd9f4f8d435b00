"""Commits: ours at their place in the log, those of others by the rules, tidying in turn."""

import asyncio
from dataclasses import replace

import pytest

from cast import PATIENCE_S, Town, event, expected, history, message, settled, texts, until
from crooked import Crooked, honest, willing
from plausch.base.ids import DeviceAddress
from plausch.mls.commit import Identity
from plausch.mls.credential import PLAUSCH, Credential
from plausch.mls.framing import (
    AuthenticatedContent,
    FramedContent,
    Sender,
    SenderType,
    WireFormat,
)
from plausch.mls.group import Group, KeyPackageBundle, external_join
from plausch.mls.key_package import parse_key_package
from plausch.mls.leaf_node import MLS10
from plausch.mls.proposal import Add, ReInit
from plausch.mls.protection import protect_public, sign_content
from plausch.sdk import (
    Client,
    ConversationLeft,
    NotParticipant,
    ParticipantsChanged,
    ProblemFound,
)
from plausch.sdk.conversation import Conversation
from plausch.sdk.epochs import LONGEST_TURN_S, TURN_S, Epochs
from plausch.sdk.membership import members_of
from plausch.sdk.vault.outbox import EntryKind
from plausch.wire import frames as f
from unit.sdk.talks import (
    anna_and_cem,
    append,
    codes,
    copy_of,
    core_of,
    eventually,
    greetings_over,
    live_of,
    publish,
    second_device,
    withheld,
)


def epochs_of(client: Client) -> Epochs:
    return client._device.epochs


async def group_of(client: Client, conversation: Conversation) -> Group:
    live = live_of(client, conversation)
    async with core_of(client).changing(live):
        return copy_of(await core_of(client).group(live))


async def three(town: Town, wire: Crooked) -> tuple[Client, Client, Client, Conversation]:
    """Anna's group with Cem and Ben; she is behind the wire."""
    anna = await town.person("anna", url=wire.url)
    cem, ben = await town.people("cem", "ben")
    group = await anna.create_group("Club", ["cem@localhost", "ben@localhost"])
    await group.send_text("hello")
    await texts(cem, 1)
    await texts(ben, 1)
    await settled(anna, cem, ben)
    return anna, cem, ben, group


async def at_the_door(town: Town, wire: Crooked) -> tuple[Client, Client, Conversation, Client]:
    """Anna, Ben, their group, and a further device of Ben's of which she does not hear."""
    anna, _, ben, group = await three(town, wire)
    wire.to_device = lambda frame: withheld(frame, f.DeviceListMoved)
    tablet = await town.connect(await second_device(town, ben, "tablet"))
    await greetings_over(tablet)
    return anna, ben, group, tablet


def show_commit(wire: Crooked, to: Client, where: Conversation, raw: bytes, by: Client) -> None:
    """The server puts a Commit of its choice into the log that it shows to one device."""
    live = live_of(to, where)
    at = live.kept.cursor + 1
    envelope = f.Envelope(at, live.kept.epoch, f.COMMIT, 0, by.device.uri, raw, b"")
    wire.push(f.Delivery(where.id, at, [envelope]))


# --- ours ------------------------------------------------------------------------------------


async def test_a_commit_whose_answer_was_lost_is_ours_when_it_is_met_in_the_log(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await town.person("ben")
    epoch = live_of(anna, conversation).kept.epoch
    events = anna.events()

    def cut_at_answer(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Appended):
            wire.to_device = honest
            wire.cut()
            return []
        return [frame]

    wire.to_device = cut_at_answer
    async with asyncio.timeout(PATIENCE_S):
        await conversation.add("ben@localhost")
    changed = await expected(events, ParticipantsChanged)
    assert changed.by == anna.address
    assert live_of(anna, conversation).kept.epoch == epoch + 1
    commits = [frame for frame in wire.sent if isinstance(frame, f.AppendCommit)]
    assert len({frame.message for frame in commits if frame.epoch == epoch}) == 1
    assert await core_of(anna).outbox.of(conversation.id) == []
    await settled(anna, cem)
    assert len(conversation.participants) == 3
    assert await anna.problems() == []


async def test_a_commit_that_came_second_is_made_again_from_its_intent(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await town.people("ben", "olga")
    epoch = live_of(anna, conversation).kept.epoch
    held: list[f.ClientFrame] = []

    def hold(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.AppendCommit) and not held:
            held.append(frame)
            return []
        return [frame]

    wire.to_server = hold
    adding = asyncio.ensure_future(conversation.add("ben@localhost"))
    await eventually(lambda: bool(held))
    await cem.conversation(conversation.id).add("olga@localhost")
    await until(lambda: live_of(anna, conversation).kept.epoch == epoch + 1, anna)
    assert (await group_of(anna, conversation)).pending is None
    (entry,) = await core_of(anna).outbox.of(conversation.id)
    assert (entry.payload, entry.epoch) == (b"", -1)
    for device in wire.devices:
        device.forward(held[0])  # only now: it is stale
    async with asyncio.timeout(PATIENCE_S):
        await adding
    await settled(anna, cem)
    names = [one.name for one in conversation.participants]
    assert names == ["anna", "ben", "cem", "olga"]
    assert live_of(anna, conversation).kept.epoch == epoch + 2


# --- those of others -------------------------------------------------------------------------


async def test_whose_device_is_removed_has_no_keys_left_and_keeps_its_history(
    town: Town, wire: Crooked
) -> None:
    anna, cem, ben, group = await three(town, wire)
    gone = asyncio.ensure_future(event(ben, ConversationLeft))
    await asyncio.sleep(0)
    await group.remove("ben@localhost")
    assert (await gone).by == anna.address
    theirs = ben.conversation(group.id)
    assert await core_of(ben).conversations.group(group.id) is None
    assert live_of(ben, theirs).group is None
    kept = await core_of(ben).conversations.get(group.id)
    assert kept is not None
    assert kept.state == "left"
    assert await history(theirs) == ["hello"]
    await settled(anna, cem)
    assert (await anna.problems(), await ben.problems()) == ([], [])


async def test_nobody_becomes_another_device_by_a_commit(town: Town, wire: Crooked) -> None:
    """Ben commits with the certificate of his tablet in the leaf of his telephone."""
    anna, _, ben, group = await three(town, wire)
    wire.to_device = lambda frame: withheld(frame, f.DeviceListMoved)
    tablet = await second_device(town, ben, "tablet")
    core, own = core_of(ben), core_of(tablet).own
    forged = await group_of(ben, ben.conversation(group.id))
    pending = forged.commit(
        core.trust.judge(set(group.participants)),
        core.now_s(),
        identity=Identity(own.device_key.to_bytes(), Credential(PLAUSCH, own.certificate)),
    )
    await tablet.close()
    events = anna.events()
    epoch = live_of(anna, group).kept.epoch
    show_commit(wire, anna, group, pending.commit, ben)
    refused = await expected(events, ProblemFound)
    assert refused.code == "device_replaced"
    assert ben.device.uri in refused.sentence
    assert live_of(anna, group).kept.epoch == epoch
    assert ben.device in group.members


async def external(
    inside: Client, tablet: Client, where: Conversation, *, place: DeviceAddress | None
) -> bytes:
    """The tablet's external commit, in the place of a member or in none."""
    group, core = await group_of(inside, where), core_of(tablet)
    for account in where.participants:
        if account != core.address:
            await core_of(tablet).trust.refresh(account)
    leaf = None if place is None else members_of(core_of(inside), group)[place]
    return external_join(
        group.group_info(),
        core.credential,
        core.own.device_key.to_bytes(),
        core.trust.judge(set(where.participants)),
        core.now_s(),
        resync_leaf=leaf,
    ).commit


async def test_a_further_device_of_a_participant_may_come_in_by_itself(
    town: Town, wire: Crooked
) -> None:
    anna, ben, group, tablet = await at_the_door(town, wire)
    wire.to_server = lambda frame: [] if isinstance(frame, f.AppendCommit) else [frame]
    raw = await external(anna, tablet, group, place=None)
    show_commit(wire, anna, group, raw, tablet)
    await until(lambda: tablet.device in group.members, anna)
    assert ben.device in group.members
    assert len(group.participants) == 3


async def test_a_device_does_not_take_the_place_of_another_one(town: Town, wire: Crooked) -> None:
    anna, ben, group, tablet = await at_the_door(town, wire)
    raw = await external(anna, tablet, group, place=ben.device)
    events = anna.events()
    show_commit(wire, anna, group, raw, tablet)
    refused = await expected(events, ProblemFound)
    assert "take the place of another device" in refused.sentence
    assert set(group.members) >= {ben.device}
    assert tablet.device not in group.members


# --- tidying ---------------------------------------------------------------------------------


async def test_the_lowest_leaf_that_stays_goes_first_and_the_others_wait_their_turn(
    town: Town, wire: Crooked
) -> None:
    anna, cem, ben, group = await three(town, wire)
    leaves = members_of(core_of(anna), await group_of(anna, group))
    ranked = sorted((anna, cem, ben), key=lambda client: leaves[client.device])

    async def turns(*going: Client) -> list[float]:
        found = []
        for client in ranked:
            copy = await group_of(client, client.conversation(group.id))
            for one in going:
                copy.propose_remove(leaves[one.device])
            found.append(epochs_of(client)._turn_s(copy))
        return found

    first, second, third = await turns()
    assert first == 0.0
    assert TURN_S <= second <= 2 * TURN_S <= third <= 3 * TURN_S <= LONGEST_TURN_S
    leaving, first, second = await turns(ranked[0])
    assert first == 0.0
    assert leaving >= 2 * TURN_S, "who goes waits for those who stay"
    assert second >= TURN_S


async def test_a_proposal_is_committed_by_who_is_online_without_a_word_being_said(
    town: Town, wire: Crooked
) -> None:
    anna, cem, ben, group = await three(town, wire)
    wire.sent.clear()
    changed = asyncio.ensure_future(event(anna, ParticipantsChanged))
    await asyncio.sleep(0)
    await ben.conversation(group.id).leave()
    assert (await changed).left == (ben.address,)
    await settled(anna, cem)
    assert codes(wire.sent, f.AppendCommit) == 1, "looked after once"
    assert epochs_of(anna)._tidying == set()


async def asks_to_be_added(inside: Client, stranger: Client, where: Conversation) -> bytes:
    """As MLS would let anybody ask: all it takes is the GroupInfo."""
    group, core = await group_of(inside, where), core_of(stranger)
    epoch, key = group.state.epoch, core.own.device_key.to_bytes()
    bundle = KeyPackageBundle.create(
        group.suite_id, core.credential, key, now_s=core.now_s(), lifetime_s=3600
    )
    content = FramedContent.of(
        group.group_id,
        group.epoch,
        Sender(SenderType.NEW_MEMBER_PROPOSAL),
        b"",
        Add(parse_key_package(bundle.message)),
    )
    wire, context = WireFormat.PUBLIC_MESSAGE, epoch.context.encoded
    signature = sign_content(epoch.suite, key, wire, content, context)
    message = AuthenticatedContent(wire, content, signature, b"")
    return protect_public(epoch.suite, b"", message, context).to_message()


@pytest.mark.parametrize("is_group", [True, False], ids=["group", "direct"])
async def test_nobody_comes_in_by_asking_the_devices(
    town: Town, wire: Crooked, is_group: bool
) -> None:
    if is_group:
        anna, _, _, where = await three(town, wire)
    else:
        anna, _, where = await anna_and_cem(town, wire)
    mallory = await town.person("mallory")
    raw = await asks_to_be_added(anna, mallory, where)
    before, live = where.members, live_of(anna, where)
    found = asyncio.ensure_future(event(anna, ProblemFound))
    await asyncio.sleep(0)
    wire.sent.clear()
    at = live.kept.cursor + 1
    envelope = f.Envelope(at, live.kept.epoch, f.PROPOSAL, 0, mallory.device.uri, raw, b"")
    wire.push(f.Delivery(where.id, at, [envelope]))
    assert (await found).code == "asked_from_outside"
    await settled(anna)
    assert codes(wire.sent, f.AppendCommit) == 0
    assert where.members == before


async def test_a_waiting_change_is_not_owed_twice(town: Town, wire: Crooked) -> None:
    anna, _, _, group = await three(town, wire)
    await core_of(anna).transport.close()
    for _ in range(3):
        await epochs_of(anna)._owe(live_of(anna, group), EntryKind.CHANGE, b"{}")
    kinds = [entry.kind for entry in await core_of(anna).outbox.of(group.id)]
    assert kinds == [EntryKind.CHANGE]


async def test_closing_a_device_ends_its_waiting_turn(town: Town, wire: Crooked) -> None:
    _, cem, _, group = await three(town, wire)
    theirs = live_of(cem, group)
    epochs = epochs_of(cem)
    epochs._tidying.add(group.id)
    core_of(cem).spawn(epochs._tidy_in_turn(theirs, 3600.0))
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        await cem.close()
    assert epochs._tidying == set()


# --- device lists that move ------------------------------------------------------------------


async def test_a_new_device_is_added_and_a_delisted_one_removed_without_a_word(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    wire.to_device = lambda frame: withheld(frame, f.DeviceListMoved)
    tablet = await town.connect(await second_device(town, cem, "tablet"))
    await greetings_over(tablet)
    wire.to_device = honest
    wire.sent.clear()
    wire.push(f.DeviceListMoved("cem"))
    await until(lambda: tablet.device in conversation.members, anna)
    await until(lambda: conversation.id in core_of(tablet).lives, tablet)
    await settled(anna, cem)
    await publish(cem, {})
    await until(lambda: tablet.device not in conversation.members, anna)
    await settled(anna, cem)
    assert conversation.members == cem.conversation(conversation.id).members
    assert codes(wire.sent, f.Append) == 0
    assert len(conversation.participants) == 2


async def test_a_list_that_changes_nothing_here_commits_nothing(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    await town.person("olga")
    wire.sent.clear()
    for name in ("cem", "olga", "anna"):
        await epochs_of(anna).device_list_moved(name)
    await anna.synchronize()
    assert codes(wire.sent, f.GetAccount) == 3
    assert codes(wire.sent, f.AppendCommit) == 0
    assert await core_of(anna).outbox.of(conversation.id) == []


@pytest.mark.parametrize("name", ["", "No Name", "mimi://localhost/u/cem", "x" * 64])
async def test_a_name_that_is_none_is_not_looked_up(town: Town, wire: Crooked, name: str) -> None:
    anna = await town.person("anna", url=wire.url)
    wire.sent.clear()
    await epochs_of(anna).device_list_moved(name)
    assert codes(wire.sent, f.GetAccount) == 0
    assert await anna.problems() == []


async def test_a_list_that_cannot_be_looked_up_or_believed_is_said(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await epochs_of(anna).device_list_moved("nobody")
    (unknown,) = await core_of(anna).problems.all()
    assert unknown.code == "unknown_account"
    wire.to_device = lambda frame: (
        [replaced(frame, b"no list")] if isinstance(frame, f.Account) else [frame]
    )
    await epochs_of(anna).device_list_moved("cem")
    assert len(await anna.problems()) == 2
    assert cem.device in conversation.members


def replaced(frame: f.Account, device_list: bytes) -> f.Account:
    return f.Account(frame.id, frame.name, frame.kind, frame.identity_key, device_list)


async def test_without_a_connection_a_moved_list_waits(town: Town, wire: Crooked) -> None:
    anna, _, _ = await anna_and_cem(town, wire)
    await core_of(anna).transport.close()
    await epochs_of(anna).device_list_moved("cem")
    assert await anna.problems() == []


async def test_a_member_that_proves_nothing_is_said_and_not_committed_away(
    town: Town, wire: Crooked
) -> None:
    """Its list is of another identity: a person decides, no Commit does."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    core = core_of(anna)
    kept = core.trust.account(cem.address)
    assert kept is not None
    core.trust._keep(replace(kept, identity_key=core.own.device_key.public))
    await epochs_of(anna)._follow_list(live_of(anna, conversation), cem.address)
    (problem,) = await core.problems.all()
    assert problem.conversation == conversation.id
    assert cem.device in conversation.members
    assert await core.outbox.of(conversation.id) == []
    core.trust._keep(kept)
    wire.to_server = willing
    await (await conversation.send_text("still here")).accepted()
    assert (await message(cem)).text == "still here"


# --- the end ---------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["anna", "cem"])
async def test_a_group_that_is_ended_says_so_and_nothing_more_is_sent(
    town: Town, wire: Crooked, whose: str
) -> None:
    """A member proposes a ReInit; whoever commits it, the conversation is over for everybody."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    ended = {client: client.events() for client in (anna, cem)}
    proposer = {"anna": anna, "cem": cem}[whose]
    live = live_of(proposer, conversation)
    async with core_of(proposer).changing(live):
        group = await core_of(proposer).group(live)
        raw = group.propose_reinit(ReInit(b"n" * 16, MLS10, group.suite_id, ()))
        await core_of(proposer).vault.write(core_of(proposer).save_group(live, epoch_moved=True))
        epoch = group.epoch
    await append(proposer, conversation.id, f.PROPOSAL, raw, epoch)
    for client, events in ended.items():
        await expected(events, ConversationLeft)
        mine = client.conversation(conversation.id)
        assert mine.state == "ended"
        with pytest.raises(NotParticipant, match="was ended by one of its participants"):
            await mine.send_text("one more thing")
        await mine.leave()
        assert mine.state == "ended"
        assert await core_of(client).conversations.group(conversation.id) is None
        assert await history(mine) == ["hello"]
        assert await client.problems() == []
    another = await anna.conversation_with("cem@localhost")
    assert another != conversation
    await (await another.send_text("again")).accepted()
