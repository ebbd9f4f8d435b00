"""What was put aside is kept until the team knows, and a while longer."""

from pathlib import Path

import pytest

from linde import NOW_S, restaurant
from plausch.agent import mishaps
from plausch.agent.book import Book, Place, WaitingReply
from plausch.agent.mishaps import TOLD_AGAIN_S, PutAside, What, label, put_aside, sentence
from plausch.base.ids import ConversationId
from plausch.content import mimi
from plausch.content.team import MAX_LABEL_CHARACTERS, NOTE_ID_BYTES
from plausch.content.text import readable_text
from plausch.db.interface import Transaction
from plausch.domain.house_words import OPENS

ROOM, OTHER = ConversationId(b"r" * 16), ConversationId(b"o" * 16)
HOUSE = restaurant()


async def put(book: Book, seq: int, now_s: int = NOW_S, room: ConversationId = ROOM) -> None:
    await book.put_aside(HOUSE, room, Place(room, seq), now_s)


async def texts(book: Book) -> list[str]:
    found = await book.waiting_replies()
    return [readable_text(mimi.decode(one.content)) for one in found]


async def test_a_message_is_put_aside_once(book: Book) -> None:
    for _ in range(3):
        await put(book, 5)
    (aside,) = await book.untold_mishaps()
    assert (aside.conversation, aside.what, aside.at_s) == (ROOM, "message", NOW_S)
    assert len(aside.identifier) == NOTE_ID_BYTES
    assert len(await texts(book)) == 1
    await book.mishap_told(aside)
    assert await book.untold_mishaps() == []


async def test_what_was_answered_is_not_put_aside(book: Book) -> None:
    await put(book, 5)
    await put(book, 4)
    assert len(await book.untold_mishaps()) == 1


async def test_the_guest_is_told_once_in_a_while_and_each_guest_once(book: Book) -> None:
    for seq in (1, 2, 3):
        await put(book, seq)
    await put(book, 1, room=OTHER)
    assert len(await texts(book)) == 2
    await put(book, 4, NOW_S + TOLD_AGAIN_S)
    assert len(await texts(book)) == 3
    assert len(await book.untold_mishaps()) == 5


async def test_a_reply_that_is_given_up_is_owed_no_longer(book: Book) -> None:
    await put(book, 1)
    (reply,) = await book.waiting_replies()
    await book.give_up(reply, NOW_S)
    assert await book.waiting_replies() == []
    assert {one.what for one in await book.untold_mishaps()} == {"message", "reply"}
    assert isinstance(reply, WaitingReply)


async def test_they_are_forgotten_with_their_conversation_and_in_time(book: Book) -> None:
    await put(book, 1)
    await put(book, 1, room=OTHER)

    async def forget(transaction: Transaction) -> None:
        await mishaps.forget(transaction, ROOM)

    async def forget_old(transaction: Transaction) -> None:
        await mishaps.forget_old(transaction, NOW_S + 1)

    await book.transact(forget)
    assert [one.conversation for one in await book.untold_mishaps()] == [OTHER]
    await book.transact(forget_old)
    assert await book.untold_mishaps() == []


@pytest.mark.parametrize("what", ["message", "notice", "reply"])
def test_the_team_is_told_whose_fault_it_is_and_what_to_do(what: What, tmp_path: Path) -> None:
    aside = PutAside(b"i" * 16, ROOM, what, NOW_S)
    said = sentence(aside, HOUSE)
    assert "ihr Fehler" in said
    assert "Bitte" in said
    assert OPENS not in said
    assert len(label(HOUSE)) <= MAX_LABEL_CHARACTERS


def test_the_same_thing_has_the_same_name() -> None:
    assert put_aside(ROOM, "reply", b"x", 1) == put_aside(ROOM, "reply", b"x", 1)
    names = {
        put_aside(room, what, of, 1).identifier
        for room in (ROOM, OTHER)
        for what in ("reply", "notice")
        for of in (b"x", b"y")
    }
    assert len(names) == 8
