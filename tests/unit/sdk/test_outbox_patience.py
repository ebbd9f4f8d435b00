"""What the disk does not take is tried again, without anybody asking for it."""

import asyncio

from cast import PATIENCE_S, Town, expected, settled, texts
from crooked import Crooked
from plausch.base.ids import ConversationId
from plausch.sdk import ProblemFound, State
from plausch.sdk.vault.outbox import Entry
from unit.sdk.full_disk import nothing_written
from unit.sdk.talks import anna_and_cem, core_of, greetings_over


async def test_a_message_goes_out_once_the_disk_has_room(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await greetings_over(anna, cem)
    table, turn = core_of(anna).outbox, asyncio.Event()
    first = table.first

    async def first_in_turn(conversation: ConversationId) -> Entry | None:
        await turn.wait()
        return await first(conversation)

    table.first = first_in_turn  # type: ignore[method-assign]
    events = anna.events()
    sent = await conversation.send_text("one")
    with nothing_written(town.home("anna")):
        turn.set()
        assert (await expected(events, ProblemFound)).code == "storage_unavailable"
        assert sent.state is State.WAITING
    await asyncio.wait_for(sent.accepted(), PATIENCE_S)
    assert await texts(cem, 1) == ["one"]


async def test_a_log_is_read_on_once_the_disk_has_room(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await greetings_over(anna, cem)
    events = anna.events()
    with nothing_written(town.home("anna")):
        await (await cem.conversation(conversation.id).send_text("one")).accepted()
        assert (await expected(events, ProblemFound)).code == "storage_unavailable"
    assert await texts(anna, 1) == ["one"]
    await settled(cem, anna)
    assert anna.online
