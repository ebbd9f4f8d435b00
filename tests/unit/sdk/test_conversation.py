"""A conversation's own promises: whose messages it changes, what it waits for, what it refuses."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import PATIENCE_S, Town, event, history, message, settled, texts
from crooked import Crooked, willing
from plausch.base.ids import AccountAddress, ConversationId, MessageId, NameRefused
from plausch.content.conversation import MAX_TITLE_CHARACTERS
from plausch.content.mimi import decode
from plausch.content.text import MAX_REACTION_BYTES
from plausch.db.interface import ConstraintViolated
from plausch.sdk import (
    Client,
    ConversationJoined,
    NotParticipant,
    SdkError,
    ServerRefused,
    TrustRefused,
)
from plausch.sdk.conversation import Conversation
from plausch.sdk.membership import Intent
from plausch.sdk.vault.outbox import EntryKind
from plausch.wire import frames as f
from unit.sdk.full_disk import refused
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


@pytest.fixture
async def other(anna: Client) -> Conversation:
    return await anna.conversation_with("ben@localhost")


# --- what it is ------------------------------------------------------------------------------


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_equal_ids_are_equal_conversations(one: bytes, two: bytes) -> None:
    device: object = None  # identity needs none

    def named(raw: bytes) -> Conversation:
        return Conversation(device, ConversationId(raw))  # type: ignore[arg-type]

    assert (named(one) == named(two)) == (one == two)
    assert len({named(one), named(two), named(one)}) == len({one, two})
    assert named(one) != one


async def test_a_direct_conversation_is_called_like_the_other(
    anna: Client, talk: Conversation
) -> None:
    assert (talk.title, talk.kind) == ("cem@localhost", "direct")
    assert talk.peer == AccountAddress("cem", "localhost")
    assert talk.state == "opening"
    assert talk.participants == (anna.address, talk.peer)
    assert talk.members == (anna.device,)
    assert not talk.request
    assert anna.conversation(talk.id) == talk


# --- whose messages it changes ---------------------------------------------------------------


async def test_a_message_is_changed_where_it_was_said(
    anna: Client, talk: Conversation, other: Conversation
) -> None:
    """Ben must not learn of Cem's message, nor may Anna's own history then lie to her."""
    sent = await talk.send_text("for Cem")
    await talk.react(sent.message_id, "❤")
    before = len(await rows(anna))
    with pytest.raises(SdkError, match="no message of ours"):
        await other.edit(sent.message_id, "for Ben")
    with pytest.raises(SdkError, match="no message of ours"):
        await other.delete(sent.message_id)
    with pytest.raises(SdkError, match="no reaction"):
        await other.unreact(sent.message_id, "❤")
    assert len(await rows(anna)) == before
    (shown,) = await talk.history()
    assert (shown.text, shown.edited, list(shown.reactions)) == ("for Cem", False, ["❤"])


async def test_two_that_are_shown_as_one_change_each_others_messages(town: Town) -> None:
    """Both began in tunnels: what was said in the one that is hidden can be mended all the same."""
    for name in ("anna", "cem"):
        await (await town.register(name)).close()
    sent: dict[ConversationId, MessageId] = {}
    for name, other in (("anna", "cem"), ("cem", "anna")):
        async with await Client.open(town.home(name)) as client:
            await client.contact(f"{other}@localhost")
        client = await Client.open(town.home(name))
        begun = await client.conversation_with(f"{other}@localhost")
        sent[begun.id] = (await begun.send_text(f"for for {other}")).message_id
        await client.close()
    anna, cem = await town.back("anna"), await town.back("cem")
    await asyncio.gather(texts(anna, 1), texts(cem, 1))
    shown = await anna.conversation_with("cem@localhost")
    assert shown.id == min(sent)
    await shown.edit(next(iter(sent.values())), "for Cem")
    await settled(anna, cem)
    for client in (anna, cem):
        (only,) = client.conversations()
        assert sorted(await history(only)) == ["for Cem", "for for anna"]


@pytest.mark.parametrize("unknown", [b"", b"short", b"\x01" + b"u" * 31])
async def test_a_message_that_is_not_there_cannot_be_changed(
    anna: Client, talk: Conversation, unknown: bytes
) -> None:
    named = MessageId(unknown)
    for change in (talk.edit(named, "x"), talk.delete(named), talk.unreact(named, "❤")):
        with pytest.raises(SdkError, match="There is no"):
            await change
    assert await rows(anna) == []


async def test_a_reaction_is_no_message_to_edit(talk: Conversation) -> None:
    sent = await talk.send_text("hello")
    heart = await talk.react(sent.message_id, "❤")
    title = await talk.rename("Club")
    for one in (heart, title):
        with pytest.raises(SdkError, match="no message of ours"):
            await talk.edit(one.message_id, "x")


async def test_a_reaction_is_taken_back_once_and_for_all(talk: Conversation) -> None:
    """Pressed twice, it is there twice; who takes it back does not want to press twice again."""
    sent = await talk.send_text("hello")
    for emoji in ("❤", "👍", "❤"):
        await talk.react(sent.message_id, emoji)
    await talk.unreact(sent.message_id, "❤")
    (shown,) = await talk.history()
    assert list(shown.reactions) == ["👍"]
    with pytest.raises(SdkError, match="no reaction"):
        await talk.unreact(sent.message_id, "❤")
    await talk.react(sent.message_id, "❤")
    await talk.unreact(sent.message_id, "❤")
    (shown,) = await talk.history()
    assert list(shown.reactions) == ["👍"]


async def test_what_was_answered_stays_answered_when_edited_or_deleted(
    anna: Client, talk: Conversation
) -> None:
    asked = await talk.send_text("When?")
    answer = await talk.send_text("Att eight", reply_to=asked.message_id)
    changes = [
        await talk.edit(answer.message_id, "At eight"),
        await talk.delete(answer.message_id),
    ]
    contents = {row.message_id: decode(row.content) for row in await rows(anna)}
    assert [contents[one.message_id].in_reply_to for one in changes] == [asked.message_id] * 2


# --- what cannot be said ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty"), (" \n\t", "empty"), ("\ud800", "bad_content"), ("x" * 70_000, "too_large")],
)
async def test_words_that_cannot_travel_are_refused_in_every_call(
    anna: Client, talk: Conversation, text: str, code: str
) -> None:
    sent = await talk.send_text("hello")
    before = len(await owed(anna))
    for call in (talk.send_text(text), talk.edit(sent.message_id, text)):
        with pytest.raises(SdkError) as caught:
            await call
        assert caught.value.code == code
    assert len(await owed(anna)) == before
    assert await history(talk) == ["hello"]


@given(emoji=st.text(max_size=40))
def test_a_reaction_is_a_sign_and_no_speech(emoji: str) -> None:
    """Refused before anything is asked of the device: there is none here."""
    device: object = None
    talk = Conversation(device, ConversationId(b"r" * 16))  # type: ignore[arg-type]
    fits = 0 < len(emoji.encode(errors="surrogatepass")) <= MAX_REACTION_BYTES
    coroutine = talk.react(MessageId(b"m" * 32), emoji)
    with pytest.raises(AttributeError if fits else SdkError):
        coroutine.send(None)


@pytest.mark.parametrize("title", ["", "  ", "two\nlines", "x" * (MAX_TITLE_CHARACTERS + 1)])
async def test_a_title_is_one_line(anna: Client, talk: Conversation, title: str) -> None:
    before = await owed(anna)
    with pytest.raises(SdkError):
        await talk.rename(title)
    assert await owed(anna) == before
    assert talk.title == "cem@localhost"


async def test_a_reply_to_what_is_no_id_is_refused(anna: Client, talk: Conversation) -> None:
    before = await owed(anna)
    with pytest.raises(SdkError, match="32 bytes"):
        await talk.send_text("yes", reply_to=MessageId(b"short"))
    assert await owed(anna) == before


# --- participants ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("anna@localhost", SdkError),
        ("cem@example.org", SdkError),
        ("nobody", NameRefused),
        ("@localhost", NameRefused),
    ],
)
async def test_who_cannot_take_part_is_neither_added_nor_removed(
    anna: Client, talk: Conversation, address: str, error: type[Exception]
) -> None:
    before = await owed(anna)
    for call in (talk.add(address), talk.remove(address)):
        with pytest.raises(error):
            await call
    assert await owed(anna) == before


async def test_who_is_not_in_it_cannot_be_removed(anna: Client, talk: Conversation) -> None:
    before = await owed(anna)
    with pytest.raises(SdkError, match="ben@localhost is not in this conversation"):
        await talk.remove("ben@localhost")
    assert await owed(anna) == before


async def test_a_stranger_cannot_be_added_without_a_connection(
    anna: Client, talk: Conversation
) -> None:
    before = await owed(anna)
    with pytest.raises(Exception, match="no connection"):
        await talk.add("dora@localhost")
    assert await owed(anna) == before


async def test_nobody_of_that_name_is_added(town: Town) -> None:
    anna, _ = await town.people("anna", "cem")
    group = await anna.create_group("Club", ["cem@localhost"])
    with pytest.raises(ServerRefused) as caught:
        await group.add("nobody@localhost")
    assert caught.value.code == "unknown_account"
    await (await group.send_text("and on")).accepted()


async def test_who_is_in_it_already_is_not_added_twice(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    group = await anna.create_group("Club", ["cem@localhost"])
    await group.add(cem.address)
    assert group.participants == (anna.address, cem.address)
    assert len(group.members) == 2
    await (await group.send_text("and on")).accepted()
    assert await texts(cem, 1) == ["and on"]


@pytest.mark.parametrize("steps", range(10))
async def test_a_change_outlives_its_caller(
    town: Town, anna: Client, talk: Conversation, steps: int
) -> None:
    """Cancelled at any moment: the debt is there and will be paid, or there is none."""
    before = len(await owed(anna))
    adding = asyncio.create_task(talk.add("ben@localhost"))
    for _ in range(steps):
        await asyncio.sleep(0)
    adding.cancel()
    await asyncio.gather(adding, return_exceptions=True)
    debts = (await owed(anna))[before:]
    assert len(debts) == (0 if steps == 0 else 1)
    for debt in debts:
        assert debt.kind is EntryKind.CHANGE
        assert Intent.from_bytes(debt.intent) == Intent(add=("mimi://localhost/u/ben",))


async def test_a_change_that_cannot_be_written_is_no_debt(
    town: Town, anna: Client, talk: Conversation
) -> None:
    before = await owed(anna)
    with refused(town.home("anna"), "INSERT ON outbox"):
        for call in (talk.add("ben@localhost"), talk.leave()):
            with pytest.raises(ConstraintViolated):
                await call
    assert await owed(anna) == before
    assert talk.state == "opening"


async def test_an_addition_that_the_caller_did_not_wait_for_is_made(town: Town) -> None:
    """Cancelled while the debt is being written: it goes out on this connection, not the next."""
    anna, cem, ben = await town.people("anna", "cem", "ben")
    group = await anna.create_group("Club", ["cem@localhost"])
    await anna.contact("ben@localhost")
    joined = asyncio.create_task(event(ben, ConversationJoined))
    adding = asyncio.create_task(group.add("ben@localhost"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert (await joined).by == anna.address
    assert cem.address in group.participants


# --- leaving ---------------------------------------------------------------------------------


async def test_leaving_twice_is_leaving(town: Town) -> None:
    anna, _ = await town.people("anna", "cem")
    group = await anna.create_group("Club", ["cem@localhost"])
    await asyncio.gather(group.leave(), group.leave())
    await group.leave()
    assert group.state == "left"
    assert await owed(anna) == []
    for call in (group.send_text("x"), group.add("cem@localhost"), group.remove("cem@localhost")):
        with pytest.raises(NotParticipant, match="has left"):
            await call


async def test_who_leaves_in_a_tunnel_has_left_when_out_of_it(town: Town) -> None:
    """The caller gave up waiting, and asks again: one of the two debts pays for both."""
    anna, cem = await town.register("anna"), await town.person("cem")
    async with anna:
        group = await anna.create_group("Club", ["cem@localhost"])
    anna = await Client.open(town.home("anna"))
    group = anna.conversation(group.id)
    for _ in range(2):
        leaving = asyncio.create_task(group.leave())
        while len(await owed(anna)) == 0:
            await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
    again = asyncio.create_task(group.leave())
    await asyncio.sleep(0)
    await town.connect(anna)
    await asyncio.wait_for(again, PATIENCE_S)
    assert group.state == "left"
    assert cem.conversations()


async def test_a_conversation_that_failed_cannot_be_left(town: Town, wire: Crooked) -> None:
    anna, _ = await town.person("anna", url=wire.url), await town.person("cem")
    refuse(wire, f.CreateConversation, "not_allowed")
    conversation = await anna.conversation_with("cem@localhost")
    with pytest.raises(ServerRefused):
        await conversation.ready()
    wire.to_server = willing
    assert conversation.state == "failed"
    with pytest.raises(NotParticipant):
        await conversation.leave()
    assert conversation.state == "failed"


def refuse(wire: Crooked, kind: type[f.Frame], code: str) -> None:
    """The server refuses every request of a kind for good."""

    def judge(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if not isinstance(frame, kind):
            return [frame]
        for device in wire.devices:
            device.send(f.Refused(frame.id, code, "It must not be.", "remote"))  # type: ignore[attr-defined]
        return []

    wire.to_server = judge


# --- being ready -----------------------------------------------------------------------------


async def test_ready_means_that_everybody_is_in_it(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    await asyncio.gather(conversation.ready(), conversation.ready())
    assert (conversation.state, set(conversation.members)) == ("open", {anna.device, cem.device})
    await conversation.ready()


async def test_ready_waits_for_a_connection_and_no_longer(
    town: Town, anna: Client, talk: Conversation
) -> None:
    waiting = asyncio.create_task(talk.ready())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    async with anna:
        await asyncio.wait_for(waiting, PATIENCE_S)
        assert talk.state == "open"


@pytest.mark.parametrize("kind", [f.CreateConversation, f.AppendCommit])
async def test_what_was_refused_for_good_is_never_ready(
    town: Town, wire: Crooked, kind: type[f.Frame]
) -> None:
    anna, _ = await town.person("anna", url=wire.url), await town.person("cem")
    refuse(wire, kind, "not_allowed")
    conversation = await anna.conversation_with("cem@localhost")
    with pytest.raises(ServerRefused, match="must not be"):
        await conversation.ready()
    with pytest.raises(NotParticipant, match="begin a new one"):
        await conversation.ready()
    wire.to_server = willing
    another = await anna.conversation_with("cem@localhost")
    assert another != conversation
    await another.ready()


async def test_ready_says_what_is_in_the_way_and_goes_on_when_it_is_gone(
    town: Town, wire: Crooked
) -> None:
    anna, cem = await town.person("anna", url=wire.url), await town.person("cem")
    wire.to_device = lambda frame: (
        [f.KeyPackages(frame.id, [])] if isinstance(frame, f.KeyPackages) else [frame]
    )
    conversation = await anna.conversation_with("cem@localhost")
    with pytest.raises(TrustRefused, match="come online once"):
        await conversation.ready()
    wire.to_device = lambda frame: [frame]
    await conversation.ready()
    await conversation.send_text("at last")
    assert await texts(cem, 1) == ["at last"]


# --- requests --------------------------------------------------------------------------------


async def test_accepting_lasts_and_makes_the_sender_known(town: Town) -> None:
    anna, cem = await town.person("anna"), await town.register("cem")
    async with cem:
        await (await anna.conversation_with("cem@localhost")).send_text("hello")
        heard = await message(cem)
        with refused(town.home("cem"), "INSERT ON conversation"), pytest.raises(ConstraintViolated):
            await heard.conversation.accept()
        assert heard.conversation.request, "not accepted as long as it is not written"
        await heard.conversation.accept()
        await heard.conversation.accept()
    async with await Client.open(town.home("cem")) as cem:
        (conversation,) = cem.conversations()
        assert not conversation.request
        assert (await cem.contact("anna@localhost")).known
        assert device_of(cem).directory.merged(live_of(conversation)) == [conversation.id]
        assert core_of(cem).lives[conversation.id].kept.state == "open"
