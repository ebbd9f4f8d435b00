"""The agent on a real device and a real server: answers once, whatever happens in between."""

import logging
from dataclasses import replace

import pytest

from cast import Town, message, settled
from ledger import audit
from plausch.agent.book import Place
from plausch.agent.outgoing import read_status
from plausch.base.ids import ConversationId
from plausch.content import mimi
from plausch.content.cards import BookingCard, Choices, Choose, card_message
from plausch.content.text import markdown_part
from plausch.domain.booking import BookingState
from plausch.domain.profile import Wording
from plausch.sdk import IncomingMessage, Kind, State
from plausch.sdk.composing import new_salt
from service import Caller, House, owe, place_of
from unit.sdk.talks import second_device


def reply(text: str) -> bytes:
    return mimi.MimiContent(salt=new_salt(), part=markdown_part(text, language="de")).encode()


async def test_a_table_by_words(town: Town, house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="plausch.agent")
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        held = await anna.says("Tisch für 4 morgen um 19 Uhr")
        assert held.kind is Kind.CARD
        assert isinstance(held.card, BookingCard)
        assert "Auf welchen Namen" in held.text
        confirmed = await anna.says("Anna Käfer")
        assert "Bestätigt" in confirmed.text
        assert isinstance(confirmed.card, BookingCard)
        assert confirmed.card.state is BookingState.CONFIRMED
    assert audit(house.path, house.restaurant) == 1
    lines = [record.getMessage() for record in caplog.records if record.name == "plausch.agent"]
    assert any(line.startswith(f"booking {confirmed.card.uid} confirmed") for line in lines)
    assert not any("Käfer" in line or "anna" in line for line in lines)


async def test_a_table_by_buttons(town: Town, house: House) -> None:
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        greeting = await anna.says("Hallo")
        assert isinstance(greeting.card, Choices)
        asked = await anna.sends(Choose(greeting.card.options[0].identifier))
        assert isinstance(asked.card, Choices)
        assert asked.card.options[0].identifier == "party:1"


async def test_what_waits_from_last_time_is_sent_first(town: Town, house: House) -> None:
    anna = await Caller.of(await town.person("anna"))
    await anna.conversation.send_text("Hallo")
    incoming = await message(house.client)
    await owe(house, place_of(incoming), reply("first"), reply("second"))
    async with house.at_work():
        assert (await message(anna.client)).text == "first"
        assert (await message(anna.client)).text == "second"
    assert await house.book.waiting_replies() == []


async def test_what_was_sent_before_the_crash_is_not_sent_again(town: Town, house: House) -> None:
    anna = await Caller.of(await town.person("anna"))
    await anna.conversation.send_text("Hallo")
    incoming = await message(house.client)
    said = reply("once")
    await owe(house, place_of(incoming), said)
    mine = house.client.conversation(anna.conversation.id)
    await mine.send(mimi.decode(said))  # and now the process dies, before it tells the book
    await settled(house.client)
    async with house.at_work():
        await anna.conversation.send_text("Hallo")
        while "Zur Linde" not in (await message(anna.client)).text:
            pass
    await settled(house.client, anna.client)
    assert (await anna.heard()).count("once") == 1
    assert await house.book.waiting_replies() == []


async def test_a_message_handed_over_twice_is_answered_once(town: Town, house: House) -> None:
    """The device hands a message again if the process died over it."""
    anna = await Caller.of(await town.person("anna"))
    await anna.conversation.send_text("Tisch für 2 morgen um 19 Uhr")
    incoming: IncomingMessage = await message(house.client)
    for _ in range(3):
        await house.agent._answer(incoming)
    await settled(house.client, anna.client)
    assert len(await anna.heard()) == 1
    assert audit(house.path, house.restaurant) == 1


async def test_messages_that_waited_are_answered_in_order(town: Town, house: House) -> None:
    anna = await Caller.of(await town.person("anna"))
    for text in ("Tisch", "4", "morgen"):
        await anna.conversation.send_text(text)
    await settled(anna.client)
    async with house.at_work():
        texts = [(await message(anna.client)).text for _ in range(3)]
    assert "wie viele" in texts[0]
    assert "An welchem Tag" in texts[1]
    assert "diese Zeiten frei" in texts[2]


async def test_in_a_group_only_cards_are_answered(town: Town, house: House) -> None:
    anna, ben = await town.people("anna", "ben")
    group = await anna.create_group("Dinner", ["ben@localhost", "linde@localhost"])
    async with house.at_work():
        await group.send_text("Wollen wir um 19 Uhr einen Tisch reservieren?")
        await group.send(card_message(Choose("hours"), "…", language="de", salt=new_salt()))
        answer = await message(anna)
        while answer.sender != house.client.address:
            answer = await message(anna)
        assert "Öffnungszeiten" in answer.text
    await settled(house.client, anna, ben)
    said = [one.text for one in await group.history() if one.sender == house.client.address]
    assert len(said) == 1


async def test_reactions_and_status_are_not_answered(town: Town, house: House) -> None:
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        greeting = await anna.says("Hallo")
        await anna.conversation.mark_read()
        await greeting.react("👍")
        await settled(anna.client, house.client)
        await anna.says("Öffnungszeiten")
    assert len(await anna.heard()) == 2


async def test_a_conversation_that_is_gone_stops_nothing(
    town: Town, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await Caller.of(await town.person("anna"))
    await anna.conversation.send_text("Hallo")
    incoming = await message(house.client)
    await owe(house, Place(ConversationId(b"x" * 16), 1), reply("to nobody"))
    await incoming.conversation.leave()
    await owe(house, place_of(incoming), reply("too late"))
    ben = await Caller.of(await town.person("ben"))
    async with house.at_work():
        assert "Zur Linde" in (await ben.says("Hallo")).text
    assert await house.book.waiting_replies() == []
    assert "was given up (not_participant)" in caplog.text


async def test_what_the_book_says_by_itself_goes_out(town: Town, house: House) -> None:
    """A reminder by the clock, while nobody writes; staff's decisions reach the guest too."""
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        await anna.says("Tisch für 2 am Freitag um 19 Uhr")
        await anna.says("Anna Käfer")
        house.clock.advance(4 * 86_400_000)
        reminder = await message(anna.client)
        assert "Zur Erinnerung" in reminder.text
        assert isinstance(reminder.card, Choices)
        thanks = await anna.sends(Choose(reminder.card.options[0].identifier))
        assert "bis dann" in thanks.text


async def test_a_reminder_that_was_sent_before_the_crash_is_not_sent_again(
    town: Town, house: House
) -> None:
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        await anna.says("Tisch für 2 am Freitag um 19 Uhr")
        await anna.says("Anna Käfer")
    house.clock.advance(4 * 86_400_000)
    await house.book.tick(house.restaurant, house.clock.now_ms() // 1000)
    (waiting,) = await house.book.waiting_replies()
    mine = house.client.conversation(anna.conversation.id)
    await mine.send(mimi.decode(waiting.content))  # and now the process dies
    async with house.at_work():
        await anna.says("Öffnungszeiten")
        house.clock.advance(60_000)
        await settled(house.client, anna.client)
    assert sum("Zur Erinnerung" in text for text in await anna.heard()) == 1


async def test_a_message_from_before_is_asked_about(town: Town, house: House) -> None:
    """The agent was away for longer than the business finds decent."""
    anna = await Caller.of(await town.person("anna"))
    await anna.conversation.send_text("Tisch für 2 morgen um 19 Uhr")
    await settled(anna.client)
    sent_at_ms = (await anna.conversation.history(1))[0].sent_at_ms
    house.clock.at_ms = max(house.clock.at_ms, sent_at_ms + 2 * 3_600_000)
    async with house.at_work():
        assert "erst jetzt" in (await message(anna.client)).text
    assert audit(house.path, house.restaurant) == 0


async def test_the_house_speaks_by_itself_once_whatever_dies(town: Town, house: House) -> None:
    """The answer with the away text is in the book, and the process dies before it is sent."""
    house.restaurant = replace(
        house.restaurant, greeting=Wording("Willkommen!", ""), away=Wording("Bis {opens}.", "")
    )
    anna = await Caller.of(await town.person("anna"))
    await anna.conversation.send_text("Hallo")
    incoming = await message(house.client)
    dying = house.agent

    async def dies() -> None:
        raise RuntimeError("killed")

    dying.deliver = dies  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        await dying._answer(incoming)
    async with house.at_work():
        heard = [(await message(anna.client)).text for _ in range(3)]
        await anna.says("Öffnungszeiten")
    assert heard[0] == "Willkommen!"
    assert heard[2] == "Bis Dienstag, den 24. November, um 11:30 Uhr."
    await settled(house.client, anna.client)
    assert len(await anna.heard()) == 4


async def test_what_staff_has_taken_is_left_to_them(town: Town, house: House) -> None:
    """Words are; a card of the agent's is its own, but then the house adds nothing."""
    house.restaurant = replace(house.restaurant, away=Wording("Bis bald.", ""))
    anna = await Caller.of(await town.person("anna"))
    house.people.taken.add(anna.conversation.id)
    async with house.at_work():
        await anna.conversation.send_text("Hallo")
        assert "Öffnungszeiten" in (await anna.sends(Choose("hours"))).text
        house.people.taken.clear()
        await anna.says("Danke")
        assert (await message(anna.client)).text == "Bis bald."
    assert len(await anna.heard()) == 3


async def test_the_agent_steps_back_while_staff_answers_without_having_taken_it(
    town: Town, house: House
) -> None:
    kim = await town.connect(await second_device(town, house.client, "kim"))
    anna = await Caller.of(await town.person("anna"))
    await anna.conversation.send_text("Haben Sie auch Parkplätze?")
    await settled(anna.client, kim)
    by_hand = kim.conversation(anna.conversation.id)
    await (await by_hand.send_text("Ja, im Hof.")).accepted()
    await settled(kim, house.client)
    assert (await message(anna.client)).text == "Ja, im Hof."
    async with house.at_work():
        await anna.conversation.send_text("Und wie viele?")
        assert "Öffnungszeiten" in (await anna.sends(Choose("hours"))).text
    await settled(house.client, anna.client)
    assert [text for text in await anna.heard() if text == "Ja, im Hof."]
    assert len(await anna.heard()) == 2, "the question before was answered by hand, too"


async def test_what_an_agent_before_it_said_was_said_by_nobody_of_the_staff(
    town: Town, house: House
) -> None:
    before = await town.connect(await second_device(town, house.client, "pi"))
    anna = await Caller.of(await town.person("anna"))
    await anna.conversation.send_text("Hallo")
    await settled(anna.client, before)
    await (await before.conversation(anna.conversation.id).send_text("Guten Tag.")).accepted()
    await settled(before, house.client)
    assert (await message(anna.client)).text == "Guten Tag."
    house.people.machines = frozenset({before.device.uri})
    async with house.at_work():
        assert "Zur Linde" in (await message(anna.client)).text


async def test_in_a_group_the_house_says_nothing_by_itself(town: Town, house: House) -> None:
    house.restaurant = replace(house.restaurant, away=Wording("Bis bald.", ""))
    anna, ben = await town.people("anna", "ben")
    group = await anna.create_group("Dinner", ["ben@localhost", "linde@localhost"])
    async with house.at_work():
        await group.send(card_message(Choose("hours"), "…", language="de", salt=new_salt()))
        answer = await message(anna)
        while answer.sender != house.client.address:
            answer = await message(anna)
    await settled(house.client, anna, ben)
    said = [one.text for one in await group.history() if one.sender == house.client.address]
    assert "Bis bald." not in said
    assert len(said) == 1


async def test_what_is_answered_is_read_and_what_is_for_people_waits_for_them(
    town: Town, house: House
) -> None:
    """The guest sees it as read, and so do the team's devices; also after a crash in between."""
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        await anna.says("Kann ich einen Menschen sprechen?")
        await anna.says("Öffnungszeiten?")
    await settled(house.client, anna.client)
    assert await anna.states() == [State.DELIVERED, State.READ]
    await anna.conversation.send_text("Danke")
    incoming = await message(house.client)
    await owe(house, place_of(incoming), read_status(incoming.message_id))
    async with house.at_work():
        await anna.says("Hallo")
    await settled(house.client, anna.client)
    assert (await anna.states())[:3] == [State.DELIVERED, State.READ, State.READ]
