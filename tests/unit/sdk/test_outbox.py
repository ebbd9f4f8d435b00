"""The outbox and its messages: in order, each exactly once, and no key is used twice."""

import asyncio
from collections.abc import Callable

import pytest

from cast import PATIENCE_S, Town, expected, history, message, settled, state_of, texts
from crooked import Crooked, honest, willing
from plausch.base.errors import PlauschError
from plausch.sdk import (
    Client,
    ConversationBroken,
    IdentityChanged,
    NotParticipant,
    ProblemFound,
    SentMessage,
    ServerRefused,
    State,
    StatusChanged,
    TrustRefused,
    Unreachable,
)
from plausch.sdk.account import make_own
from plausch.sdk.conversation import Conversation
from plausch.sdk.debts import STALE_ATTEMPTS
from plausch.sdk.outbox import Outbox
from plausch.wire import frames as f
from unit.sdk.talks import (
    anna_and_cem,
    codes,
    core_of,
    cut_off,
    eventually,
    forbidding,
    greetings_over,
    live_of,
    withheld,
)

Answer = Callable[[f.Append], f.ServerFrame | None]


async def ready(town: Town, wire: Crooked) -> tuple[Client, Client, Conversation]:
    """Anna and Cem know each other; nothing is on the way, and nothing is remembered as sent."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    await greetings_over(anna, cem)
    wire.sent.clear()
    return anna, cem, conversation


def answering(wire: Crooked, *answers: f.Refused | f.Done | None) -> None:
    """The server's next answers to appends, which it does not carry out; None: it says nothing."""
    left = list(answers)

    def answer(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if not isinstance(frame, f.Append) or not left:
            return [frame]
        said = left.pop(0)
        if isinstance(said, f.Refused):
            wire.push(
                f.Refused(
                    frame.id,
                    said.code,
                    said.sentence,
                    said.fault,
                    said.retry_after_ms,
                    said.epoch,
                    said.head,
                )
            )
        elif said is not None:
            wire.push(f.Done(frame.id))
        return []

    wire.to_server = answer


STORAGE = f.Refused(0, "storage_unavailable", "The disk is full.", "operator")
LIMITED = f.Refused(0, "rate_limited", "Too often.", "local", 1)
STALE = f.Refused(0, "stale_epoch", "Another epoch.", "local", 0, 9, 1)
FOR_GOOD = f.Refused(0, "bad_message", "This is no message.", "local")


async def accepted(*sent: SentMessage) -> list[int]:
    async with asyncio.timeout(PATIENCE_S):
        return [await one.accepted() for one in sent]


async def owed(client: Client, conversation: Conversation) -> int:
    return len(await core_of(client).outbox.of(conversation.id))


def test_an_outbox_that_was_not_wired_says_so() -> None:
    with pytest.raises(AssertionError, match="wired"):
        _ = Outbox(object()).sync  # type: ignore[arg-type]


# --- exactly once ----------------------------------------------------------------------------


async def test_what_is_sent_at_once_arrives_in_the_order_of_the_calls(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await ready(town, wire)
    lines = [f"line {number}" for number in range(15)]
    sent = [await conversation.send_text(line) for line in lines]
    seqs = await accepted(*sent)
    assert seqs == sorted(seqs)
    assert await texts(cem, 15) == lines
    ids = [append.idempotency_id for append in wire.appends()]
    assert len(set(ids)) == len(ids) == 15
    assert await owed(anna, conversation) == 0


async def test_a_key_that_was_used_is_not_in_the_vault_any_more(town: Town, wire: Crooked) -> None:
    """After each message the group is read again, as after a crash: Cem can open all of them."""
    anna, cem, conversation = await ready(town, wire)
    for word in ("one", "two", "three"):
        await accepted(await conversation.send_text(word))
        live_of(anna, conversation).group = None
    assert await texts(cem, 3) == ["one", "two", "three"]
    assert await cem.problems() == []


async def test_a_lost_answer_is_asked_for_with_the_same_bytes(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await ready(town, wire)

    def lose(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Appended):
            # Nothing of the log either: only the same idempotency id can tell.
            wire.to_device = lambda one: (
                [f.Resumed(one.id, [], 0, False)] if isinstance(one, f.Resumed) else [one]
            )
            wire.cut()
            return []
        return withheld(frame, f.Delivery)  # type: ignore[return-value]

    wire.to_device = lose
    sent = await conversation.send_text("once")
    (seq,) = await accepted(sent)
    first, again = wire.appends()
    assert (first.idempotency_id, first.epoch, first.message) == (
        again.idempotency_id,
        again.epoch,
        again.message,
    )
    wire.to_device = honest
    assert (await message(cem)).seq == seq
    await settled(anna, cem)
    assert await history(cem.conversation(conversation.id)) == ["hello", "once"]
    assert await cem.problems() == await anna.problems() == []


async def test_a_message_met_in_the_log_is_not_sent_again(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await ready(town, wire)

    def lose(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Appended):
            wire.to_device = honest
            wire.cut()
            return []
        return withheld(frame, f.Delivery)  # type: ignore[return-value]

    wire.to_device = lose
    sent = await conversation.send_text("once")
    (seq,) = await accepted(sent)
    assert (await message(cem)).seq == seq
    assert len(wire.appends()) == 1
    assert (sent.seq, sent.state) == (seq, State.SENT)
    assert await owed(anna, conversation) == 0


async def test_a_message_of_an_epoch_that_is_over_is_encrypted_anew_under_its_name(
    town: Town, wire: Crooked
) -> None:
    _, cem, conversation = await ready(town, wire)
    await town.person("ben")
    held: list[f.ClientFrame] = []

    def hold(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.Append) and not held:
            held.append(frame)
            return []
        return [frame]

    wire.to_server = hold
    sent = await conversation.send_text("for all of you")
    await eventually(lambda: bool(held))
    await cem.conversation(conversation.id).add("ben@localhost")
    for device in wire.devices:
        device.forward(held[0])
    await accepted(sent)
    first, second = wire.appends()
    assert first.epoch + 1 == second.epoch
    assert first.message != second.message
    heard = await message(cem)
    assert (heard.text, heard.message_id) == ("for all of you", sent.message_id)
    assert await cem.problems() == []


async def test_what_was_written_offline_is_not_encrypted_before_the_log_was_read(
    town: Town, wire: Crooked
) -> None:
    """Ben leaves while Anna writes offline: her words are not encrypted to him."""
    anna = await town.person("anna", url=wire.url)
    cem, ben = await town.people("cem", "ben")
    group = await anna.create_group("Club", ["cem@localhost", "ben@localhost"])
    await group.send_text("hello")
    heard = await message(ben)
    await settled(anna, cem)
    wire.to_device = lambda frame: withheld(frame, f.Delivery, f.Hello)
    await cem.close()
    await heard.conversation.leave()
    epoch = live_of(anna, group).kept.epoch
    wire.sent.clear()
    await cut_off(anna, wire)
    sent = await group.send_text("without Ben")
    await eventually(lambda: group.id not in anna._device.outbox._working)
    entry = await core_of(anna).outbox.first(group.id)
    assert entry is not None
    assert entry.payload == b""
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    wire.cut()
    await accepted(sent)
    assert [append.epoch for append in wire.appends()] == [epoch + 1]
    assert ben.address not in group.participants


# --- refusals --------------------------------------------------------------------------------


async def test_what_may_succeed_later_is_sent_again_and_keeps_its_place(
    town: Town, wire: Crooked
) -> None:
    _, cem, conversation = await ready(town, wire)
    answering(wire, STORAGE, LIMITED, STORAGE)
    sent = [await conversation.send_text(word) for word in ("one", "two")]
    await accepted(*sent)
    assert await texts(cem, 2) == ["one", "two"]
    tries = wire.appends()
    assert len(tries) == 5
    assert len({one.message for one in tries[:4]}) == 1
    assert await cem.problems() == []


async def test_what_is_refused_for_good_has_failed_and_the_next_one_goes(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await ready(town, wire)
    events = anna.events()
    answering(wire, FOR_GOOD)
    bad, good = [await conversation.send_text(word) for word in ("bad", "good")]
    with pytest.raises(ServerRefused, match="This is no message"):
        await bad.accepted()
    assert (bad.state, bad.seq) == (State.FAILED, None)
    await expected(
        events,
        StatusChanged,
        lambda one: (one.message_id, one.state) == (bad.message_id, State.FAILED),
    )
    await accepted(good)
    assert await texts(cem, 1) == ["good"]
    failed = next(one for one in await conversation.history() if one.text == "bad")
    assert (failed.state, failed.failure) == (State.FAILED, "This is no message.")
    assert await owed(anna, conversation) == 0


async def test_a_log_that_holds_nothing_new_is_torn_and_heals_with_the_next_message(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await ready(town, wire)
    answering(wire, *[STALE] * STALE_ATTEMPTS)
    first = await conversation.send_text("one")
    with pytest.raises(ConversationBroken, match="does not deliver"):
        await first.accepted()
    assert len(wire.appends()) == STALE_ATTEMPTS
    assert len({append.message for append in wire.appends()}) == 1
    assert conversation.state == "broken"
    kept = await core_of(anna).conversations.get(conversation.id)
    assert kept is not None
    assert kept.state == "broken"
    second = await conversation.send_text("two")
    await accepted(second)
    assert await texts(cem, 2) == ["one", "two"]
    assert conversation.state == "open", "what the server took shows that the log goes on"


async def test_who_was_removed_meanwhile_learns_it_by_being_refused(
    town: Town, wire: Crooked
) -> None:
    anna = await town.person("anna", url=wire.url)
    cem = await town.person("cem")
    group = await cem.create_group("Club", ["anna@localhost"])
    await group.send_text("hello")
    mine = (await message(anna)).conversation
    await settled(anna, cem)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    await group.remove("anna@localhost")
    sent = [await mine.send_text("am I in?"), await mine.send_text("am I?")]
    for one in sent:
        with pytest.raises((ServerRefused, NotParticipant)):
            await one.accepted()
    assert mine.state == "left"
    assert await owed(anna, mine) == 0
    assert [one.state for one in (await mine.history())[1:]] == [State.FAILED] * 2


# --- what waits for a decision ---------------------------------------------------------------


async def test_everything_of_a_conversation_waits_for_the_decision_and_then_goes(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await ready(town, wire)
    ben = await town.person("ben")
    other = await anna.conversation_with(ben.address)
    await accepted(await other.send_text("hello Ben"))
    core = core_of(anna)
    stranger = make_own("", cem.address, "person", core.now_s())
    assert stranger.identity is not None
    key, listed = stranger.identity.public, stranger.device_list

    def show(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Account) and frame.name == "cem":
            return [f.Account(frame.id, frame.name, frame.kind, key, listed)]
        return [frame]

    wire.to_device = show
    await cut_off(anna, wire)
    sent = [await conversation.send_text(word) for word in ("one", "two")]
    for one in sent:
        with pytest.raises(IdentityChanged):
            await one.accepted()
    assert await owed(anna, conversation) == 2, "nothing is lost"
    await accepted(await other.send_text("others are reached"))
    wire.sent.clear()
    number = await anna.safety_number("cem@localhost")
    await anna.accept_identity("cem@localhost", number)
    events = anna.events()
    refused = await expected(events, ProblemFound)
    assert refused.conversation_id == conversation.id
    assert wire.appends() == [], "his old device is not one of the accepted identity"


async def test_a_rejected_identity_lets_what_waits_go_to_the_key_known_so_far(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await ready(town, wire)
    stranger = make_own("", cem.address, "person", core_of(anna).now_s())
    assert stranger.identity is not None
    key, listed = stranger.identity.public, stranger.device_list
    wire.to_device = lambda frame: (
        [f.Account(frame.id, frame.name, frame.kind, key, listed)]
        if isinstance(frame, f.Account) and frame.name == "cem"
        else [frame]
    )
    await cut_off(anna, wire)
    sent = await conversation.send_text("after the lie")
    with pytest.raises(IdentityChanged):
        await sent.accepted()
    wire.to_device = honest
    await anna.reject_identity("cem@localhost")
    await eventually(lambda: sent.state is State.SENT)
    assert (await anna.contact("cem@localhost")).state == "pinned"
    assert "after the lie" in [one.text for one in await conversation.history()]


async def test_a_server_that_answers_something_else_is_told_and_asked_again(
    town: Town, wire: Crooked
) -> None:
    _, cem, conversation = await ready(town, wire)
    answering(wire, f.Done(1))
    sent = await conversation.send_text("once")
    await accepted(sent)
    assert await texts(cem, 1) == ["once"]
    first, again = wire.appends()
    assert first.message == again.message


async def test_what_is_written_while_a_conversation_is_being_blocked_is_not_forgotten(
    town: Town, wire: Crooked
) -> None:
    """The call comes between the reason being told and the worker's end."""
    anna, _, conversation = await ready(town, wire)
    core, outbox, live = core_of(anna), anna._device.outbox, live_of(anna, conversation)
    answering(wire, *[STALE] * (2 * STALE_ATTEMPTS))
    report = core.report

    async def late(*arguments: object) -> None:
        await report(*arguments)  # type: ignore[arg-type]
        outbox.kick(live)

    core.report = late  # type: ignore[method-assign, assignment]
    with pytest.raises(ConversationBroken):
        await (await conversation.send_text("one")).accepted()
    await eventually(lambda: len(wire.appends()) > STALE_ATTEMPTS)


# --- vault and process -----------------------------------------------------------------------


async def test_nothing_leaves_before_it_is_written(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await ready(town, wire)
    keys = await core_of(anna).conversations.group(conversation.id)
    events = anna.events()
    async with forbidding(anna, "UPDATE OF payload ON outbox"):
        first = await conversation.send_text("one")
        await expected(events, ProblemFound)
    assert wire.appends() == []
    assert await core_of(anna).conversations.group(conversation.id) == keys
    assert first.state is State.WAITING
    second = await conversation.send_text("two")
    await accepted(first, second)
    assert await texts(cem, 2) == ["one", "two"]
    assert await cem.problems() == []


async def test_an_answer_that_cannot_be_noted_is_asked_for_again(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await ready(town, wire)
    wire.to_device = lambda frame: withheld(frame, f.Delivery)
    events = anna.events()
    async with forbidding(anna, "DELETE ON outbox"):
        first = await conversation.send_text("one")
        await expected(events, ProblemFound)
        assert await owed(anna, conversation) == 1
    await accepted(first, await conversation.send_text("two"))
    assert await texts(cem, 2) == ["one", "two"]
    ids = [append.idempotency_id for append in wire.appends()]
    assert len(ids) == 3
    assert len(set(ids)) == 2


async def test_a_message_that_cannot_be_kept_is_refused_to_the_caller(
    town: Town, wire: Crooked
) -> None:
    anna, _, conversation = await ready(town, wire)
    async with forbidding(anna, "INSERT ON outbox"):
        with pytest.raises(PlauschError):
            await conversation.send_text("one")
    assert await history(conversation) == ["hello"]
    assert await owed(anna, conversation) == 0
    assert wire.appends() == []


async def test_closing_tells_who_waits_and_keeps_what_waits(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await ready(town, wire)
    wire.to_server = lambda frame: [] if isinstance(frame, f.Append) else [frame]
    sent = await conversation.send_text("next time")
    await eventually(lambda: codes(wire.sent, f.Append) == 1)
    await anna.close()
    with pytest.raises(Unreachable, match="next time"):
        await sent.accepted()
    wire.to_server = willing
    anna = await town.back("anna")
    assert await texts(cem, 1) == ["next time"]
    back = anna.conversation(conversation.id)
    assert (await state_of(back, State.DELIVERED)).text == "next time"
    assert len({append.message for append in wire.appends()}) == 1


async def test_a_list_that_is_rolled_back_stops_what_is_sent(town: Town, wire: Crooked) -> None:
    """Of our own account too: a device that was taken off it must not be encrypted to."""
    anna, _, conversation = await ready(town, wire)
    other = make_own("", anna.address, "person", core_of(anna).now_s())
    wire.to_device = lambda frame: (
        [f.Account(frame.id, frame.name, frame.kind, frame.identity_key, other.device_list)]
        if isinstance(frame, f.Account) and frame.name == "anna"
        else [frame]
    )
    await cut_off(anna, wire)
    with pytest.raises(TrustRefused, match="cannot be believed"):
        await (await conversation.send_text("to my devices too")).accepted()
    assert wire.appends() == []


async def test_people_are_woken_for_what_was_said_and_for_nothing_else(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await ready(town, wire)
    said = await conversation.send_text("soup")
    await accepted(said)
    await accepted(await conversation.react(said.message_id, "\U0001f44d"))
    await accepted(await conversation.edit(said.message_id, "bread"))
    back = await cem.conversation_with("anna@localhost")
    await (await back.send_text("thanks")).accepted()
    assert await texts(anna, 1) == ["thanks"]
    await conversation.mark_read()
    await eventually(lambda: len(wire.appends()) == 4)
    assert [one.quiet for one in wire.appends()] == [False, True, True, True]
