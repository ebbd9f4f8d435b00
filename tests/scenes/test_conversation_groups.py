"""Anna, Cem, Ben and Olga in a group: coming, going, names, and who commits what."""

import asyncio

import pytest

from cast import PATIENCE_S, Town, expected, history, message, texts, until
from plausch.sdk import (
    AdminsChanged,
    ConversationJoined,
    ConversationLeft,
    NotParticipant,
    ParticipantsChanged,
    SdkError,
    TitleChanged,
)


async def test_everybody_reads_everybody(town: Town) -> None:
    anna, cem, ben = await town.people("anna", "cem", "ben")
    group = await anna.create_group("Chess club", ["cem@localhost", "ben@localhost"])
    assert group.kind == "group"
    assert group.participants == (anna.address, ben.address, cem.address)
    await group.send_text("anna is here")
    for client, name in ((cem, "cem"), (ben, "ben")):
        heard = await message(client)
        assert (heard.text, heard.conversation.title) == ("anna is here", "Chess club")
        await heard.conversation.send_text(f"{name} is here")
    assert sorted(await texts(anna, 2)) == ["ben is here", "cem is here"]
    assert await history(group) == await history(anna.conversation(group.id))
    await until(lambda: len(cem.conversations()) == 1)
    seen = [
        [one.message_id for one in await client.conversation(group.id).history()]
        for client in (anna, cem)
    ]
    await cem.synchronize()
    assert seen[0][:2] == seen[1][:2]


async def test_a_title_travels_to_all(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    group = await anna.create_group("Old name", ["cem@localhost"])
    await group.send_text("hello")
    heard = await message(cem)
    assert heard.conversation.title == "Old name"
    assert heard.conversation.kind == "group"
    events = anna.events()
    await heard.conversation.rename("New name")
    changed = await expected(events, TitleChanged)
    assert (changed.title, changed.by) == ("New name", cem.address)
    assert group.title == "New name"
    with pytest.raises(SdkError):
        await group.rename("two\nlines")


async def test_a_group_is_not_the_direct_conversation(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    group = await anna.create_group("Just us", ["cem@localhost"])
    direct = await anna.conversation_with("cem@localhost")
    assert direct != group
    assert direct.kind == "direct"
    assert direct.peer == cem.address
    await direct.send_text("privately")
    assert (await message(cem)).conversation.kind == "direct"


async def test_a_newcomer_reads_from_then_on(town: Town) -> None:
    anna, cem, ben = await town.people("anna", "cem", "ben")
    group = await anna.create_group("Club", ["cem@localhost"])
    await group.send_text("before")
    await texts(cem, 1)
    joined = ben.events()
    changed = cem.events()
    await group.add("ben@localhost")
    assert (await expected(joined, ConversationJoined)).by == anna.address
    news = await expected(changed, ParticipantsChanged)
    assert (news.joined, news.left, news.by) == ((ben.address,), (), anna.address)
    await group.send_text("after")
    heard = await message(ben)
    assert heard.text == "after"
    assert heard.conversation.title == "Club"
    assert await history(heard.conversation) == ["after"]
    assert heard.conversation.participants == (anna.address, ben.address, cem.address)


async def test_who_is_removed_reads_nothing_more(town: Town) -> None:
    anna, cem, ben = await town.people("anna", "cem", "ben")
    group = await anna.create_group("Club", ["cem@localhost", "ben@localhost"])
    await group.send_text("to all")
    await texts(ben, 1)
    await texts(cem, 1)
    gone = ben.events()
    await group.remove("ben@localhost")
    assert (await expected(gone, ConversationLeft)).by == anna.address
    await group.send_text("without ben")
    assert await texts(cem, 1) == ["without ben"]
    theirs = ben.conversation(group.id)
    assert theirs.state == "left"
    assert await history(theirs) == ["to all"]
    with pytest.raises(NotParticipant, match="has left"):
        await theirs.send_text("am I still here?")
    with pytest.raises(SdkError, match="is not in this conversation"):
        await group.remove("ben@localhost")


async def test_who_was_removed_can_be_added_again(town: Town) -> None:
    anna, ben = await town.people("anna", "ben")
    group = await anna.create_group("Club", ["ben@localhost"])
    await group.send_text("one")
    await texts(ben, 1)
    gone = ben.events()
    await group.remove("ben@localhost")
    await expected(gone, ConversationLeft)
    await group.send_text("not for ben")
    await group.add("ben@localhost")
    await group.send_text("two")
    assert await texts(ben, 1) == ["two"]
    assert await history(ben.conversation(group.id)) == ["one", "two"]


async def test_leaving_is_carried_out_by_the_others(town: Town) -> None:
    anna, cem, ben = await town.people("anna", "cem", "ben")
    group = await anna.create_group("Club", ["cem@localhost", "ben@localhost"])
    await group.send_text("hello")
    heard = await message(ben)
    await texts(cem, 1)
    changes = cem.events()
    await heard.conversation.leave()
    assert heard.conversation.state == "left"
    news = await expected(changes, ParticipantsChanged)
    assert (news.left, news.by) == ((ben.address,), anna.address)
    await group.send_text("bye ben")
    assert await texts(cem, 1) == ["bye ben"]
    assert ben.address not in group.participants
    await heard.conversation.leave()


async def test_nobody_writes_to_who_is_leaving(town: Town) -> None:
    """Ben left while Anna was away: her next message is encrypted without him."""
    cem, ben = await town.people("cem", "ben")
    anna = await town.register("anna")
    async with anna:
        group = await anna.create_group("Club", ["cem@localhost", "ben@localhost"])
        await (await group.send_text("hello")).accepted()
        heard = await message(ben)
        await texts(cem, 1)
    await cem.close()
    await heard.conversation.leave()
    anna = await town.back("anna")
    group = anna.conversation(group.id)
    await (await group.send_text("bye ben")).accepted()
    assert ben.address not in group.participants
    cem = await town.back("cem")
    assert await texts(cem, 1) == ["bye ben"]


async def test_two_commit_at_the_same_moment(town: Town) -> None:
    """One Commit per epoch: who loses the race does it again on top of the other's."""
    anna, cem, *others = await town.people("anna", "cem", "ben", "olga", "jonas", "mia")
    group = await anna.create_group("Club", ["cem@localhost"])
    await group.send_text("hello")
    theirs = (await message(cem)).conversation
    _ben, _olga, _jonas, _mia = others
    news = cem.events()
    await group.make_admin("cem@localhost")
    await expected(news, AdminsChanged)
    async with asyncio.timeout(PATIENCE_S * 2):
        await asyncio.gather(
            group.add("ben@localhost"),
            theirs.add("olga@localhost"),
            group.add("jonas@localhost"),
            theirs.add("mia@localhost"),
        )
    for client in (anna, cem):
        await client.synchronize()
    assert group.participants == theirs.participants
    assert len(group.participants) == 6
    await group.send_text("all here?")
    for client in others:
        assert (await message(client)).text == "all here?"


async def test_a_message_in_the_wrong_epoch_is_sent_again_once(town: Town) -> None:
    """Messages race with Commits; every message arrives once, whatever epoch it was for."""
    anna, cem, _ben, _olga = await town.people("anna", "cem", "ben", "olga")
    group = await anna.create_group("Club", ["cem@localhost"])
    await group.send_text("start")
    theirs = (await message(cem)).conversation

    async def talk() -> None:
        for number in range(20):
            await (await theirs.send_text(f"line {number}")).accepted()

    async def change() -> None:
        for address in ("ben@localhost", "olga@localhost"):
            await group.add(address)
            await group.remove(address)

    async with asyncio.timeout(PATIENCE_S * 3):
        await asyncio.gather(talk(), change())
    assert await texts(anna, 20) == [f"line {number}" for number in range(20)]
    await anna.synchronize()
    assert (await history(group))[1:] == [f"line {number}" for number in range(20)]
    assert await anna.problems() == []


async def test_a_title_is_needed(town: Town) -> None:
    anna, _ = await town.people("anna", "cem")
    with pytest.raises(SdkError, match="title"):
        await anna.create_group("", ["cem@localhost"])
