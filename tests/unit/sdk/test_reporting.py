"""Reporting by the SDK: what is disclosed, and what is not even tried."""

import msgspec
import pytest

from cast import Town, texts
from crooked import Crooked, alter_envelopes
from plausch.base.ids import MessageId
from plausch.sdk import Client, Conversation, Reason, SdkError, ServerRefused
from plausch.server.store import report
from plausch.server.store.report import Disclosed, ReportRow
from plausch.wire import frames as f
from plausch.wire.reports import MOST_REPORTED, NOTE_CHARACTERS, REASONS
from unit.sdk.talks import anna_and_cem


async def reports(town: Town) -> list[ReportRow]:
    database = town.server._database
    assert database is not None
    return await database.read(lambda tx: report.of_state(tx, closed=False))


async def disclosed(town: Town, number: int) -> list[Disclosed]:
    database = town.server._database
    assert database is not None
    return await database.read(lambda tx: report.disclosed_in(tx, number))


async def said(anna: Client, theirs: Conversation, *words: str) -> list[MessageId]:
    """Cem says something; the ids of it, once Anna has it."""
    sent = [await theirs.send_text(one) for one in words]
    await texts(anna, len(words))
    return [one.message_id for one in sent]


async def refused_here(conversation: Conversation, ids: list[MessageId], code: str) -> None:
    with pytest.raises(SdkError) as caught:
        await conversation.report(ids, Reason.SPAM)
    assert caught.value.code == code


def test_the_reasons_are_those_of_the_wire() -> None:
    assert tuple(one.value for one in Reason) == REASONS


async def test_the_server_takes_what_was_really_said(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id.hex())
    ids = await said(anna, theirs, "Buy now!", "Buy more!", "and this not")
    assert await conversation.report(ids[:2], Reason.SPAM, "every day") == 2
    (row,) = await reports(town)
    assert (row.reporter, row.reported, row.reason, row.note) == (
        "anna",
        "cem",
        "spam",
        "every day",
    )
    messages = await disclosed(town, row.number)
    assert [one.sender for one in messages] == [cem.device.uri] * 2
    assert [b"Buy now!" in one.content for one in messages] == [True, False]
    assert not any(b"and this not" in one.content for one in messages)


async def test_all_versions_are_disclosed(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id.hex())
    (identifier,) = await said(anna, theirs, "a threat")
    await (await theirs.edit(identifier, "nothing at all")).accepted()
    await (await theirs.react(identifier, "\U0001f600")).accepted()
    await anna.synchronize()
    assert await conversation.report([identifier, identifier], Reason.ABUSE) == 2
    (row,) = await reports(town)
    first, second = await disclosed(town, row.number)
    assert b"a threat" in first.content
    assert b"nothing at all" in second.content


async def test_nobody_edits_a_message_until_it_cannot_be_reported(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id.hex())
    threat, other = await said(anna, theirs, "a threat", "another")
    for number in range(1, MOST_REPORTED + 1):
        await (await theirs.edit(threat, f"version {number}.")).accepted()
    await anna.synchronize()
    assert await conversation.report([threat], Reason.ABUSE) == MOST_REPORTED
    (row,) = await reports(town)
    first, second, *_, last = await disclosed(town, row.number)
    assert b"a threat" in first.content
    assert b"version 2." in second.content
    assert f"version {MOST_REPORTED}.".encode() in last.content
    assert await conversation.report([threat, other], Reason.ABUSE) == MOST_REPORTED // 2 + 1
    more = await said(anna, theirs, *(f"more {number}" for number in range(MOST_REPORTED - 1)))
    assert await conversation.report([threat, *more], Reason.ABUSE) == MOST_REPORTED


async def test_what_was_deleted_for_everyone_can_be_reported(town: Town, wire: Crooked) -> None:
    """Who takes a threat back has made it all the same."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id.hex())
    (identifier,) = await said(anna, theirs, "a threat")
    await (await theirs.delete(identifier)).accepted()
    await anna.synchronize()
    assert await conversation.report([identifier], Reason.ABUSE) == 1


async def test_only_messages_of_one_other_account_here_are_reported(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id.hex())
    (identifier,) = await said(anna, theirs, "hello")
    own = (await conversation.send_text("mine")).message_id
    await refused_here(conversation, [own], "own_message")
    await refused_here(conversation, [], "empty")
    await refused_here(conversation, [MessageId(bytes(32))], "sdk")
    ben = await town.person("ben")
    group = await ben.create_group("Club", ["anna@localhost"])
    (other,) = await said(anna, group, "hello")
    await refused_here(conversation, [identifier, other], "sdk")
    with pytest.raises(SdkError, match="at most"):
        await conversation.report([identifier], Reason.OTHER, "x" * (NOTE_CHARACTERS + 1))
    assert await reports(town) == []


async def test_several_senders_are_several_reports(town: Town, wire: Crooked) -> None:
    anna = await town.person("anna", url=wire.url)
    cem, ben = await town.people("cem", "ben")
    group = await cem.create_group("Club", ["anna@localhost", "ben@localhost"])
    first = (await group.send_text("one")).message_id
    await texts(ben, 1)
    second = (await ben.conversation(group.id.hex()).send_text("two")).message_id
    await texts(anna, 2)
    mine = anna.conversation(group.id.hex())
    await refused_here(mine, [first, second], "several_senders")
    for one in (first, second):
        await mine.report([one], Reason.OTHER)
    assert [row.reported for row in await reports(town)] == ["cem", "ben"]


async def test_too_many_are_not_cut_in_silence(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    theirs = cem.conversation(conversation.id.hex())
    ids = await said(anna, theirs, *(str(number) for number in range(MOST_REPORTED + 1)))
    await refused_here(conversation, ids, "too_many")
    assert await conversation.report(ids[1:], Reason.SPAM) == MOST_REPORTED


async def test_a_stamp_that_was_exchanged_is_refused_when_it_is_reported(
    town: Town, wire: Crooked
) -> None:
    """By whoever stands between: the server itself could as well take no reports at all."""
    anna, cem, conversation = await anna_and_cem(town, wire)

    def exchange(envelopes: list[f.Envelope]) -> list[f.Envelope]:
        return [msgspec.structs.replace(one, stamp=bytes(32)) for one in envelopes]

    wire.to_device = lambda frame: alter_envelopes(frame, exchange)
    ids = await said(anna, cem.conversation(conversation.id.hex()), "hello")
    with pytest.raises(ServerRefused) as caught:
        await conversation.report(ids, Reason.SPAM)
    assert caught.value.code == "not_genuine"


async def test_without_a_stamp_it_is_said_at_once(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)

    def strip(envelopes: list[f.Envelope]) -> list[f.Envelope]:
        return [msgspec.structs.replace(one, stamp=b"") for one in envelopes]

    wire.to_device = lambda frame: alter_envelopes(frame, strip)
    ids = await said(anna, cem.conversation(conversation.id.hex()), "hello")
    await refused_here(conversation, ids, "no_stamp")
    assert not any(isinstance(frame, f.Report) for frame in wire.sent)


async def test_an_answer_that_was_lost_is_asked_for_again(town: Town, wire: Crooked) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    ids = await said(anna, cem.conversation(conversation.id.hex()), "hello")
    lost: list[f.Report] = []

    def cut(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.Report):
            lost.append(frame)
        return [frame]

    def lose(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if len(lost) == 1 and isinstance(frame, f.Done) and frame.id == lost[0].id:
            wire.cut()
            return []
        return [frame]

    wire.to_server, wire.to_device = cut, lose
    assert await conversation.report(ids, Reason.SPAM) == 1
    assert len(lost) == 2
    assert lost[0].idempotency_id == lost[1].idempotency_id
    assert len(await reports(town)) == 1


async def test_what_was_stamped_before_the_server_restarted_is_genuine(town: Town) -> None:
    """The key is the database's: it outlives every process."""
    anna, cem = await town.people("anna", "cem")
    theirs = await cem.conversation_with("anna@localhost")
    ids = await said(anna, theirs, "Buy now!")
    await town.shut()
    await town.open()
    await anna.synchronize()
    (conversation,) = anna.conversations()
    assert await conversation.report(ids, Reason.SPAM) == 1
