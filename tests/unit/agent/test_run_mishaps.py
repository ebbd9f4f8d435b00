"""A bug in the agent on a real device: it stops one turn, and people are told."""

import asyncio
from contextlib import suppress

import pytest

from cast import PATIENCE_S, Town, message, settled
from ledger import audit
from plausch.agent import receptionist
from plausch.agent.book import Book
from plausch.agent.mishap import Mishap
from plausch.agent.rows import TableBooking
from plausch.agent.run import PAUSE_S, Agent
from plausch.agent.talk import Talk
from plausch.agent.team_facts import Errand
from plausch.agent.timers import Timers
from plausch.agent.turn import Turn
from service import Caller, House, owe, place_of
from unit.sdk.talks import eventually


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A bug: the receptionist breaks on a word."""
    reached: list[str] = []
    whole = receptionist._hear

    async def hear(turn: Turn) -> None:
        if "Quitte" in turn.heard.text:
            reached.append(turn.heard.text)
            await turn.desk.save_talk(turn.heard.conversation, Talk(name="half done"))
            raise KeyError(turn.heard.text)
        await whole(turn)

    monkeypatch.setattr(receptionist, "_hear", hear)
    return reached


async def test_a_bug_over_one_message_silences_nobody(
    town: Town, house: House, broken: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    anna = await Caller.of(await town.person("anna"))
    ben = await Caller.of(await town.person("ben"))
    async with house.at_work():
        await anna.says("Tisch für 4 morgen um 19 Uhr")
        sorry = await anna.says("Quitte")
        assert "bei uns etwas schiefgegangen" in sorry.text
        assert "antwortet Ihnen" in sorry.text
        assert "Zur Linde" in (await ben.says("Hallo")).text
        confirmed = await anna.says("Anna Käfer")
        assert "Bestätigt" in confirmed.text, "the turn was rolled back, the talk before it was not"
    (errand,) = house.people.asked
    assert errand.conversation == anna.conversation.id
    assert "antworten Sie von Hand" in errand.sentence
    assert broken == ["Quitte"], "it is not tried again"
    assert "was put aside: KeyError at test_run_mishaps.py:" in caplog.text
    assert "Quitte" not in caplog.text
    assert audit(house.path, house.restaurant) == 1


async def test_who_breaks_it_again_and_again_is_told_once_and_begins_anew(
    town: Town, house: House, broken: list[str]
) -> None:
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        await anna.says("Tisch für 4 morgen um 19 Uhr")
        await anna.says("Quitte")
        for _ in range(3):
            await anna.conversation.send_text("Quitte")
        assert "Was darf es sein" in (await anna.says("Hallo")).text
    assert len(broken) == 4
    assert [one.is_again for one in house.people.asked] == [False, True, True, True]
    assert sum("schiefgegangen" in text for text in await anna.heard()) == 1


async def test_a_guest_who_asks_for_a_person_is_an_errand_of_its_own(
    town: Town, house: House
) -> None:
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        await anna.says("Kann ich mit einem Menschen sprechen?")
        await anna.says("Hallo")
        await anna.says("Can I talk to a human?")
    first, second = house.people.asked
    assert first.conversation == anna.conversation.id
    assert "mit einem Menschen sprechen" in first.sentence
    assert {first.label, second.label} == {"Mensch gewünscht"}, "the language of the house"
    assert (first.is_again, second.is_again) == (False, True)


@pytest.mark.parametrize("step", ["put_aside", "deliver", "mishap_told"])
async def test_a_bug_and_a_crash_behind_it_put_the_message_aside_once(
    town: Town, house: House, broken: list[str], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await Caller.of(await town.person("anna"))
    await anna.conversation.send_text("Quitte")
    await anna.conversation.send_text("Hallo")
    await settled(anna.client, house.client)
    killed = asyncio.Event()

    async def dies(*_: object) -> None:
        killed.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(Agent if step == "deliver" else Book, step, dies)
        working = asyncio.ensure_future(house.agent.run())
        async with asyncio.timeout(PATIENCE_S):
            await killed.wait()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    async with house.at_work():
        heard = [(await message(anna.client)).text for _ in range(2)]
    assert "schiefgegangen" in heard[0]
    assert "Zur Linde" in heard[1]
    await settled(house.client, anna.client)
    assert len(await anna.heard()) == 2
    assert len({one.identifier for one in house.people.asked}) == 1


async def test_a_reply_that_cannot_be_sent_is_given_up_and_told(
    town: Town, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    anna = await Caller.of(await town.person("anna"))
    await anna.conversation.send_text("Hallo")
    incoming = await message(house.client)
    await owe(house, place_of(incoming), b"no content at all")
    async with house.at_work():
        assert "Zur Linde" in (await anna.says("Hallo")).text
    (errand,) = house.people.asked
    assert "nicht hinausgegangen" in errand.sentence
    assert "was given up: " in caplog.text
    assert await house.book.waiting_replies() == []


async def test_a_reminder_that_breaks_keeps_no_other_from_going_out(
    town: Town, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await Caller.of(await town.person("anna"))
    ben = await Caller.of(await town.person("ben"))
    whole = Timers.remind

    async def remind(timers: Timers, entry: TableBooking) -> None:
        if entry.booking.under_name == "Anna Käfer":
            raise ZeroDivisionError
        await whole(timers, entry)

    monkeypatch.setattr(Timers, "remind", remind)
    async with house.at_work():
        for one, name in ((anna, "Anna Käfer"), (ben, "Ben Maier")):
            await one.says("Tisch für 2 am Freitag um 19 Uhr")
            await one.says(name)
        house.clock.advance(4 * 86_400_000)
        assert "Zur Erinnerung" in (await message(ben.client)).text
        await eventually(lambda: bool(house.people.asked))
    (errand,) = house.people.asked
    assert errand.conversation == anna.conversation.id
    assert "nicht schreiben, was fällig war" in errand.sentence


async def test_if_nobody_can_be_told_the_guests_are_answered_and_it_is_tried_again(
    town: Town, house: House, broken: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[Errand] = []

    async def ask(errand: Errand) -> None:
        asked.append(errand)
        if len(asked) == 1:
            raise ValueError

    house.people.ask = ask  # type: ignore[method-assign]
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        await anna.says("Quitte")
        assert "Zur Linde" in (await anna.says("Hallo")).text
        assert "nobody was told: ValueError" in caplog.text
        assert len(asked) == len(await house.book.untold_mishaps()) == 1, "not at once"
        house.clock.advance(PAUSE_S * 1000)
        await eventually(lambda: len(asked) == 2)
        assert "Zur Linde" in (await anna.says("Hallo")).text
    assert await house.book.untold_mishaps() == []
    assert asked[0] == asked[1]


async def test_the_clock_itself_may_break_and_guests_are_answered(
    town: Town, house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def tick_apart(*_: object) -> list[Mishap]:
        raise ZeroDivisionError

    monkeypatch.setattr(Book, "tick_apart", tick_apart)
    anna = await Caller.of(await town.person("anna"))
    async with house.at_work():
        await eventually(lambda: "was not done: ZeroDivisionError" in caplog.text)
        assert "Zur Linde" in (await anna.says("Hallo")).text


async def test_things_are_done_apart_at_the_start_and_as_long_as_something_breaks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = house.agent
    done: list[str] = []
    breaks: list[str] = []

    async def tick(*_: object) -> bool:
        done.append("together")
        if "together" in breaks:
            raise ZeroDivisionError
        return False

    async def tick_apart(*_: object) -> list[Mishap]:
        done.append("apart")
        return [Mishap("KeyError", "here")] if "apart" in breaks else []

    monkeypatch.setattr(Book, "tick", tick)
    monkeypatch.setattr(Book, "tick_apart", tick_apart)

    async def after(pause_s: int) -> list[str]:
        done.clear()
        house.clock.advance(pause_s * 1000)
        await agent._tick()
        return list(done)

    assert await after(0) == ["apart"]
    assert await after(0) == ["together"]
    breaks += ["together", "apart"]
    assert await after(2) == ["together", "apart"]
    assert await after(2) == []
    assert await after(PAUSE_S) == ["apart"]
    breaks.clear()
    assert await after(PAUSE_S - 1) == []
    assert await after(1) == ["apart"]
    assert await after(0) == ["together"]
