"""The outbox and its changes: conversations begun, Commits made, leaving; each carried out once."""

import asyncio
from dataclasses import replace

import pytest

from cast import PATIENCE_S, Town, message, settled, texts
from crooked import Crooked, honest, willing
from plausch.sdk import (
    Client,
    ConversationBroken,
    IdentityChanged,
    NotParticipant,
    ServerRefused,
    State,
    TrustRefused,
)
from plausch.sdk import outbox as outbox_module
from plausch.sdk.account import make_own
from plausch.sdk.conversation import Conversation
from plausch.sdk.membership import Intent
from plausch.sdk.vault.outbox import EntryKind, new_idempotency_id
from plausch.wire import frames as f
from unit.sdk.talks import (
    all_admins,
    anna_and_cem,
    codes,
    core_of,
    cut_off,
    eventually,
    live_of,
    withheld,
)


def refusing(wire: Crooked, kind: type[f.Frame], code: str, *, times: int = 1) -> None:
    """The server refuses the next requests of a kind for good."""
    left = [times]

    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, kind) and left[0]:
            left[0] -= 1
            wire.push(f.Refused(frame.id, code, "No.", "local"))  # type: ignore[union-attr]
            return []
        return [frame]

    wire.to_server = refuse


def losing_answers(wire: Crooked, kind: type[f.Frame]) -> None:
    """The server carries the next request of a kind out; its answer is lost with the line."""
    asked: list[int] = []

    def note(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, kind):
            asked.append(frame.id)  # type: ignore[attr-defined]
            wire.to_server = willing
        return [frame]

    def lose(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if getattr(frame, "id", None) in asked:
            wire.to_device = honest
            wire.cut()
            return []
        return [frame]

    wire.to_server, wire.to_device = note, lose


async def kinds_owed(client: Client, conversation: Conversation) -> list[EntryKind]:
    return [entry.kind for entry in await core_of(client).outbox.of(conversation.id)]


async def club(town: Town, wire: Crooked) -> tuple[Client, Client, Client, Conversation]:
    anna = await town.person("anna", url=wire.url)
    cem, ben = await town.people("cem", "ben")
    group = await anna.create_group("Club", ["cem@localhost", "ben@localhost"])
    await group.send_text("hello")
    await texts(cem, 1)
    await texts(ben, 1)
    await all_admins(group, cem, ben)
    await settled(anna, cem, ben)
    wire.sent.clear()
    return anna, cem, ben, group


# --- beginning -------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [f.CreateConversation, f.AppendCommit, f.ClaimKeyPackages])
async def test_a_beginning_whose_answer_was_lost_is_one_conversation(
    town: Town, wire: Crooked, lost: type[f.Frame]
) -> None:
    anna, cem = await town.person("anna", url=wire.url), await town.person("cem")
    losing_answers(wire, lost)
    conversation = await anna.conversation_with("cem@localhost")
    async with asyncio.timeout(PATIENCE_S):
        await (await conversation.send_text("hello")).accepted()
    assert await texts(cem, 1) == ["hello"]
    assert [one.id for one in cem.conversations()] == [conversation.id]
    creations = [frame for frame in wire.sent if isinstance(frame, f.CreateConversation)]
    assert len({frame.group_info for frame in creations}) == 1
    assert await anna.problems() == await cem.problems() == []


@pytest.mark.parametrize("refused", [f.CreateConversation, f.AppendCommit])
async def test_a_conversation_that_is_refused_fails_with_all_that_was_said_in_it(
    town: Town, wire: Crooked, refused: type[f.Frame]
) -> None:
    anna = await town.person("anna", url=wire.url)
    await town.person("cem")
    await anna.contact("cem@localhost")
    refusing(wire, refused, "not_allowed")
    wire.to_device = lambda frame: withheld(frame, f.Hello)
    await cut_off(anna, wire)
    conversation = await anna.conversation_with("cem@localhost")
    sent = [await conversation.send_text(word) for word in ("one", "two")]
    wire.to_device = honest
    wire.cut()
    for one in sent:
        with pytest.raises(ServerRefused, match="No"):
            await one.accepted()
    assert conversation.state == "failed"
    assert await kinds_owed(anna, conversation) == []
    assert [one.state for one in await conversation.history()] == [State.FAILED] * 2
    with pytest.raises(NotParticipant, match="begin a new one"):
        await conversation.send_text("three")
    wire.to_server = willing
    another = await anna.conversation_with("cem@localhost")
    assert another != conversation
    await (await another.send_text("again")).accepted()


async def test_who_cannot_be_added_yet_keeps_the_conversation_waiting(
    town: Town, wire: Crooked
) -> None:
    anna, cem = await town.person("anna", url=wire.url), await town.person("cem")
    refusing(wire, f.ClaimKeyPackages, "no_key_package")
    conversation = await anna.conversation_with("cem@localhost")
    sent = await conversation.send_text("when you are there")
    with pytest.raises(TrustRefused, match="come online"):
        await sent.accepted()
    assert conversation.state == "opening"
    wire.cut()
    assert await texts(cem, 1) == ["when you are there"]
    assert conversation.state == "open"


# --- Commits ---------------------------------------------------------------------------------


async def test_a_refused_commit_is_dropped_and_what_follows_goes_out(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await town.person("ben")
    refusing(wire, f.AppendCommit, "too_many_participants")
    adding = asyncio.ensure_future(conversation.add("ben@localhost"))
    await asyncio.sleep(0)
    later = await conversation.send_text("without Ben then")
    with pytest.raises(ServerRefused, match="No"):
        await adding
    async with asyncio.timeout(PATIENCE_S):
        await later.accepted()
    assert await texts(cem, 1) == ["without Ben then"]
    live = live_of(anna, conversation)
    async with core_of(anna).changing(live):
        assert (await core_of(anna).group(live)).pending is None
    assert len(conversation.participants) == 2
    await conversation.add("ben@localhost")
    assert len(conversation.participants) == 3


async def test_a_commit_that_was_tidying_and_was_lost_does_not_stop_the_message_behind_it(
    town: Town, wire: Crooked
) -> None:
    """The Commit is in the vault, the server never got it: it is the one that is sent again."""
    anna, cem, ben, group = await club(town, wire)
    theirs = ben.conversation(group.id)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    await cem.close()
    await theirs.leave()
    wire.to_server = lambda frame: [] if isinstance(frame, f.AppendCommit) else [frame]
    wire.sent.clear()
    await cut_off(anna, wire)
    sent = await group.send_text("without Ben")
    await eventually(lambda: codes(wire.sent, f.AppendCommit) == 1)
    assert set(await kinds_owed(anna, group)) == {EntryKind.MESSAGE, EntryKind.CHANGE}
    wire.to_device, wire.to_server = honest, willing
    wire.cut()
    async with asyncio.timeout(PATIENCE_S):
        await sent.accepted()
    commits = [frame for frame in wire.sent if isinstance(frame, f.AppendCommit)]
    assert len(commits) >= 2
    assert len({commit.message for commit in commits}) == 1
    assert ben.address not in group.participants
    await settled(anna)
    assert await anna.problems() == []


async def test_a_commit_that_is_made_already_is_paid_first(town: Town, wire: Crooked) -> None:
    """A group has one Commit at a time: until it is known what became of it no other is made."""
    anna, _, conversation = await anna_and_cem(town, wire)
    table, write = core_of(anna).outbox, core_of(anna).vault.write
    older, made = new_idempotency_id(), new_idempotency_id()
    for identifier in (older, made):
        kind, intent = EntryKind.CHANGE, Intent().to_bytes()
        await write([table.add(conversation.id, kind, intent, idempotency_id=identifier)])
    for payload, expected in ((b"", older), (b"a Commit", made), (b"", older)):
        await write([table.set_payload(made, 1, payload)])
        entry = await table.first(conversation.id)
        assert entry is not None
        assert entry.idempotency_id == expected


async def test_what_a_later_change_lets_in_does_not_read_what_was_said_before(
    town: Town, wire: Crooked
) -> None:
    """Tidying for a message must not carry out the change that waits behind it."""
    anna, cem, ben, group = await club(town, wire)
    olga = await town.person("olga")
    await core_of(anna).trust.ensure(olga.address)
    theirs = ben.conversation(group.id)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    await cem.close()
    await theirs.leave()
    await cut_off(anna, wire)
    sent = await group.send_text("before Olga")
    adding = asyncio.ensure_future(group.add("olga@localhost"))
    async with asyncio.timeout(PATIENCE_S):
        await sent.accepted()
        await adding
    await (await group.send_text("hello Olga")).accepted()
    assert (await message(olga)).text == "hello Olga"


async def test_an_intent_with_nothing_left_to_do_is_paid_without_a_commit(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    wire.sent.clear()
    epoch = live_of(anna, conversation).kept.epoch
    async with asyncio.timeout(PATIENCE_S):
        await conversation._change(Intent(add=(cem.address.uri,)))
    assert codes(wire.sent, f.AppendCommit) == 0
    assert live_of(anna, conversation).kept.epoch == epoch
    assert await kinds_owed(anna, conversation) == []


async def test_a_change_that_loses_every_race_is_given_up_for_now_and_not_forgotten(
    town: Town, wire: Crooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "COMMIT_ATTEMPTS", 2)
    anna, cem, conversation = await anna_and_cem(town, wire)
    await town.person("ben")
    refusing(wire, f.AppendCommit, "stale_epoch", times=2)
    with pytest.raises(ConversationBroken, match="tried again later"):
        await conversation.add("ben@localhost")
    assert await kinds_owed(anna, conversation) == [EntryKind.CHANGE]
    wire.cut()
    await eventually(lambda: len(conversation.participants) == 3)
    await settled(anna, cem)
    assert await kinds_owed(anna, conversation) == []


# --- leaving ---------------------------------------------------------------------------------


async def test_leaving_whose_answer_was_lost_is_done_once(town: Town, wire: Crooked) -> None:
    anna, cem, _, group = await club(town, wire)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    wire.sent.clear()
    losing_answers(wire, f.Append)
    async with asyncio.timeout(PATIENCE_S):
        await group.leave()
    assert group.state == "left"
    assert len({append.message for append in wire.appends()}) == 1
    assert await core_of(anna).conversations.group(group.id) is None
    await eventually(lambda: anna.address not in cem.conversation(group.id).participants)
    assert await cem.problems() == []


async def test_leaving_an_epoch_that_is_over_is_proposed_anew(town: Town, wire: Crooked) -> None:
    anna, cem, ben, group = await club(town, wire)
    held: list[f.ClientFrame] = []

    def hold(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.Append) and not held:
            held.append(frame)
            return []
        return [frame]

    wire.to_server = hold
    wire.sent.clear()
    leaving = asyncio.ensure_future(group.leave())
    await eventually(lambda: bool(held))
    await cem.conversation(group.id).remove("ben@localhost")
    for device in wire.devices:
        device.forward(held[0])
    async with asyncio.timeout(PATIENCE_S):
        await leaving
    first, second = wire.appends()
    assert (first.kind, second.kind) == (f.PROPOSAL, f.PROPOSAL)
    assert second.epoch == first.epoch + 1
    await eventually(lambda: cem.conversation(group.id).participants == (cem.address,))
    assert ben.conversation(group.id).state == "left"
    assert anna.conversation(group.id).state == "left"


@pytest.mark.parametrize("known", [True, False])
async def test_who_was_removed_meanwhile_has_left(town: Town, wire: Crooked, known: bool) -> None:
    """Whether the log says it, or the server only that there is no such conversation."""
    anna, cem, _, group = await club(town, wire)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    await cem.conversation(group.id).remove("anna@localhost")
    if not known:
        wire.to_device = lambda frame: (
            [f.Envelopes(frame.id, frame.conversation, [], frame.head)]
            if isinstance(frame, f.Envelopes)
            else withheld(frame, f.Delivery)
        )
        refusing(wire, f.Append, "unknown_conversation")
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(group.leave(), group.leave())
    assert group.state == "left"
    assert await kinds_owed(anna, group) == []
    assert await anna.problems() == []
    assert await core_of(anna).conversations.group(group.id) is None


async def test_a_commit_that_was_made_before_somebody_left_does_not_hold_her(
    town: Town, wire: Crooked
) -> None:
    """Her proposal is accepted while Anna's Commit, which does not know it, is on the way."""
    _, cem, ben, group = await club(town, wire)
    await town.person("olga")
    held: list[f.ClientFrame] = []

    def hold(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.AppendCommit):
            held.append(frame)
            return []
        return [frame]

    wire.to_server = hold
    adding = asyncio.ensure_future(group.add("olga@localhost"))
    await eventually(lambda: bool(held))
    await cem.conversation(group.id).leave()
    wire.to_server = willing
    for device in wire.devices:
        device.forward(held[0])
    async with asyncio.timeout(PATIENCE_S):
        await adding
    await eventually(lambda: cem.address not in group.participants)
    await eventually(lambda: cem.address not in ben.conversation(group.id).participants)
    assert [one.name for one in group.participants] == ["anna", "ben", "olga"]
    assert live_of(ben, group).leaving == set()


@pytest.mark.parametrize("accepted", [True, False])
async def test_somebody_whose_key_has_changed_can_be_removed_though_messages_wait(
    town: Town, wire: Crooked, accepted: bool
) -> None:
    anna, cem, ben, group = await club(town, wire)
    other = make_own("", ben.address, "person", core_of(ben).now_s())
    assert other.identity is not None
    key, listed = other.identity.public, other.device_list
    wire.to_device = lambda frame: (
        [f.Account(frame.id, frame.name, frame.kind, key, listed)]
        if isinstance(frame, f.Account) and frame.name == "ben"
        else [frame]
    )
    wire.cut()
    await anna.synchronize()
    sent = await group.send_text("without Ben")
    with pytest.raises(IdentityChanged):
        await asyncio.wait_for(sent.accepted(), PATIENCE_S)
    if accepted:
        number = await anna.safety_number("ben@localhost")
        await anna.accept_identity("ben@localhost", number)
    async with asyncio.timeout(PATIENCE_S):
        await group.remove("ben@localhost")
        await eventually(lambda: sent.state is State.SENT)
    assert await texts(cem, 1) == ["without Ben"]
    assert [one.name for one in group.participants] == ["anna", "cem"]


async def test_what_waits_behind_a_leave_is_given_up(town: Town, wire: Crooked) -> None:
    anna, _, _, group = await club(town, wire)
    held: list[f.ClientFrame] = []

    def hold(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.Append):
            held.append(frame)
            return []
        return [frame]

    wire.to_server = hold
    leaving = asyncio.ensure_future(group.leave())
    await eventually(lambda: bool(held))
    last = await group.send_text("one more thing")
    adding = asyncio.ensure_future(group._change(Intent()))
    await eventually(lambda: len(core_of(anna)._waiters) == 3)
    wire.to_server = willing
    for device in wire.devices:
        device.forward(held[0])
    async with asyncio.timeout(PATIENCE_S):
        await leaving
        for waiting in (last.accepted(), adding):
            with pytest.raises(NotParticipant):
                await waiting
    assert await kinds_owed(anna, group) == []
    failed = (await group.history())[-1]
    assert (failed.text, failed.state) == ("one more thing", State.FAILED)


async def test_debts_of_a_conversation_are_paid_when_the_next_connection_comes(
    town: Town, wire: Crooked
) -> None:
    """What is owed is in the vault only, and nobody has asked for it to go."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    ben = await town.person("ben")
    await core_of(anna).trust.ensure(ben.address)
    core = core_of(anna)
    intent = replace_add(Intent(), ben)
    await core.vault.write(
        [
            core.outbox.add(
                conversation.id,
                EntryKind.CHANGE,
                intent.to_bytes(),
                idempotency_id=new_idempotency_id(),
            )
        ]
    )
    wire.cut()
    await eventually(lambda: ben.address in conversation.participants)
    await settled(anna, cem)


def replace_add(intent: Intent, client: Client) -> Intent:
    return Intent(add=(client.address.uri,), remove=intent.remove)


async def test_one_who_was_put_out_while_a_commit_waited_is_not_asked_for_it_again(
    town: Town, wire: Crooked
) -> None:
    anna, cem, _, group = await club(town, wire)
    await town.person("olga")
    held: list[f.ClientFrame] = []

    def hold(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.AppendCommit):
            held.append(frame)
            return []
        return [frame]

    wire.to_server = hold
    adding = asyncio.ensure_future(group.add("olga@localhost"))
    await eventually(lambda: bool(held))
    await cem.conversation(group.id).remove("anna@localhost")
    await eventually(lambda: live_of(anna, group).kept.state == "left")
    wire.to_server = willing
    wire.cut()
    with pytest.raises(NotParticipant):
        await adding
    assert await kinds_owed(anna, group) == []
    assert await anna.problems() == []
    assert replace(live_of(anna, group).kept).state == "left"
