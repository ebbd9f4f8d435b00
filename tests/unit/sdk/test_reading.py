"""Reading a history in pieces, and telling the others, unless they are strangers."""

import pytest

from cast import Town, history, message, settled
from crooked import Crooked
from plausch.base.errors import PlauschError
from plausch.base.ids import MessageId
from plausch.content.mimi import Expiration
from plausch.content.status import Status, status_message
from plausch.content.text import delete, edit, reaction, text_message
from plausch.sdk import Client, SdkError, State, reading
from plausch.sdk.composing import compose, new_salt
from plausch.sdk.conversation import Conversation
from plausch.sdk.reading import HISTORY_LIMIT, mark_read, read_history
from plausch.wire import frames as f
from unit.sdk.talks import (
    anna_and_cem,
    core_of,
    forbidding,
    greetings_over,
    live_of,
    second_device,
)

NOBODYS = MessageId(b"\x01" * 32)


async def heard(town: Town, wire: Crooked, *lines: str) -> tuple[Client, Client, Conversation]:
    """Cem has said these lines to Anna, who has them all and has read none."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id)
    for line in lines:
        await (await theirs.send_text(line)).accepted()
    await settled(cem, anna)
    wire.sent.clear()
    return anna, cem, conversation


async def anna_twice(town: Town) -> tuple[Client, Client, Client, Conversation]:
    """Anna on two devices, and Cem, to whom she has said hello."""
    anna, cem = await town.people("anna", "cem")
    tablet = await town.connect(await second_device(town, anna, "tablet"))
    await greetings_over(tablet)  # it has key packages, so that it is in from the beginning
    conversation = await anna.conversation_with("cem@localhost")
    await (await conversation.send_text("hello")).accepted()
    await settled(anna, cem, tablet)
    return anna, tablet, cem, conversation


async def read(client: Client, conversation: Conversation, up_to: MessageId | None = None) -> None:
    live = live_of(client, conversation)
    await mark_read(core_of(client), client._device.outbox, live, up_to)
    await settled(client)


async def read_states(client: Client, conversation: Conversation) -> list[State]:
    return [one.state for one in await client.conversation(conversation.id).history()]


# --- histories -------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [-1, 0, HISTORY_LIMIT + 1])
async def test_a_piece_has_one_to_a_thousand_messages(
    town: Town, wire: Crooked, limit: int
) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    with pytest.raises(SdkError, match="pieces of 1 to 1000"):
        await read_history(core_of(anna), [conversation.id], limit, None)


async def test_only_what_is_in_the_vault_can_be_read_before(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    with pytest.raises(SdkError, match="not in the vault"):
        await read_history(core_of(anna), [conversation.id], 10, NOBODYS)


async def test_pieces_from_the_end_make_the_whole(town: Town, wire: Crooked) -> None:
    lines = [f"line {number}" for number in range(7)]
    anna, _, conversation = await heard(town, wire, *lines)
    found: list[str] = []
    before: MessageId | None = None
    while piece := await read_history(core_of(anna), [conversation.id], 3, before):
        found = [one.text for one in piece] + found
        before = piece[0].message_id
    assert found == ["hello", *lines] == await history(conversation)


async def test_what_was_said_about_a_message_is_folded_in_wherever_the_piece_ends(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await heard(town, wire, "one", "two")
    theirs = cem.conversation(conversation.id)
    one = (await theirs.history())[1].message_id
    await theirs.edit(one, "edited")
    await theirs.react(one, "👍")
    await conversation.react(one, "👍")
    await settled(cem, anna, cem)
    (first,) = await read_history(
        core_of(anna), [conversation.id], 1, (await conversation.history())[2].message_id
    )
    assert (first.text, first.edited) == ("edited", True)
    assert set(first.reactions["👍"]) == {anna.address, cem.address}
    await theirs.unreact(one, "👍")
    await settled(cem, anna)
    assert (await conversation.history())[1].reactions == {"👍": (anna.address,)}


async def test_an_author_changes_nothing_from_another_conversation(
    town: Town, wire: Crooked
) -> None:
    """Cem edits for Anna alone what he has said to all: for her as well it stays as it was."""
    anna = await town.person("anna", url=wire.url)
    cem, ben = await town.people("cem", "ben")
    group = await anna.create_group("Club", ["cem@localhost", "ben@localhost"])
    await settled(anna, cem, ben)
    said = await cem.conversation(group.id).send_text("I owe Ben ten")
    await said.accepted()
    alone = await cem.conversation_with("anna@localhost")
    for change in (
        reaction("👍", said.message_id, salt=new_salt()),
        edit("I owe nobody", said.message_id, salt=new_salt(), in_reply_to=None),
        delete(said.message_id, salt=new_salt(), in_reply_to=None),
    ):
        await (await alone.send(change)).accepted()
    await settled(cem, anna, ben)
    for client in (anna, cem, ben):
        (shown,) = await client.conversation(group.id).history()
        assert (shown.text, shown.edited, shown.reactions) == ("I owe Ben ten", False, {})


# --- marking as read -------------------------------------------------------------------------


async def test_reading_is_told_for_what_was_read_and_no_further(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await heard(town, wire, "one", "two", "three")
    await conversation.accept()
    two = (await conversation.history())[2]
    await read(anna, conversation, two.message_id)
    await settled(anna, cem)
    assert await read_states(cem, conversation) == [
        State.RECEIVED,
        State.READ,
        State.READ,
        State.DELIVERED,
    ]
    assert live_of(anna, conversation).kept.read_seq == two.seq
    await read(anna, conversation)
    await settled(anna, cem)
    assert (await read_states(cem, conversation))[3] is State.READ


async def test_reading_never_goes_back_and_is_told_once(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await heard(town, wire, "one", "two")
    await read(anna, conversation)
    after = live_of(anna, conversation).kept.read_seq
    told = len(wire.appends())
    assert told == 1
    one = (await conversation.history())[1].message_id
    await read(anna, conversation, one)
    await read(anna, conversation, NOBODYS)
    assert live_of(anna, conversation).kept.read_seq == after
    assert len(wire.appends()) == told


async def test_a_message_of_ours_that_waits_marks_nothing(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await heard(town, wire, "one")
    wire.to_server = lambda frame: [] if isinstance(frame, f.Append) else [frame]
    waiting = await conversation.send_text("on its way")
    before = live_of(anna, conversation).kept.read_seq
    live = live_of(anna, conversation)
    await mark_read(core_of(anna), anna._device.outbox, live, waiting.message_id)
    assert live_of(anna, conversation).kept.read_seq == before


async def test_a_message_of_another_conversation_marks_nothing(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await heard(town, wire, "one")
    group = await cem.create_group("Club", ["anna@localhost"])
    await group.send_text("in the club")
    await settled(cem, anna)
    (club,) = [one for one in anna.conversations() if one.id == group.id]
    (there,) = [one for one in await club.history() if one.text == "in the club"]
    await read(anna, conversation, there.message_id)
    assert live_of(anna, conversation).kept.read_seq == 0


async def test_many_are_told_in_reports_of_a_bounded_size(
    town: Town, wire: Crooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_STATUSES", 2)
    anna, cem, conversation = await heard(town, wire, *(f"line {one}" for one in range(5)))
    await read(anna, conversation)
    assert len(wire.appends()) == 3
    await settled(anna, cem)
    assert (await read_states(cem, conversation))[1:] == [State.READ] * 5


async def test_a_stranger_learns_nothing_and_what_was_read_is_noted(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    theirs = await cem.conversation_with("anna@localhost")
    await (await theirs.send_text("Buy my watches!")).accepted()
    mine = (await message(anna)).conversation
    assert mine.request
    await read(anna, mine)
    assert live_of(anna, mine).kept.read_seq > 0
    assert await core_of(anna).outbox.of(mine.id) == []
    await settled(anna, cem)
    assert (await theirs.history())[0].state is not State.READ


async def test_after_leaving_reading_is_noted_and_not_told(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await heard(town, wire, "one")
    await conversation.leave()
    await read(anna, conversation)
    assert live_of(anna, conversation).kept.read_seq == live_of(anna, conversation).kept.cursor
    assert await core_of(anna).outbox.of(conversation.id) == []


async def test_what_expires_after_reading_expires_from_the_first_reading(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id)
    hour = Expiration(relative=True, time_s=3600)
    sent = await theirs.send(text_message("burn this", salt=new_salt(), expires=hour))
    await sent.accepted()
    await settled(cem, anna)
    core = core_of(anna)
    row = await core.messages.get(sent.message_id)
    assert row is not None
    assert row.expires_at_ms is None
    before_ms = core.clock.now_ms()
    await read(anna, conversation)
    first = await core.messages.get(sent.message_id)
    assert first is not None
    assert first.expires_at_ms is not None
    assert first.expires_at_ms - 3_600_000 >= before_ms
    live_of(anna, conversation).kept.read_seq = 0
    await read(anna, conversation)
    assert await core.messages.get(sent.message_id) == first
    await core.vault.write([core.messages.expire(first.expires_at_ms)])
    assert await history(conversation) == ["hello"]


async def test_reading_that_is_not_written_is_not_told(town: Town, wire: Crooked) -> None:
    anna, _, conversation = await heard(town, wire, "one")
    async with forbidding(anna, "UPDATE ON conversation"):
        with pytest.raises(PlauschError):
            await read(anna, conversation)
    assert live_of(anna, conversation).kept.read_seq == 0
    assert wire.appends() == []
    await read(anna, conversation)
    assert len(wire.appends()) == 1


async def test_what_another_device_has_read_expires_here_too(town: Town) -> None:
    """Also when both come at once. What somebody else says of it is nothing."""
    anna, tablet, cem, conversation = await anna_twice(town)
    theirs = cem.conversation(conversation.id)
    hour = Expiration(relative=True, time_s=3600)
    first = await theirs.send(text_message("burn this", salt=new_salt(), expires=hour))
    await settled(anna, cem, tablet)
    live = live_of(cem, conversation)
    told = status_message([(first.message_id, Status.READ)], salt=new_salt())
    await compose(core_of(cem), cem._device.outbox, live, told)
    await settled(anna, cem, tablet)
    row = await core_of(tablet).messages.get(first.message_id)
    assert row is not None
    assert row.expires_at_ms is None
    await tablet.close()
    second = await theirs.send(text_message("and this", salt=new_salt(), expires=hour))
    await settled(anna, cem)
    await read(anna, conversation)
    again = await town.connect(await Client.open(town.home("tablet")))
    await settled(anna, again)
    for sent in (first, second):
        row = await core_of(again).messages.get(sent.message_id)
        assert row is not None
        assert row.expires_at_ms is not None


async def test_of_what_another_device_has_read_nothing_is_said_again(town: Town) -> None:
    anna, tablet, cem, conversation = await anna_twice(town)
    theirs = cem.conversation(conversation.id)
    await theirs.send_text("one")
    await settled(anna, cem, tablet)
    await read(anna, conversation)
    await settled(anna, cem, tablet)
    before = live_of(anna, conversation).kept.cursor
    await read(tablet, conversation)
    await settled(anna, cem, tablet)
    assert live_of(anna, conversation).kept.cursor == before
    await theirs.send_text("two")
    await settled(anna, cem, tablet)
    await read(tablet, conversation)
    await settled(anna, cem, tablet)
    assert live_of(anna, conversation).kept.cursor == before + 2
