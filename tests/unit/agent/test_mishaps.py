"""What was put aside is kept until the team knows, and a while longer."""

from dataclasses import replace
from pathlib import Path

import pytest

from linde import NOW_S, restaurant
from plausch.agent import mishaps
from plausch.agent.book import Book, Place, Response, WaitingReply
from plausch.agent.desk import Desk
from plausch.agent.mishaps import TOLD_AGAIN_S, PutAside, What, label, put_aside, sentence
from plausch.agent.talk import Talk
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


async def keep_talk(book: Book, talk: Talk) -> None:
    await book.at_desk(HOUSE, NOW_S, lambda desk: desk.save_talk(ROOM, talk))


async def talk_of(book: Book) -> Talk:
    return await book.at_desk(HOUSE, NOW_S, lambda desk: desk.talk(ROOM))


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


async def test_a_guest_whose_reminder_broke_is_told_of_a_message_that_breaks(book: Book) -> None:
    """Of a notice that was not written a guest knows nothing, and neither is it in a row."""
    await keep_talk(book, Talk(name="Anna"))
    aside = put_aside(ROOM, "notice", b"uid", NOW_S - 600)
    await book.transact(lambda transaction: mishaps.note(transaction, aside))
    await put(book, 1)
    assert len(await texts(book)) == 1
    assert (await talk_of(book)).name == "Anna"


async def test_only_messages_in_a_row_begin_the_talk_anew(book: Book) -> None:
    async def respond(talk: Talk, desk: Desk) -> Response:
        return Response(talk)

    await keep_talk(book, Talk(name="Anna"))
    await put(book, 1)
    await book.answer(HOUSE, ROOM, Place(ROOM, 2), NOW_S, respond)
    await put(book, 3)
    assert (await talk_of(book)).name == "Anna"
    await put(book, 4)
    assert (await talk_of(book)).name == ""
    assert len(await texts(book)) == 1


async def test_what_breaks_after_another_message_of_the_guest_breaks_again(book: Book) -> None:
    for seq in (1, 2):
        await put(book, seq, NOW_S + seq)
    await put(book, 3, NOW_S + 2 + TOLD_AGAIN_S)
    await put(book, 1, NOW_S + 3, room=OTHER)
    late = put_aside(ROOM, "notice", b"uid", NOW_S + 4)
    await book.transact(lambda transaction: mishaps.note(transaction, late))
    found = {one.at_s - NOW_S: one.is_again for one in await book.untold_mishaps()}
    assert found == {1: False, 2: True, 3: False, 4: False, 2 + TOLD_AGAIN_S: False}
    for one in await book.untold_mishaps():
        await book.mishap_told(one)
    await put(book, 4, NOW_S + 3 + TOLD_AGAIN_S)
    assert [one.is_again for one in await book.untold_mishaps()] == [True]


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


async def test_a_wish_for_a_person_comes_again_however_late(book: Book) -> None:
    for seq, at_s in ((1, NOW_S), (2, NOW_S + 10 * TOLD_AGAIN_S)):
        wish = put_aside(ROOM, "person", bytes([seq]), at_s)
        await book.transact(lambda transaction, wish=wish: mishaps.note(transaction, wish))  # type: ignore[misc]
    await put(book, 3, NOW_S + 1)
    found = {(one.what, one.at_s - NOW_S): one.is_again for one in await book.untold_mishaps()}
    assert found == {
        ("person", 0): False,
        ("message", 1): False,
        ("person", 10 * TOLD_AGAIN_S): True,
    }
    assert label(HOUSE, "person") != label(HOUSE)


@pytest.mark.parametrize(
    ("language", "words", "mark"),
    [("de", "möchte mit einem Menschen", "Mensch gewünscht"), ("en", "speak to a person", "Wants")],
)
def test_a_wish_for_a_person_is_told_in_the_language_of_the_house(
    language: str, words: str, mark: str
) -> None:
    house = replace(HOUSE, language=language)
    assert words in sentence(PutAside(b"i" * 16, ROOM, "person", NOW_S), house)
    assert mark in label(house, "person")
    assert len(label(house, "person")) <= MAX_LABEL_CHARACTERS
