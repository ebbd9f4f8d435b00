"""From the server's logs and mailbox into the vault, whatever the server and the vault do."""

import asyncio

import pytest

from cast import PATIENCE_S, Town, event, expected, history, message, settled, texts
from crooked import Crooked, alter_envelopes, honest, moved, willing
from plausch.base.errors import PlauschError
from plausch.base.ids import AccountAddress
from plausch.sdk import (
    Client,
    ConversationLeft,
    ForkSuspected,
    MessageReceived,
    ProblemFound,
    State,
    StatusChanged,
    Unreachable,
)
from plausch.sdk.conversation import Conversation
from plausch.sdk.sync import READ_LIMIT, Sync
from plausch.wire import frames as f
from unit.sdk.talks import (
    anna_and_cem,
    codes,
    core_of,
    eventually,
    forbidding,
    greetings_over,
    live_of,
    withheld,
)


def sync_of(client: Client) -> Sync:
    return client._device.sync


async def quiet(town: Town, wire: Crooked, *lines: str) -> tuple[Client, Client, Conversation]:
    """Cem has said these lines; nothing of it was pushed to Anna, who is online."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    await greetings_over(anna, cem)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    theirs = cem.conversation(conversation.id)
    for line in lines:
        await (await theirs.send_text(line)).accepted()
    wire.sent.clear()
    return anna, cem, conversation


def shown(*others: str) -> list[str]:
    return ["hello", *others]


# --- pushes ----------------------------------------------------------------------------------


async def test_what_was_pushed_whole_is_not_asked_for(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    wire.sent.clear()
    await cem.conversation(conversation.id).send_text("pushed")
    assert await texts(anna, 1) == ["pushed"]
    assert codes(wire.sent, f.Read) == 0


async def test_a_push_without_envelopes_or_with_a_gap_is_read(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id)
    wire.to_device = lambda frame: (
        [f.Delivery(frame.conversation, frame.head, [])]
        if isinstance(frame, f.Delivery)
        else [frame]
    )
    await theirs.send_text("large")
    assert await texts(anna, 1) == ["large"]
    pushes: list[f.Delivery] = []

    def keep_first(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Delivery):
            pushes.append(frame)
            return [] if len(pushes) == 1 else [frame]
        return [frame]

    wire.to_device = keep_first
    await theirs.send_text("lost on the way")
    await theirs.send_text("and on")
    assert await texts(anna, 2) == ["lost on the way", "and on"]
    assert await anna.problems() == []


async def test_a_push_that_overtakes_the_answer_to_a_question_is_not_forgotten(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    held: list[f.Envelopes] = []

    def overtaken(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Envelopes) and not held:
            held.append(frame)
            return []
        return [frame, *held] if isinstance(frame, f.Delivery) else [frame]

    wire.to_device = overtaken
    wire.push(f.Delivery(conversation.id, live_of(anna, conversation).kept.cursor + 1, []))
    await eventually(lambda: bool(held))
    await cem.conversation(conversation.id).send_text("faster")
    assert await texts(anna, 1) == ["faster"]
    assert await anna.problems() == []


async def test_the_same_push_again_and_an_old_one_change_nothing(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await cem.conversation(conversation.id).send_text("once")
    assert await texts(anna, 1) == ["once"]
    cursor = live_of(anna, conversation).kept.cursor
    for envelope in wire.envelopes():
        wire.push(f.Delivery(conversation.id, cursor, [envelope, envelope]))
    await anna.synchronize()
    assert live_of(anna, conversation).kept.cursor == cursor
    assert await history(conversation) == shown("once")
    assert await anna.problems() == []


async def test_pushes_about_nothing_we_know_are_passed_over(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    foreign = b"f" * 16
    for push in (
        f.Delivery(foreign, 5, [f.Envelope(1, 0, 1, 0, cem.device.uri, b"x", b"")]),
        f.CursorMoved(foreign, cem.device.uri, 5),
        f.CursorMoved(conversation.id, "mimi://nonsense", 5),
        f.CursorMoved(conversation.id, anna.device.uri, 5),
        f.CursorMoved(conversation.id, "mimi://localhost/d/mallory/" + "0" * 16, 5),
        f.MailboxMoved(10**9),
        f.DeviceListMoved("?"),
        f.Ephemeral(conversation.id, cem.device.uri, b"typing"),
    ):
        wire.push(push)
    await anna.synchronize()
    await cem.conversation(conversation.id).send_text("still here")
    assert await texts(anna, 1) == ["still here"]
    assert await anna.problems() == []
    assert set(core_of(anna).lives) == {conversation.id}


async def test_a_head_that_is_none_costs_one_question(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    wire.sent.clear()
    wire.push(f.Delivery(conversation.id, 2**53 - 1, []))
    await eventually(lambda: codes(wire.sent, f.Read) == 1)
    await anna.synchronize()
    assert codes(wire.sent, f.Read) == 1
    live = live_of(anna, conversation)
    assert live.head == live.kept.cursor
    await cem.conversation(conversation.id).send_text("and on")
    assert await texts(anna, 1) == ["and on"]


async def test_old_envelopes_under_a_higher_head_do_not_make_a_device_ask_for_ever(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await quiet(town, wire)
    old = [f.Envelope(1, 0, 1, 0, cem.device.uri, b"old", b"")]
    wire.to_device = lambda frame: (
        [f.Envelopes(frame.id, frame.conversation, old, 10_000)]
        if isinstance(frame, f.Envelopes)
        else [frame]
    )
    async with asyncio.timeout(PATIENCE_S):
        await sync_of(anna).catch_up(live_of(anna, conversation), 10_000)
    assert codes(wire.sent, f.Read) == 1
    wire.to_device = honest
    await cem.conversation(conversation.id).send_text("and on")
    assert await texts(anna, 1) == ["and on"]


# --- one stretch -----------------------------------------------------------------------------


async def test_envelopes_that_come_unsorted_or_twice_are_taken_in_order(
    town: Town, wire: Crooked
) -> None:
    anna, _, conversation = await quiet(town, wire, "one", "two", "three")
    wire.to_device = lambda frame: alter_envelopes(
        frame, lambda envelopes: [*reversed(envelopes), *envelopes]
    )
    await anna.synchronize()
    assert await history(conversation) == shown("one", "two", "three")
    assert await anna.problems() == []


async def test_messages_cursor_and_keys_are_written_together_or_not_at_all(
    town: Town, wire: Crooked
) -> None:
    anna, _, conversation = await quiet(town, wire, "one", "two")
    before = await core_of(anna).conversations.get(conversation.id)
    keys = await core_of(anna).conversations.group(conversation.id)
    events = anna.events()
    async with forbidding(anna, "INSERT ON message"):
        with pytest.raises(PlauschError):
            await sync_of(anna).resume()
    assert await core_of(anna).conversations.get(conversation.id) == before
    assert live_of(anna, conversation).kept == before
    assert await core_of(anna).conversations.group(conversation.id) == keys
    assert codes(wire.sent, f.Acknowledge) == 0
    await sync_of(anna).resume()
    assert (await expected(events, MessageReceived)).message.text == "one"
    assert await history(conversation) == shown("one", "two")
    assert await anna.problems() == []


async def test_what_was_done_before_a_loss_is_kept(town: Town, wire: Crooked) -> None:
    """The second envelope needs a look-up that the lost connection cannot answer."""
    anna = await town.person("anna", url=wire.url)
    cem, ben = await town.people("cem", "ben")
    group = await cem.create_group("Club", ["anna@localhost"])
    await group.send_text("hello")
    mine = (await message(anna)).conversation
    await settled(cem, anna)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    await (await group.send_text("before Ben")).accepted()
    await group.add("ben@localhost")
    await eventually(lambda: group.id in core_of(ben).lives)
    await (await ben.conversation(group.id).send_text("I am Ben")).accepted()
    start = live_of(anna, mine).kept.cursor

    def cut_at_ben(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.GetAccount) and frame.name == "ben":
            wire.to_server = lambda _: []
            wire.cut()
            return []
        return [frame]

    wire.to_server = cut_at_ben
    with pytest.raises(Unreachable):
        await sync_of(anna).resume()
    kept = await core_of(anna).conversations.get(mine.id)
    assert kept is not None
    assert kept.cursor == start + 1
    assert (await history(mine))[-1] == "before Ben"
    wire.to_device, wire.to_server = honest, willing
    await anna.synchronize()
    assert (await history(mine))[-1] == "I am Ben"
    assert await anna.problems() == []


async def test_who_is_cancelled_over_a_stretch_has_it_whole_or_not_at_all(
    town: Town, wire: Crooked
) -> None:
    anna, _, conversation = await quiet(town, wire, *(f"line {one}" for one in range(20)))
    core, live = core_of(anna), live_of(anna, conversation)
    answer = await core.transport.ask(
        lambda request_id: f.Read(request_id, live.id, live.kept.cursor, READ_LIMIT), f.Envelopes
    )
    events = anna.events()
    taking = asyncio.ensure_future(sync_of(anna)._take(live, answer.envelopes))
    await asyncio.sleep(0)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    kept = await core.conversations.get(live.id)
    assert kept == live.kept
    assert kept.cursor == answer.head
    assert len(await history(conversation)) == 21
    await expected(events, MessageReceived, lambda one: one.message.text == "line 19")


async def test_two_who_catch_up_at_once_ask_once(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await quiet(town, wire, "one", "two")
    live = live_of(anna, conversation)
    await asyncio.gather(*(sync_of(anna).catch_up(live, live.kept.cursor + 2) for _ in range(5)))
    assert codes(wire.sent, f.Read) == 1
    assert await history(conversation) == shown("one", "two")


async def test_what_comes_under_our_own_name_a_second_time_is_no_problem(
    town: Town, wire: Crooked
) -> None:
    """Once as it was, once damaged: we know what we said, and need not open it."""
    anna, _, conversation = await anna_and_cem(town, wire)
    live, (said,) = live_of(anna, conversation), wire.appends()
    (before,) = await conversation.history()
    for raw in (said.message, said.message[:-1] + bytes([said.message[-1] ^ 1])):
        at = live.kept.cursor + 1
        own = f.Envelope(at, said.epoch, f.APPLICATION, 0, anna.device.uri, raw, b"")
        wire.push(f.Delivery(conversation.id, at, [own]))
        await eventually(lambda at=at: live.kept.cursor == at)  # type: ignore[misc]
    (after,) = await conversation.history()
    assert (after.message_id, after.seq) == (before.message_id, before.seq)
    assert await anna.problems() == []


async def test_an_unreadable_message_with_a_foreign_mark_is_said_to_be_a_fork(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    live = live_of(cem, conversation)
    group = await core_of(cem).group(live)
    raw = group.encrypt(b"of another branch", b"\x07" * 16)
    live.group = None
    at = live_of(anna, conversation).kept.cursor + 1
    broken = raw[:-1] + bytes([raw[-1] ^ 1])
    events = anna.events()
    wire.push(
        f.Delivery(
            conversation.id,
            at,
            [f.Envelope(at, 1, f.APPLICATION, 0, cem.device.uri, broken, b"")],
        )
    )
    await expected(events, ProblemFound)
    assert await expected(events, ForkSuspected) == ForkSuspected(conversation.id, None)


async def test_a_moved_envelope_with_nothing_between_is_a_gap_with_its_numbers(
    town: Town, wire: Crooked
) -> None:
    anna, _, conversation = await quiet(town, wire, "far away")
    start = live_of(anna, conversation).kept.cursor
    events = anna.events()
    wire.to_device = lambda frame: alter_envelopes(
        frame, lambda envelopes: [moved(one, one.seq + 3) for one in envelopes]
    )
    await anna.synchronize()
    gap = await expected(events, ProblemFound)
    assert gap.code == "log_gap"
    assert f"envelopes {start + 1} to {start + 3} " in gap.sentence
    assert await history(conversation) == shown("far away"), "what came is shown all the same"


# --- resuming --------------------------------------------------------------------------------


async def test_a_log_that_is_not_given_out_does_not_stop_the_others(
    town: Town, wire: Crooked
) -> None:
    anna, _, conversation = await quiet(town, wire, "one")
    ben = await town.person("ben")
    other = await ben.conversation_with("anna@localhost")
    await (await other.send_text("from Ben")).accepted()
    await eventually(lambda: other.id in core_of(anna).lives)
    await (await other.send_text("more from Ben")).accepted()

    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.Read) and frame.conversation == conversation.id:
            wire.push(f.Refused(frame.id, "internal", "A defect.", "operator"))
            return []
        return [frame]

    wire.to_server = refuse
    await anna.synchronize()
    assert await history(anna.conversation(other.id)) == ["from Ben", "more from Ben"]
    assert await history(conversation) == shown()
    assert await anna.problems() == ["A defect."]
    wire.to_server = willing
    await anna.synchronize()
    assert await history(conversation) == shown("one")


async def test_a_log_that_was_left_is_not_read_on(town: Town, wire: Crooked) -> None:
    anna = await town.person("anna", url=wire.url)
    cem, _ = await town.people("cem", "ben")
    group = await cem.create_group("Club", ["anna@localhost", "ben@localhost"])
    await group.send_text("hello")
    mine = (await message(anna)).conversation
    gone = asyncio.ensure_future(event(anna, ConversationLeft))
    await asyncio.sleep(0)
    await group.remove("anna@localhost")
    await gone
    await (await group.send_text("without Anna")).accepted()
    wire.sent.clear()
    live = live_of(anna, mine)
    wire.push(f.Delivery(mine.id, live.kept.cursor + 1, []))
    await sync_of(anna).catch_up(live, live.kept.cursor + 1)
    await anna.synchronize()
    assert codes(wire.sent, f.Read) == 0


# --- mailbox ---------------------------------------------------------------------------------


async def test_all_who_look_into_the_mailbox_at_once_join_once(town: Town, wire: Crooked) -> None:
    cem, anna = await town.person("cem"), await town.register("anna", url=wire.url)
    conversation = await cem.conversation_with("anna@localhost")
    await (await conversation.send_text("hello")).accepted()
    await town.connect(anna)
    await asyncio.gather(*(anna.synchronize() for _ in range(4)))
    wire.push(f.MailboxMoved(1))
    assert await texts(anna, 1) == ["hello"]
    assert await anna.problems() == []


async def test_a_joined_log_that_is_not_given_out_leaves_the_rest_of_the_mail(
    town: Town, wire: Crooked
) -> None:
    anna = await town.person("anna", url=wire.url)
    wire.to_device = lambda frame: withheld(frame, f.MailboxMoved)
    cem, ben = await town.people("cem", "ben")
    first = await cem.conversation_with("anna@localhost")
    await (await first.send_text("from Cem")).accepted()
    second = await ben.conversation_with("anna@localhost")
    await (await second.send_text("from Ben")).accepted()

    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.Read) and frame.conversation == first.id:
            wire.push(f.Refused(frame.id, "internal", "A defect.", "operator"))
            return []
        return [frame]

    wire.to_server, wire.to_device = refuse, honest
    await anna.synchronize()
    assert await texts(anna, 1) == ["from Ben"]
    assert "A defect." in await anna.problems()


async def test_a_mailbox_that_repeats_itself_is_left_alone(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    again = f.MailboxItem(0, conversation.id, 1, 0, anna.device.uri, b"")
    wire.to_device = lambda frame: (
        [f.Mailbox(frame.id, [again])] if isinstance(frame, f.Mailbox) else [frame]
    )
    wire.sent.clear()
    async with asyncio.timeout(PATIENCE_S):
        await sync_of(anna)._fetch_mail(0)
    assert codes(wire.sent, f.ReadMailbox) == 1


# --- marks -----------------------------------------------------------------------------------


async def marked(client: Client, seq: int, account: AccountAddress, where: Conversation) -> None:
    device = core_of(client).lives[where.id].kept.members
    (uri,) = [one.uri for one in device if one.account == account]
    await sync_of(client)._take_cursor(f.CursorMoved(where.id, uri, seq))


async def test_delivered_is_told_for_what_was_reached_and_once(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await settled(anna, cem)
    wire.to_device = lambda frame: withheld(frame, f.CursorMoved)
    sent = [await conversation.send_text(word) for word in ("one", "two")]
    first, second = [await one.accepted() for one in sent]
    await settled(anna, cem)
    events = anna.events()
    await marked(anna, first, cem.address, conversation)
    assert (await _states(conversation))[1:] == [State.DELIVERED, State.SENT]
    told = await expected(events, StatusChanged, lambda one: one.state is State.DELIVERED)
    assert told.message_id == sent[0].message_id
    await marked(anna, first - 1, cem.address, conversation)
    await marked(anna, first, cem.address, conversation)
    await marked(anna, second, cem.address, conversation)
    told = await expected(events, StatusChanged, lambda one: one.state is State.DELIVERED)
    assert told.message_id == sent[1].message_id, "the first was told once"


async def _states(conversation: Conversation) -> list[State]:
    return [one.state for one in await conversation.history()]


async def test_marks_are_asked_for_only_where_they_are_not_known(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await greetings_over(anna)
    wire.to_device = lambda frame: withheld(frame, f.CursorMoved)
    sent = await conversation.send_text("one")
    seq = await sent.accepted()
    await texts(cem, 1)
    await settled(cem, anna)
    wire.sent.clear()
    wire.to_device = lambda frame: (
        [f.Cursors(frame.id, frame.conversation, [("nobody", 9), (cem.device.uri, seq)])]
        if isinstance(frame, f.Cursors)
        else withheld(frame, f.CursorMoved)
    )
    await sync_of(anna).learn_marks()
    assert codes(wire.sent, f.GetCursors) == 1
    assert (await _states(conversation))[-1] is State.DELIVERED
    await sync_of(anna).learn_marks()
    assert codes(wire.sent, f.GetCursors) == 1
