"""Numbers that a server invents move nothing beyond what this device has seen of a log."""

import asyncio
from dataclasses import replace

import pytest

from cast import PATIENCE_S, Town, expected, settled, texts
from crooked import Crooked, honest, moved
from plausch.mls.group import StagedJoin
from plausch.sdk import ProblemFound, State
from plausch.sdk import joining as joining_module
from plausch.sdk.joining import LAST_EPOCH
from plausch.wire import frames as f
from unit.sdk.talks import anna_and_cem, core_of, eventually, greetings_over, live_of, withheld

HUGE = f.MAX_INTEGER


async def test_an_envelope_beyond_the_head_is_ignored(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await greetings_over(anna, cem)

    def lie(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Envelopes) and frame.envelopes:
            wire.to_device = lambda one: withheld(one, f.Delivery)
            last = frame.envelopes[-1]
            envelopes = [*frame.envelopes, moved(last, HUGE)]
            return [f.Envelopes(frame.id, frame.conversation, envelopes, frame.head)]
        return withheld(frame, f.Delivery)  # type: ignore[return-value]

    wire.to_device = lie
    events = anna.events()
    seq = await (await cem.conversation(conversation.id).send_text("one")).accepted()
    await anna.synchronize()
    assert await texts(anna, 1) == ["one"]
    assert live_of(anna, conversation).kept.cursor == seq
    assert (await expected(events, ProblemFound)).code == "beyond_log"


async def test_a_log_that_was_said_to_be_longer_is_read_again(town: Town, wire: Crooked) -> None:
    """The server lies about envelope and head alike; once it is honest, nothing is missing."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    await greetings_over(anna, cem)

    def lie(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Envelopes) and frame.envelopes:
            far = [moved(one, HUGE) for one in frame.envelopes]
            return [f.Envelopes(frame.id, frame.conversation, far, HUGE)]
        return withheld(frame, f.Delivery)  # type: ignore[return-value]

    wire.to_device = lie
    theirs = cem.conversation(conversation.id)
    await (await theirs.send_text("one")).accepted()
    await anna.synchronize()
    assert live_of(anna, conversation).kept.cursor == HUGE
    wire.to_device = honest
    seq = await (await theirs.send_text("two")).accepted()
    wire.cut()
    await anna.synchronize()
    assert await texts(anna, 2) == ["one", "two"]
    assert live_of(anna, conversation).kept.cursor == seq
    assert any("read again from its beginning" in one for one in await anna.problems())
    await (await conversation.send_text("three")).accepted()
    assert await texts(cem, 1) == ["three"]


async def test_a_log_that_is_ever_shorter_ends_the_reading(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await greetings_over(anna, cem)
    wire.to_device = lambda frame: (
        [f.Envelopes(frame.id, frame.conversation, [], 0)]
        if isinstance(frame, f.Envelopes)
        else withheld(frame, f.Delivery)
    )
    await (await cem.conversation(conversation.id).send_text("one")).accepted()
    async with asyncio.timeout(PATIENCE_S):
        await anna.synchronize()
    assert live_of(anna, conversation).kept.cursor == 0


@pytest.mark.parametrize("field", ["seq", "item"])
async def test_a_welcome_with_an_invented_number_hides_nothing(
    town: Town, wire: Crooked, field: str
) -> None:
    anna = await town.person("anna", url=wire.url)
    cem, ben = await town.people("cem", "ben")

    def lie(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Mailbox) and frame.items:
            wire.to_device = honest
            return [f.Mailbox(frame.id, [_numbered(one, field) for one in frame.items])]
        return [frame]

    wire.to_device = lie
    await (await cem.conversation_with("anna@localhost")).send_text("from Cem")
    assert await texts(anna, 1) == ["from Cem"]
    wire.to_device = lambda frame: withheld(frame, f.MailboxMoved)
    await (await (await ben.conversation_with("anna@localhost")).send_text("from Ben")).accepted()
    wire.to_device = honest
    wire.cut()
    assert await texts(anna, 1) == ["from Ben"]
    await settled(cem, ben, anna)
    assert core_of(anna).own.mailbox < HUGE


def _numbered(item: f.MailboxItem, field: str) -> f.MailboxItem:
    return f.MailboxItem(
        HUGE if field == "item" else item.item,
        item.conversation,
        HUGE if field == "seq" else item.seq,
        item.accepted_at_ms,
        item.sender,
        item.welcome,
    )


async def test_a_mark_says_nothing_of_what_is_still_to_be_said(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await settled(anna, cem)
    wire.push(f.CursorMoved(conversation.id, cem.device.uri, HUGE))
    reached = core_of(anna).marks.reached
    wire.to_device = lambda frame: withheld(frame, f.CursorMoved)
    await anna.synchronize()
    sent = await conversation.send_text("one")
    assert (await reached(conversation.id))[cem.address.uri] < await sent.accepted()
    assert (await conversation.history())[-1].state is State.SENT


@pytest.mark.parametrize("epoch", [LAST_EPOCH + 1, 2**63, 2**64 - 1])
async def test_an_epoch_that_no_conversation_reaches_is_refused(
    town: Town, wire: Crooked, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    """A hostile member's Welcome may say any epoch; what SQLite cannot count is never written."""
    anna = await town.person("anna", url=wire.url)
    cem = await town.person("cem")
    real = joining_module.join

    def far(*arguments: object, **keywords: object) -> StagedJoin:
        staged = real(*arguments, **keywords)  # type: ignore[arg-type]
        return replace(staged, context=replace(staged.context, epoch=epoch))

    monkeypatch.setattr(joining_module, "join", far)
    events = anna.events()
    await (await cem.conversation_with("anna@localhost")).send_text("hello")
    assert (await expected(events, ProblemFound)).code == "welcome_epoch"
    await eventually(lambda: core_of(anna).own.mailbox > 0)
    assert anna.conversations() == []
    assert anna.online
