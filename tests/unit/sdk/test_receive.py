"""What a decrypted message means, told and kept; and what hostile members may write."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import PATIENCE_S, Town, expected, history, settled, texts
from crooked import Crooked
from plausch.base.errors import RemoteError
from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress, MessageId
from plausch.content.conversation import CONVERSATION_TYPE, title_message
from plausch.content.fork import EpochMark, with_mark
from plausch.content.message_id import message_id
from plausch.content.mimi import (
    ROOM_URI,
    SALT_BYTES,
    SENDER_URI,
    Disposition,
    Expiration,
    MimiContent,
    NullPart,
    SinglePart,
)
from plausch.content.status import STATUS_TYPE, Status, status_message
from plausch.content.text import text_message
from plausch.sdk import (
    Client,
    ForkSuspected,
    MessageReceived,
    ProblemFound,
    State,
    StatusChanged,
    TitleChanged,
)
from plausch.sdk.composing import new_salt
from plausch.sdk.conversation import Conversation
from plausch.sdk.core import Live
from plausch.sdk.receive import (
    Opened,
    Outcome,
    envelope_hash,
    ordinal_ms,
    own_came_back,
    take_content,
)
from plausch.sdk.vault.conversations import KeptConversation
from plausch.wire import frames as f
from plausch.wire.franking import MARK_BYTES, STAMP_BYTES, frank
from unit.sdk.talks import anna_and_cem, core_of, live_of, say_raw

LONG_AGO_MS = 1_000
UNKNOWN_EPOCH = 999
"""Of which no branch is known, so that no mark looks like a fork."""

STAMP = bytes(range(STAMP_BYTES))


def text(words: str) -> MimiContent:
    return text_message(words, salt=new_salt())


def opened(client: Client, content: MimiContent | bytes, sender: AccountAddress) -> Opened:
    raw = content if isinstance(content, bytes) else content.encode()
    beside = bytes(MARK_BYTES) + frank(raw[2:][:SALT_BYTES], raw)
    return Opened(DeviceAddress(sender, "0123456789abcdef"), UNKNOWN_EPOCH, raw, beside)


def envelope(seq: int, sender: AccountAddress, at_ms: int = LONG_AGO_MS) -> f.Envelope:
    device = DeviceAddress(sender, "0123456789abcdef")
    return f.Envelope(seq, 1, f.APPLICATION, at_ms, device.uri, b"", STAMP)


async def take(
    client: Client,
    conversation: Conversation,
    content: MimiContent | bytes,
    sender: AccountAddress,
    *,
    outcome: Outcome | None = None,
    at_ms: int = LONG_AGO_MS,
) -> Outcome:
    """What would follow, nothing written."""
    outcome = outcome or Outcome()
    live = live_of(client, conversation)
    one = envelope(live.kept.cursor + 1, sender, at_ms)
    await take_content(core_of(client), live, one, opened(client, content, sender), outcome)
    return outcome


async def mine(anna: Client, conversation: Conversation) -> MessageId:
    (first,) = await conversation.history()
    assert first.outgoing
    return first.message_id


# --- messages of others ----------------------------------------------------------------------


async def test_a_message_is_written_and_told_once(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    content = text("hello Anna")
    outcome = await take(anna, conversation, content, cem.address)
    (event,) = outcome.events
    assert isinstance(event, MessageReceived)
    assert (event.message.text, event.message.sender) == ("hello Anna", cem.address)
    assert event.message.state is State.RECEIVED
    with pytest.raises(RemoteError, match="came a second time"):
        await take(anna, conversation, content, cem.address, outcome=outcome)
    assert (len(outcome.writes), len(outcome.events)) == (1, 1), "twice in one stretch"
    await core_of(anna).vault.write(outcome.writes)
    with pytest.raises(RemoteError, match="came a second time"):
        await take(anna, conversation, content, cem.address)


async def test_the_same_words_of_two_people_are_two_messages(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    content = text("me too")
    outcome = await take(anna, conversation, content, cem.address)
    await take(anna, conversation, content, AccountAddress("ben", "localhost"), outcome=outcome)
    assert len(outcome.seen) == 2


async def test_what_another_device_of_ours_wrote_is_outgoing_and_sent(
    town: Town, wire: Crooked
) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    outcome = await take(anna, conversation, text("from the tablet"), anna.address)
    (event,) = outcome.events
    assert isinstance(event, MessageReceived)
    assert (event.message.outgoing, event.message.state) == (True, State.SENT)
    await core_of(anna).vault.write(outcome.writes)
    assert await core_of(anna).messages.unhandled(5) == [], "nobody has to answer oneself"


async def test_an_empty_message_does_nothing(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    nothing = MimiContent(salt=new_salt(), part=NullPart())
    outcome = await take(anna, conversation, nothing, cem.address)
    assert (outcome.writes, outcome.events, outcome.seen) == ([], [], set())


@pytest.mark.parametrize("junk", [b"", b"\xff", b"hello", b"\x80", b"\x9f" * 100])
async def test_junk_in_a_true_envelope_is_noted_and_the_log_goes_on(
    town: Town, wire: Crooked, junk: bytes
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    events = anna.events()
    answer = await say_raw(cem, conversation.id, junk)
    assert (await expected(events, ProblemFound)).conversation_id == conversation.id
    await cem.conversation(conversation.id).send_text("and on")
    assert await texts(anna, 1) == ["and on"]
    (problem,) = await core_of(anna).problems.all()
    assert problem.seq == answer.seq


async def test_a_title_that_is_none_is_refused_whole(town: Town, wire: Crooked) -> None:
    """It is neither shown nor kept: a consumer of changes would stumble over it."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    for title in (b"\xff", b"\xa1\x65title\x61\x0a"):
        part = SinglePart(content_type=CONVERSATION_TYPE, content=title)
        outcome = Outcome()
        with pytest.raises(RemoteError, match=r"title|CBOR|bytes"):
            await take(
                anna,
                conversation,
                MimiContent(salt=new_salt(), part=part),
                cem.address,
                outcome=outcome,
            )
        assert (outcome.writes, outcome.events) == ([], [])
    assert conversation.title == str(cem.address)


async def test_a_title_is_told_with_who_gave_it(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    outcome = await take(anna, conversation, title_message("Us", salt=new_salt()), cem.address)
    assert outcome.events == [TitleChanged(conversation.id, "Us", cem.address)]
    assert live_of(anna, conversation).kept.title == "Us"


async def test_a_false_origin_inside_a_message_is_refused(town: Town, wire: Crooked) -> None:
    """A message that says of itself that Anna wrote it, in Cem's envelope."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    for key, value in (
        (SENDER_URI, anna.address.uri),
        (ROOM_URI, "mimi://localhost/r/" + "0" * 32),
    ):
        content = replace(text("I owe Cem 50 euros"), extensions={key: value})
        with pytest.raises(RemoteError, match="says"):
            await take(anna, conversation, content, cem.address)


# --- expiry and order ------------------------------------------------------------------------


async def test_a_fixed_end_is_kept_and_one_after_reading_begins_with_reading(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    core = core_of(anna)
    fixed = replace(text("until noon"), expires=Expiration(relative=False, time_s=4_000_000_000))
    after = replace(text("for an hour"), expires=Expiration(relative=True, time_s=3600))
    ends = []
    for content in (fixed, after):
        outcome = await take(anna, conversation, content, cem.address)
        await core.vault.write(outcome.writes)
        (identifier,) = outcome.seen
        row = await core.messages.get(identifier)
        assert row is not None
        ends.append(row.expires_at_ms)
    assert ends == [4_000_000_000_000, None]


@given(st.lists(st.integers(min_value=0, max_value=2**53 - 1), min_size=1))
def test_the_time_of_a_log_never_runs_backwards(times: list[int]) -> None:
    """Whatever clock the server shows, the order of the history is the order of the log."""
    kept = KeptConversation(ConversationId(b"r" * 16), "open", False, "", ())
    live = Live(kept)
    seen = [ordinal_ms(live, one) for one in times]
    assert seen == sorted(seen)
    assert seen[-1] == kept.ordinal_ms == max(times)


async def test_a_server_whose_clock_jumps_back_does_not_reorder_a_history(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    later = live_of(anna, conversation).kept.ordinal_ms + 10**9
    for words, at_ms in (("one", later), ("two", 5), ("three", later - 1)):
        outcome = await take(anna, conversation, text(words), cem.address, at_ms=at_ms)
        await core_of(anna).vault.write(outcome.writes)
        live_of(anna, conversation).kept.cursor += 1
    assert await history(conversation) == ["hello", "one", "two", "three"]


# --- forks -----------------------------------------------------------------------------------


async def test_a_mark_of_another_branch_is_a_fork_and_an_unknown_epoch_is_none(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    live = live_of(anna, conversation)
    (epoch,) = set(live.authenticators) & {live.kept.epoch}
    honest = EpochMark.of(epoch, live.authenticators[epoch])
    elsewhere = EpochMark(epoch, b"\x00" * 16)
    unknown = EpochMark(epoch + 100, b"\x00" * 16)
    for mark, forked in ((honest, False), (elsewhere, True), (unknown, False)):
        outcome = await take(anna, conversation, with_mark(text("?"), mark), cem.address)
        assert (ForkSuspected(conversation.id, cem.address) in outcome.events) is forked
        await core_of(anna).vault.write(outcome.writes)
    shown = [one.fork_suspected for one in await conversation.history()]
    assert shown.count(True) == 1


async def test_the_mark_beside_a_ciphertext_counts_too(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    live = live_of(anna, conversation)
    one = replace(opened(anna, text("?"), cem.address), epoch=live.kept.epoch)
    outcome = Outcome()
    await take_content(
        core_of(anna), live, envelope(live.kept.cursor + 1, cem.address), one, outcome
    )
    assert ForkSuspected(conversation.id, cem.address) in outcome.events


# --- what others say of ours -----------------------------------------------------------------


async def test_a_report_changes_the_state_of_ours_once(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    identifier = await mine(anna, conversation)
    read = status_message([(identifier, Status.READ)], salt=new_salt())
    outcome = await take(anna, conversation, read, cem.address)
    assert outcome.events == [StatusChanged(conversation.id, identifier, State.READ)]
    await core_of(anna).vault.write(outcome.writes)
    again = await take(anna, conversation, read, cem.address)
    assert again.events == []
    down = status_message([(identifier, Status.DELIVERED)], salt=new_salt())
    await core_of(anna).vault.write((await take(anna, conversation, down, cem.address)).writes)
    assert (await conversation.history())[0].state is State.READ, "read stays read"


@pytest.mark.parametrize("status", [0, 3, 4, 5, 6, 7, 255])
async def test_other_statuses_say_nothing(town: Town, wire: Crooked, status: int) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    identifier = await mine(anna, conversation)
    report = status_message([(identifier, status)], salt=new_salt())
    outcome = await take(anna, conversation, report, cem.address)
    assert (outcome.writes, outcome.events) == ([], [])


async def test_nobody_reports_for_us_of_theirs_or_of_elsewhere(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    identifier = await mine(anna, conversation)
    theirs = await cem.conversation(conversation.id).send_text("mine")
    await theirs.accepted()
    await settled(anna, cem)
    group = await anna.create_group("Club", ["cem@localhost"])
    told = [
        (identifier, anna.address, conversation),
        (theirs.message_id, cem.address, conversation),
        (MessageId(b"\x01" * 32), cem.address, conversation),
        (identifier, cem.address, group),
    ]
    for about, sender, where in told:
        report = status_message([(about, Status.READ)], salt=new_salt())
        outcome = await take(anna, where, report, sender)
        assert (outcome.writes, outcome.events) == ([], []), about


async def test_a_malformed_report_is_refused(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    part = SinglePart(
        content_type=STATUS_TYPE, content=b"\x81\x01", disposition=Disposition.UNSPECIFIED
    )
    with pytest.raises(RemoteError, match="status"):
        await take(anna, conversation, MimiContent(salt=new_salt(), part=part), cem.address)


# --- ours come back --------------------------------------------------------------------------


async def test_our_own_ciphertext_pays_its_debt_in_its_own_conversation_only(
    town: Town, wire: Crooked
) -> None:
    anna, _, conversation = await anna_and_cem(town, wire)
    core = core_of(anna)
    wire.to_server = lambda frame: [] if isinstance(frame, f.Append) else [frame]
    sent = await conversation.send_text("not answered")
    async with asyncio.timeout(PATIENCE_S):
        while (await core.outbox.first(conversation.id)).payload == b"":  # type: ignore[union-attr]
            await asyncio.sleep(0.005)
    entry = await core.outbox.first(conversation.id)
    assert entry is not None
    live = live_of(anna, conversation)
    ours = f.Envelope(9, entry.epoch, f.APPLICATION, 77, anna.device.uri, entry.payload, b"")
    elsewhere = Live(replace_id(live.kept))
    outcome = Outcome()
    assert not await own_came_back(core, elsewhere, ours, outcome)
    assert outcome == Outcome()
    assert await own_came_back(core, live, ours, outcome)
    assert outcome.paid == [(entry.idempotency_id, 9)]
    assert outcome.events == [StatusChanged(conversation.id, sent.message_id, State.SENT)]
    other = f.Envelope(
        9, entry.epoch, f.APPLICATION, 77, anna.device.uri, entry.payload + b"x", b""
    )
    assert not await own_came_back(core, live, other, outcome)
    await core.vault.write(outcome.writes)
    assert await core.outbox.of(conversation.id) == []
    row = await core.messages.sent_as(envelope_hash(entry.payload))
    assert row is not None
    assert row.seq == 9
    again = Outcome()
    assert await own_came_back(core, live, ours, again)
    assert (again.paid, again.events) == ([], [])


def replace_id(kept: KeptConversation) -> KeptConversation:
    return KeptConversation(ConversationId(b"e" * 16), "open", False, "", kept.members)


async def test_every_message_has_one_name_on_all_devices(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    content = text("hello")
    outcome = await take(anna, conversation, content, cem.address)
    room = core_of(cem).room_uri(conversation.id)
    assert outcome.seen == {message_id(content.encode(), cem.address.uri, room)}
    assert DeviceAddress.parse_uri(cem.device.uri).account == cem.address
