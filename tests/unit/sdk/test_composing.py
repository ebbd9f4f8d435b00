"""Composing: history and outbox are one, and nothing half-said is left behind."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import Town, history, message, texts
from plausch.base.clock import ManualClock
from plausch.base.ids import MessageId
from plausch.content.fork import mark_of
from plausch.content.message_id import message_id
from plausch.content.mimi import MAX_CONTENT_BYTES, Expiration, decode
from plausch.content.status import Status, status_message
from plausch.content.text import text_message
from plausch.db.interface import ConstraintViolated, StorageUnavailable
from plausch.sdk import Client, NotParticipant, SdkError
from plausch.sdk.composing import check_text, compose, demand_participant, new_salt
from plausch.sdk.conversation import Conversation
from plausch.sdk.message import State
from plausch.sdk.vault.conversations import ConversationState
from plausch.sdk.vault.outbox import EntryKind
from plausch.sdk.vault.vault import Write
from unit.sdk.full_disk import nothing_written, refused
from unit.sdk.tunnel import core_of, device_of, into_tunnel, live_of, owed, rows


@pytest.fixture
async def anna(town: Town) -> AsyncIterator[Client]:
    """She knows Cem and Ben, and has no connection."""
    for name in ("cem", "ben"):
        await (await town.register(name)).close()
    client = await into_tunnel(town, "cem", "ben")
    yield client
    await client.close()


@pytest.fixture
async def talk(anna: Client) -> Conversation:
    return await anna.conversation_with("cem@localhost")


async def words_owed(client: Client) -> list[MessageId | None]:
    return [one.message_id for one in await owed(client) if one.kind is EntryKind.MESSAGE]


# --- what may be said ------------------------------------------------------------------------


@given(st.text())
def test_a_text_is_anything_but_nothing(text: str) -> None:
    if text.strip():
        assert check_text(text) == text
    else:
        with pytest.raises(SdkError) as caught:
            check_text(text)
        assert caught.value.code == "empty"


def test_salts_do_not_repeat() -> None:
    salts = {new_salt() for _ in range(200)}
    assert len(salts) == 200
    assert {len(salt) for salt in salts} == {16}


async def test_the_same_words_twice_are_two_messages(talk: Conversation) -> None:
    first, second = await talk.send_text("hello"), await talk.send_text("hello")
    assert first.message_id != second.message_id
    assert await history(talk) == ["hello", "hello"]


async def test_the_largest_content_fits_and_one_byte_more_leaves_no_trace(
    anna: Client, talk: Conversation
) -> None:
    frame = len(await sent_bytes(anna, talk, "x" * 50_000))
    most = MAX_CONTENT_BYTES - (frame - 50_000)
    before = len(await rows(anna))
    with pytest.raises(SdkError) as caught:
        await talk.send_text("x" * (most + 1))
    assert caught.value.code == "too_large"
    assert len(await rows(anna)) == len(await words_owed(anna)) == before
    assert len(await sent_bytes(anna, talk, "x" * most)) == MAX_CONTENT_BYTES


async def sent_bytes(client: Client, conversation: Conversation, text: str) -> bytes:
    sent = await conversation.send_text(text)
    row = await core_of(client).messages.get(sent.message_id)
    assert row is not None
    return row.content


@pytest.mark.parametrize(
    ("state", "reason"), [("left", "has left the conversation"), ("failed", "refused to open")]
)
async def test_nothing_is_said_where_nobody_can_hear_it(
    anna: Client, talk: Conversation, state: ConversationState, reason: str
) -> None:
    before = await owed(anna)
    live_of(talk).kept.state = state
    with pytest.raises(NotParticipant, match=reason):
        await talk.send_text("is anybody there?")
    assert await rows(anna) == []
    assert await owed(anna) == before


@pytest.mark.parametrize("state", ["opening", "open", "broken"])
async def test_what_is_said_before_or_after_a_disturbance_waits(
    talk: Conversation, state: ConversationState
) -> None:
    live_of(talk).kept.state = state
    demand_participant(live_of(talk))
    assert (await talk.send_text("later")).state is State.WAITING


# --- one transaction -------------------------------------------------------------------------


async def test_a_message_is_what_both_tables_say(anna: Client, talk: Conversation) -> None:
    sent = await talk.send_text("hello")
    core = core_of(anna)
    row = await core.messages.get(sent.message_id)
    entry = await core.outbox.for_message(sent.message_id)
    assert row is not None
    assert entry is not None
    assert (row.content, row.seq, row.outgoing, row.handled) == (entry.intent, None, True, True)
    assert (entry.kind, entry.epoch, entry.payload) == (EntryKind.MESSAGE, -1, b"")
    assert message_id(row.content, anna.address.uri, core.room_uri(talk.id)) == sent.message_id


async def test_the_mark_is_of_the_epoch_in_which_it_was_written(
    anna: Client, talk: Conversation
) -> None:
    raw = await sent_bytes(anna, talk, "hello")
    core = core_of(anna)
    async with core.changing(live_of(talk)):
        group = await core.group(live_of(talk))
    assert mark_of(decode(raw)) == core.mark(group)


@pytest.mark.parametrize("table", ["message", "outbox", "conversation"])
async def test_a_message_that_cannot_be_written_was_never_said(
    town: Town, anna: Client, talk: Conversation, table: str
) -> None:
    await talk.send_text("before")
    before = await owed(anna)
    active_at_ms = live_of(talk).kept.active_at_ms
    with refused(town.home("anna"), f"INSERT ON {table}"), pytest.raises(ConstraintViolated):
        await talk.rename("A title")
    assert await owed(anna) == before
    assert await history(talk) == ["before"]
    assert talk.kind == "direct", "the title in memory is gone too"
    assert live_of(talk).kept.active_at_ms == active_at_ms
    await talk.send_text("after")
    assert await history(talk) == ["before", "after"]


async def test_a_full_disk_is_the_callers_to_know(
    town: Town, anna: Client, talk: Conversation
) -> None:
    with nothing_written(town.home("anna")), pytest.raises(StorageUnavailable):
        await talk.send_text("lost")
    assert await words_owed(anna) == []
    await talk.send_text("kept")
    assert await history(talk) == ["kept"]


async def test_an_error_means_that_nothing_was_said(town: Town) -> None:
    """Whoever is told of an error says it again: the first time must not have counted.

    To answer a stranger writes down that he is known now, and that may fail as well.
    """
    anna, cem = await town.people("anna", "cem")
    await (await anna.conversation_with("cem@localhost")).send_text("hello")
    heard = await message(cem)
    assert heard.conversation.request
    with refused(town.home("cem"), "INSERT ON account"), pytest.raises(ConstraintViolated):
        await heard.reply("once")
    await heard.reply("once")
    assert not heard.conversation.request
    await heard.reply("over")
    assert await texts(anna, 2) == ["once", "over"]


@pytest.mark.parametrize("steps", range(12))
async def test_a_cancelled_caller_has_said_all_or_nothing(
    anna: Client, talk: Conversation, steps: int
) -> None:
    saying = asyncio.create_task(talk.send_text("hello"))
    for _ in range(steps):
        await asyncio.sleep(0)
    saying.cancel()
    await asyncio.gather(saying, return_exceptions=True)
    said = [row.message_id for row in await rows(anna)]
    assert said == await words_owed(anna)
    assert len(said) == (0 if steps == 0 else 1)
    assert not live_of(talk).lock.locked()
    await talk.send_text("and on")
    assert (await history(talk))[-1] == "and on"


@pytest.mark.parametrize("steps", range(2, 10, 2))
async def test_what_a_cancelled_caller_said_goes_out_by_itself(town: Town, steps: int) -> None:
    """On this connection, without anything else being said."""
    anna, cem = await town.people("anna", "cem")
    talk = await anna.conversation_with("cem@localhost")
    await (await talk.send_text("hello")).accepted()
    saying = asyncio.create_task(talk.send_text("and on"))
    for _ in range(steps):
        await asyncio.sleep(0)
    saying.cancel()
    await asyncio.gather(saying, return_exceptions=True)
    assert await texts(cem, 2) == ["hello", "and on"]


async def test_what_many_say_at_once_goes_out_in_the_order_of_the_history(
    anna: Client, talk: Conversation
) -> None:
    sent = await asyncio.gather(*(talk.send_text(f"line {number}") for number in range(20)))
    shown = await talk.history()
    assert sorted(one.text for one in shown) == sorted(f"line {number}" for number in range(20))
    assert [one.message_id for one in shown] == await words_owed(anna)
    assert {one.message_id for one in sent} == {one.message_id for one in shown}


# --- what it does to the conversation --------------------------------------------------------


async def test_a_report_is_sent_and_not_shown(town: Town) -> None:
    """Reports are no words: a stranger stays a stranger, the conversation as active as it was."""
    anna, cem = await town.people("anna", "cem")
    await (await anna.conversation_with("cem@localhost")).send_text("hello")
    heard = await message(cem)
    live, device = live_of(heard.conversation), device_of(cem)
    active_at_ms = live.kept.active_at_ms
    report = status_message([(heard.message_id, Status.READ)], salt=new_salt())
    sent = await compose(device.core, device.outbox, live, report)
    assert await device.core.messages.get(sent.message_id) is None
    assert live.kept.request
    assert live.kept.active_at_ms == active_at_ms
    assert not (await cem.contact("anna@localhost")).known
    await sent.accepted()


async def test_a_clock_that_went_back_does_not_put_words_before_others(
    anna: Client, talk: Conversation
) -> None:
    core = core_of(anna)
    clock = ManualClock()
    core.clock = clock
    await talk.send_text("first")
    live_of(talk).kept.ordinal_ms = clock.now_ms()  # as the server's clock would have moved it
    clock.advance(-3_600_000)
    await talk.send_text("second")
    assert await history(talk) == ["first", "second"]
    first, second = await rows(anna)
    assert (first.ordinal_ms, second.ordinal_ms) == (ManualClock().at_ms, ManualClock().at_ms)
    assert second.sent_at_ms == clock.now_ms()
    assert live_of(talk).kept.active_at_ms == ManualClock().at_ms


async def test_ones_own_words_expire_from_when_they_were_written(
    anna: Client, talk: Conversation
) -> None:
    core = core_of(anna)
    clock = ManualClock()
    core.clock = clock
    now_s = clock.now_ms() // 1000
    for expires in (Expiration(relative=True, time_s=60), Expiration(False, now_s + 90), None):
        await talk.send(text_message("gone soon", salt=new_salt(), expires=expires))
    expiries = [row.expires_at_ms for row in await rows(anna)]
    assert expiries == [clock.now_ms() + 60_000, clock.now_ms() + 90_000, None]
    assert len(await talk.history()) == 3
    clock.advance(60_000)
    assert len(await talk.history()) == 2
    clock.advance(30_000)
    assert len(await talk.history()) == 1


async def test_a_title_counts_from_when_it_is_written(anna: Client, talk: Conversation) -> None:
    sent = await talk.rename("Chess club")
    assert (talk.title, talk.kind, talk.peer) == ("Chess club", "group", None)
    assert await words_owed(anna) == [sent.message_id]
    await anna.close()
    again = await Client.open(core_of(anna).vault.home)
    assert again.conversation(talk.id).title == "Chess club"
    await again.close()


async def test_a_change_of_a_change_is_about_the_first_version(
    anna: Client, talk: Conversation
) -> None:
    first = await talk.send_text("For for people")
    second = await talk.edit(first.message_id, "For five people")
    third = await talk.edit(second.message_id, "For four people")
    heart = await talk.react(third.message_id, "❤")
    targets = {row.message_id: row.target for row in await rows(anna)}
    assert targets == {
        first.message_id: None,
        second.message_id: first.message_id,
        third.message_id: first.message_id,
        heart.message_id: first.message_id,
    }
    (shown,) = await talk.history()
    assert (shown.text, list(shown.reactions)) == ("For four people", ["❤"])


async def test_what_goes_with_a_message_is_written_with_it_or_not_at_all(
    town: Town, anna: Client, talk: Conversation
) -> None:
    core, outbox, live = core_of(anna), device_of(anna).outbox, live_of(talk)
    also = [
        Write(
            "INSERT INTO problem (conversation, seq, code, sentence, at_ms) "
            "VALUES (NULL, NULL, $1, $1, 0)",
            ("beside it",),
        )
    ]
    content = text_message("x", salt=new_salt())
    with refused(town.home("anna"), "INSERT ON message"), pytest.raises(ConstraintViolated):
        await compose(core, outbox, live, content, also)
    assert await anna.problems() == []
    await compose(core, outbox, live, content, also)
    assert await anna.problems() == ["beside it"]
    assert await history(talk) == ["x"]
